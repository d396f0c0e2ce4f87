// npm run bench [-- options]: gamma-wasm beside onnxruntime-web on the same weights, on one thread each unless a case says otherwise, in pages of one Chromium, in
// turn (A B A B). Ratios of neighbours stay true on a machine that does other things too; seconds do not.
//   --weights DIR   B/16 as `gamma convert --dtype q8` wrote it
//   --onnx DIR      the same B/16 as vision_int8.onnx and vision_fp32.onnx; without these two, only Gamma-Lite is measured
//   --images DIR    photos for the adaptive number of crops, which also needs B/16
//   --photos N      how many of them (100)
//   --rounds N      pairs of runs of each case (7)
//   --only A,B      cases: q8, threads, exact, int16, lite, first, adaptive
//   --svg FILE      where the chart goes (target/bench/bench.svg)
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../scripts/lib/browsers.mjs';
import { FLAGS } from '../scripts/lib/flags.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { inRoot, PKG, REPORTS } from '../scripts/lib/paths.mjs';
import { capture, run } from '../scripts/lib/run.mjs';
import { Failure, main, say, step } from '../scripts/lib/say.mjs';
import { EMPTY_PAGE, serveFolders } from '../scripts/lib/serve.mjs';
import { chart } from './chart.mjs';
import { Engine, spread } from './engine.mjs';
import { adaptive, photosIn } from './photos.mjs';

const FOLDER = join(REPORTS, 'bench');
const ORT_VERSION = '1.30.0';

function options() {
  const text = (value) => ({ type: 'string', ...(value !== undefined && { default: value }) });
  const { values } = optionsOf({
    options: {
      weights: text(),
      onnx: text(),
      images: text(),
      photos: text('100'),
      rounds: text('7'),
      only: text(),
      svg: text(join(FOLDER, 'bench.svg')),
    },
  });
  return values;
}

/** onnxruntime-web, installed where git and npm do not look. */
async function onnxruntime() {
  const dist = join(FOLDER, 'node_modules/onnxruntime-web/dist');
  if (existsSync(join(dist, 'ort.wasm.min.mjs'))) return dist;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), '{"private": true}\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['install', '--no-audit', '--no-fund', `onnxruntime-web@${ORT_VERSION}`];
  await step(`onnxruntime-web ${ORT_VERSION} from npm`, () => run(npm, args, { cwd: FOLDER, quiet: true }));
  return dist;
}

/** Gamma-Lite for onnxruntime-web; undefined, with a line that says why, where it cannot be made. */
async function liteGraph() {
  const path = join(FOLDER, 'gamma-lite.onnx');
  const weights = inRoot('weights/gamma-lite.safetensors');
  const { code, stderr } = await capture('python3', [inRoot('bench/export_lite.py'), weights, path]);
  if (code === 0) return path;
  say(
    `  Gamma-Lite is left out: bench/export_lite.py needs Python with numpy and onnx.\n  ${stderr.trim().split('\n').at(-1)}`,
  );
  return undefined;
}

/** The cases that can be measured with what is there. */
function cases({ weights, onnx, images, only }, lite) {
  const q8 = '/weights/model.safetensors.index.json';
  const small = '/lite/gamma-lite.safetensors';
  const b16 = weights !== undefined && onnx !== undefined;
  const all = [
    b16 && {
      id: 'q8',
      title: 'B/16, q8 beside int8',
      ours: { weights: q8 },
      theirs: { model: '/onnx/vision_int8.onnx' },
    },
    b16 && {
      id: 'threads',
      title: 'B/16, q8 beside int8, two threads each',
      ours: { weights: q8, threads: 2 },
      theirs: { model: '/onnx/vision_int8.onnx', threads: 2 },
    },
    b16 && {
      id: 'exact',
      title: 'B/16, exact beside fp32',
      ours: { weights: q8, precision: 'exact' },
      theirs: { model: '/onnx/vision_fp32.onnx' },
    },
    b16 && {
      id: 'int16',
      title: 'B/16, int16 (no relaxed SIMD) beside int8',
      ours: { weights: q8, relaxed: false },
      theirs: { model: '/onnx/vision_int8.onnx' },
    },
    lite && {
      id: 'lite',
      title: 'Gamma-Lite',
      ours: { weights: small },
      theirs: { model: '/bench/gamma-lite.onnx', like: 'imagenet' },
      crops: 20,
    },
    { id: 'first', title: 'Gamma-Lite, from its bytes to the first score', ours: { weights: small, held: true } },
    b16 &&
      images !== undefined && {
        id: 'adaptive',
        title: 'B/16, a photo within 0.01 of ten crops',
        ours: { weights: q8 },
        theirs: { model: '/onnx/vision_int8.onnx' },
      },
  ].filter(Boolean);
  if (!b16) say('  B/16 is left out: it needs --weights and --onnx.');
  const wanted = only?.split(',');
  return wanted ? all.filter(({ id }) => wanted.includes(id)) : all;
}

