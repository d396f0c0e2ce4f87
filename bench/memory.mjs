// node bench/memory.mjs WEIGHTS [--device cpu,webgpu] [--crops N]: how much memory a model takes in Chromium, a JSON line for each
// device. WEIGHTS is a safetensors file or a folder that `gamma convert` wrote; its files come over HTTP, unbuffered.
// `--crops 0` loads only, as an emulated GPU takes minutes for a crop of the published size. Needs the built package in pkg/.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../scripts/lib/chromium.mjs';
import { inRoot, PKG } from '../scripts/lib/paths.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';
import { FLAGS, serve } from './browser.mjs';

const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const PHOTO = inRoot('www/samples/lighthouse.webp');

/** The largest resident set, in bytes, of each kind of process below the browser's. */
function peaks(root) {
  const text = (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [pid, /\) \S (\d+)/.exec(text(`/proc/${pid}/stat`))?.[1]]),
  );
  const below = (pid) => pid !== undefined && (pid === String(root) || below(parents.get(pid)));
  const found = {};
  for (const pid of [...parents.keys()].filter(below)) {
    const kind = /--type=(renderer|gpu-process)/.exec(text(`/proc/${pid}/cmdline`))?.[1];
    const peak = 1024 * Number(/VmHWM:\s+(\d+)/.exec(text(`/proc/${pid}/status`))?.[1] ?? 0);
    if (kind) found[kind] = Math.max(found[kind] ?? 0, peak);
  }
  return found;
}

/** Loads a model in a browser of its own, scores a photo, and tells the memory of it. */
async function measure(port, url, device, crops) {
  const args = device === 'webgpu' ? [...FLAGS, ...SOFTWARE_GPU] : FLAGS;
  const server = await playwright.launchServer({ executablePath: await chromium(), args });
  const browser = await playwright.connect(server.wsEndpoint());
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`http://127.0.0.1:${port}/page.html`);
    const found = await page.evaluate(
      async ({ url, device, crops, photo }) => {
        const { Gamma } = await import('/pkg/index.js');
        // The module with an open device, before there are weights.
        const bare = await import(`/pkg/wasm/${device === 'cpu' ? 'cpu' : 'gpu'}/gamma.js`);
        await bare.default();
        await bare.open_device();
        const baseline = bare.memory_bytes();
        const begin = performance.now();
        const gamma = await Gamma.load({ weights: url, device, cache: 'no-store' });
        const seconds = (performance.now() - begin) / 1000;
        const loaded = (await gamma.memory()).wasm;
        const options = { policy: 'random', crops };
        const scored = crops > 0 ? await gamma.score(photo, options) : undefined;
        const memory = (await gamma.memory()).wasm;
        return { module: gamma.device.module, baseline, seconds, loaded, memory, score: scored?.score, ms: scored?.ms };
      },
      { url, device, crops, photo: `/photo/${basename(PHOTO)}` },
    );
    return { ...found, peaks: peaks(server.process().pid) };
  } finally {
    await browser.close();
    await server.close();
  }
}

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { device: { type: 'string', default: 'cpu' }, crops: { type: 'string', default: '1' } },
    allowPositionals: true,
  });
  if (positionals.length !== 1)
    throw new Failure('Which weights? A safetensors file or a folder that `gamma convert` wrote.');
  const given = resolve(positionals[0]);
  const folder = statSync(given).isDirectory();
  const path = folder ? join(given, 'model.safetensors') : given;
  const { size } = statSync(path);
  const url = folder ? '/weights/model.safetensors.index.json' : `/weights/${basename(path)}`;
  const server = await serve({ pkg: PKG, weights: dirname(path), photo: dirname(PHOTO) });
  const { port } = server.address();
  try {
    for (const device of values.device.split(',')) {
      const { baseline, seconds, loaded, memory, ...rest } = await measure(port, url, device, Number(values.crops));
      const line = {
        device,
        file_bytes: size,
        wasm_baseline: baseline,
        wasm_loaded: loaded,
        wasm_scored: memory,
        above_baseline: memory - baseline,
        of_file: Number((memory / size).toFixed(3)),
        load_seconds: Number(seconds.toFixed(2)),
        ...rest,
      };
      console.log(JSON.stringify(line));
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
