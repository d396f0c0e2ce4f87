// The page as `npm run build` of a site makes it, in a folder of a plain static host.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { serveFolders } from '../../scripts/lib/serve.mjs';
import { repository } from './repository.ts';
import { requireModules } from './server.ts';

/** Builds the page and serves it without a header of its own; `url` is that of its folder. */
export async function serveBuiltPage(): Promise<{ url: string; close(): Promise<void> }> {
  requireModules('cpu', 'cpu-relaxed');
  const folder = mkdtempSync(join(tmpdir(), 'gamma-page-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    await build({ configFile: repository('www/vite.config.ts'), logLevel: 'silent', build: { outDir: folder } });
    const host = await serveFolders({ 'some/folder': folder }, { headers: {} });
    return {
      url: `${host.url}some/folder/`,
      async close() {
        await host.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