/** Crops in turn; each run is so many of them that the clock is fine enough. */
async function crops(browser, { ours, theirs, crops: count = 1 }, rounds) {
  const pair = [await Engine.open(browser, 'ours', ours), await Engine.open(browser, 'theirs', theirs)];
  try {
    // Twice, so that the browser's optimising compiler has had its turn.
    for (const engine of [...pair, ...pair]) await engine.crop(count);
    for (const engine of pair) engine.reset();
    for (let round = 0; round < rounds; round += 1) for (const engine of pair) await engine.crop(count);
    const ratios = pair[0].times.map((time, index) => pair[1].times[index] / time);
    const [a, b] = pair.map((engine) => engine.score);
    return {
      ours: pair[0].report(),
      theirs: pair[1].report(),
      ratio: spread(ratios),
      ...(b !== undefined && { apart: Math.abs(a - b) }),
    };
  } finally {
    for (const engine of pair) await engine.close();
  }
}

/** Milliseconds from a call of `load`, with the model's bytes in memory, to the first score. */
async function first(browser, { ours }, rounds) {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const engine = await Engine.open(browser, 'ours', ours);
    await engine.crop(1);
    times.push(engine.loadMs + engine.times[0]);
    await engine.close();
  }
  return { ours: { ms: spread(times) } };
}

function told({ title, ours, theirs, ratio, within, apart }) {
  const ms = ({ ms, cpu_ms, peak_mb }) =>
    `${ms.median} ms${cpu_ms === undefined ? '' : `, ${cpu_ms} ms of processor time`}${peak_mb === undefined ? '' : `, peak ${peak_mb} MB`}`;
  const lines = [title, `  ours    ${ms(ours)}`];
  if (theirs) lines.push(`  theirs  ${ms(theirs)}`);
  if (ratio) lines.push(`  theirs / ours ${ratio.median} (${ratio.min} to ${ratio.max})`);
  if (ratio) lines.push(`  theirs / ours in processor time ${(theirs.cpu_ms / ours.cpu_ms).toFixed(2)}`);
  if (theirs?.peak_mb) lines.push(`  peak, ours / theirs ${(ours.peak_mb / theirs.peak_mb).toFixed(2)}`);
  if (apart !== undefined) lines.push(`  scores differ by ${apart.toExponential(1)}`);
  if (within !== undefined) lines.push(`  within 0.01 of our ten crops: ${within}; crops: ${ours.crops.median}`);
  return lines.join('\n');
}

await main(async () => {
  const values = options();
  if (!existsSync(join(PKG, 'wasm/cpu-relaxed/gamma.js')))
    throw new Failure('The package is not built: npm run build.');
  const ort = await onnxruntime();
  const lite = await liteGraph();
  const chosen = cases(values, lite);
  const roots = { pkg: PKG, engines: inRoot('bench/engines'), ort, bench: FOLDER, lite: inRoot('weights') };
  for (const name of ['weights', 'onnx', 'images']) if (values[name]) roots[name] = resolve(values[name]);
  const server = await serveFolders(roots, { pages: EMPTY_PAGE });
  const url = server.url.slice(0, -1);
  const launched = await playwright.launchServer({ executablePath: await chromium(), args: FLAGS });
  const connection = await playwright.connect(launched.wsEndpoint());
  const browser = { connection, pid: launched.process().pid, url };
  const results = [];
  try {
    const blank = await Engine.blank(browser);
    say(
      `\n${connection.browserType().name()} ${connection.version()}; the renderer of an empty page takes ${blank} MB.`,
    );
    const rounds = Number(values.rounds);
    for (const each of chosen) {
      const measured =
        each.id === 'first'
          ? await first(browser, each, rounds)
          : each.id === 'adaptive'
            ? await adaptive(browser, each, photosIn(roots.images, Number(values.photos)))
            : await crops(browser, each, rounds);
      const result = { id: each.id, title: each.title, ...measured };
      results.push(result);
      say(`\n${told(result)}`);
    }
    const json = { browser: connection.version(), date: new Date().toISOString(), blank_mb: blank, results };
    writeFileSync(join(FOLDER, 'bench.json'), `${JSON.stringify(json, null, 2)}\n`);
    writeFileSync(values.svg, chart(results));
    say(`\n${join(FOLDER, 'bench.json')}\n${values.svg}`);
  } finally {
    await connection.close();
    await launched.close();
    await server.close();
  }
});
