// node bench/memory.mjs WEIGHTS [--device cpu,webgpu] [--crops N] [--visits N]: how much memory a model takes in Chromium, a JSON line
// for each device. WEIGHTS is a safetensors file or a folder that `gamma convert` wrote; its files come over HTTP, unbuffered.
// `--visits 1` also keeps the model on the disk, `--visits 2` measures a page that loads it from there; 0, the default, neither.
// `blank` is what the renderer of an empty page takes, most of it Chromium's own code, which all its processes share.
// `--crops 0` loads only, as an emulated GPU takes minutes for a crop of the published size. Needs the built package in pkg/.
import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../scripts/lib/browsers.mjs';
import { FLAGS, SOFTWARE_GPU } from '../scripts/lib/flags.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { inRoot, PKG } from '../scripts/lib/paths.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';
import { EMPTY_PAGE, serveFolders } from '../scripts/lib/serve.mjs';
import { below, peak } from './processes.mjs';

const PHOTO = inRoot('www/samples/lighthouse.webp');

/** The largest resident set, in bytes, of each kind of process below the browser's. */
const peaks = (root) =>
  Object.fromEntries(
    ['renderer', 'gpu-process'].map((kind) => [kind, Math.max(0, ...below(root, kind).map((pid) => peak(pid)))]),
  );

/** Loads the model in a page that is closed again, so that it is on the disk. */
async function visit(context, address, url, device) {
  const page = await context.newPage();
  await page.goto(address);
  await page.evaluate(
    async ({ url, device }) => {
      const { Gamma } = await import('/pkg/index.js');
      await (await Gamma.load({ weights: url, device })).dispose();
    },
    { url, device },
  );
  await page.close();
}

/** Loads a model in a browser of its own, scores a photo, and tells the memory of it. */
async function measure(address, url, device, { crops, visits }) {
  const args = device === 'webgpu' ? [...FLAGS, ...SOFTWARE_GPU] : FLAGS;
  const server = await playwright.launchServer({ executablePath: await chromium(), args });
  const browser = await playwright.connect(server.wsEndpoint());
  try {
    const context = await browser.newContext();
    context.setDefaultTimeout(0);
    if (visits > 1) await visit(context, address, url, device);
    const page = await context.newPage();
    await page.goto(address);
    const blank = peaks(server.process().pid).renderer;
    const found = await page.evaluate(
      async ({ url, device, crops, cache, photo }) => {
        const { Gamma } = await import('/pkg/index.js');
        // The module with an open device, before there are weights.
        const bare = await import(`/pkg/wasm/${device === 'cpu' ? 'cpu' : 'gpu'}/gamma.js`);
        await bare.default();
        await bare.open_device();
        const baseline = bare.memory_bytes();
        const begin = performance.now();
        const gamma = await Gamma.load({ weights: url, device, cache });
        const seconds = (performance.now() - begin) / 1000;
        const loaded = (await gamma.memory()).wasm;
        const options = { policy: 'random', crops };
        const scored = crops > 0 ? await gamma.score(photo, options) : undefined;
        const memory = (await gamma.memory()).wasm;
        const { device: used, source } = gamma;
        const times = { seconds, score: scored?.score, ms: scored?.ms };
        return { module: used.module, from: source.from, baseline, loaded, memory, ...times };
      },
      { url, device, crops, cache: visits > 0 ? 'default' : 'no-store', photo: `/photo/${basename(PHOTO)}` },
    );
    return { ...found, blank, peaks: peaks(server.process().pid) };
  } finally {
    await browser.close();
    await server.close();
  }
}

await main(async () => {
  const { values, positionals } = optionsOf({
    options: {
      device: { type: 'string', default: 'cpu' },
      crops: { type: 'string', default: '1' },
      visits: { type: 'string', default: '0' },
    },
    allowPositionals: true,
  });
  if (positionals.length !== 1)
    throw new Failure('Which weights? A safetensors file or a folder that `gamma convert` wrote.');
  const given = resolve(positionals[0]);
  const folder = statSync(given).isDirectory();
  const path = folder ? join(given, 'model.safetensors') : given;
  const { size } = statSync(path);
  const url = folder ? '/weights/model.safetensors.index.json' : `/weights/${basename(path)}`;
  const server = await serveFolders({ pkg: PKG, weights: dirname(path), photo: dirname(PHOTO) }, { pages: EMPTY_PAGE });
  const address = `${server.url}page.html`;
  const how = { crops: Number(values.crops), visits: Number(values.visits) };
  try {
    for (const device of values.device.split(',')) {
      const { baseline, seconds, loaded, memory, ...rest } = await measure(address, url, device, how);
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
    await server.close();
  }
});
