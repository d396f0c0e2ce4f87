// The GPU of a browser: builds the module of bench/pages/gpu.html and serves the page.
import { join } from 'node:path';
import { buildBenchModule } from '../scripts/lib/modules.mjs';
import { inRoot, TARGET } from '../scripts/lib/paths.mjs';
import { serveFolders } from '../scripts/lib/serve.mjs';
import { setup } from '../scripts/setup.mjs';

const MODULE = join(TARGET, 'bench', 'gpu-module');

/** Serves the page, and gives its address and its end. */
export async function serveGpuPage() {
  await buildBenchModule(await setup(), MODULE);
  const folders = { module: MODULE, weights: inRoot('weights'), '': inRoot('bench/pages') };
  const { url, close } = await serveFolders(folders);
  return { url: `${url}gpu.html`, close };
}
