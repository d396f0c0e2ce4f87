import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { ISOLATION, sendFile, typeOf, within } from '../scripts/lib/serve.mjs';

/** Where the repository lies: the folder above `www`. */
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** Files outside `www` that the page asks for: address -> file. A folder ends in a slash on both sides. */
const MOUNTS: [address: string, file: string][] = [['/pkg/', 'pkg/']];

/** What the build script says about one WebAssembly module. */
export type ModuleState = 'ready' | 'building' | 'failed';

/** The answer of `/status.json`. */
export interface Status {
  modules: Record<'cpu' | 'extras' | 'cpu-relaxed' | 'cpu-threads' | 'gpu', ModuleState>;
  message: string;
}

/** Reads `target/status.json`, which the start script keeps up to date; without it, looks at what is built. */
export async function readStatus(root = REPOSITORY): Promise<Status> {
  try {
    return JSON.parse(await readFile(join(root, 'target/status.json'), 'utf8')) as Status;
  } catch {
    const state = (kind: string): ModuleState =>
      existsSync(join(root, 'pkg/wasm', kind, 'gamma_bg.wasm')) ? 'ready' : 'failed';
    const modules = {
      cpu: state('cpu'),
      extras: state('extras'),
      'cpu-relaxed': state('cpu-relaxed'),
      'cpu-threads': state('cpu-threads'),
      gpu: state('gpu'),
    };
    const missing = Object.entries(modules).filter(([, value]) => value === 'failed');
    const message = missing.length === 0 ? '' : `Not built: ${missing.map(([kind]) => kind).join(', ')}.`;
    return { modules, message };
  }
}

/** The file behind an address, or undefined when the address is not one of ours or leaves its folder. */
export function locate(pathname: string, root = REPOSITORY): string | undefined {
  for (const [address, target] of MOUNTS) {
    if (pathname === address) return join(root, target);
    if (!address.endsWith('/') || !pathname.startsWith(address)) continue;
    const file = within(join(root, target), pathname.slice(address.length));
    if (file !== undefined) return file;
  }
  return undefined;
}

async function sendStatus(response: ServerResponse): Promise<void> {
  const body = JSON.stringify(await readStatus());
  response.writeHead(200, { ...ISOLATION, 'Content-Type': typeOf('status.json'), 'Cache-Control': 'no-store' });
  response.end(body);
}

/** Copies what the page loads at run time beside the built page, so that any static host can serve the folder. */
async function copyForStaticHost(directory: string): Promise<void> {
  for (const [address, target] of MOUNTS) {
    const from = join(REPOSITORY, target);
    if (!existsSync(from)) continue;
    await cp(from, join(directory, address), {
      recursive: true,
      filter: (path) => !path.endsWith('.d.ts') && !path.endsWith('.tgz'),
    });
  }
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'status.json'), JSON.stringify(await readStatus()));
}

/**
 * Serves the built package and the state of the build beside the page.
 * The package is served as it is published, not through Vite, so that the page runs exactly what a user installs.
 */
export function gammaFiles(): Plugin {
  let directory = '';
  return {
    name: 'gamma-files',
    configResolved(config) {
      directory = config.build.outDir;
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        let pathname: string;
        try {
          pathname = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
        } catch {
          response.writeHead(400).end();
          return;
        }
        if (pathname === '/status.json') {
          sendStatus(response).catch(next);
          return;
        }
        const file = locate(pathname);
        if (file === undefined) next();
        else sendFile(file, request, response);
      });
    },
    async writeBundle() {
      await copyForStaticHost(directory);
    },
  };
}
