import { createReadStream, existsSync, statSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** Where the repository lies: the folder above `www`. */
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** Cross-origin isolation: high-resolution timers, and the shared memory that threads need. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const MIME: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/plain; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.safetensors': 'application/octet-stream',
};

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
    const folder = join(root, target);
    const file = normalize(join(folder, pathname.slice(address.length)));
    if (file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return file;
  }
  return undefined;
}

/** Answers with a file; 404 if it is not there. */
export function sendFile(file: string, request: IncomingMessage, response: ServerResponse): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
  if (!stat?.isFile()) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Not here: it may not be built yet.\n');
    return;
  }
  const etag = `W/"${stat.size.toString(16)}-${stat.mtimeMs.toString(16)}"`;
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader('Content-Type', MIME[extname(file)] ?? 'application/octet-stream');
  response.setHeader('Content-Length', stat.size);
  if (request.method === 'HEAD') response.end();
  else
    createReadStream(file)
      .on('error', (error) => response.destroy(error))
      .pipe(response);
}

async function sendStatus(response: ServerResponse): Promise<void> {
  const body = JSON.stringify(await readStatus());
  response.writeHead(200, { ...ISOLATION, 'Content-Type': MIME['.json'], 'Cache-Control': 'no-store' });
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
