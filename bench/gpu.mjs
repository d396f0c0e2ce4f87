// npm run bench:gpu [-- --quick] [--debug] [--b16] [--seconds N] [--json FILE] [WEIGHTS...]: kernels and models on this machine's GPU, our shaders beside burn-wgpu.
// npm run bench:gpu -- --browser: the same of a browser's GPU, on a page that it serves.
// Models are the default one, files of safetensors, and with --b16 one of the published size with random weights. `--debug` takes the builds of the tests.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { commandOnGpu, shadersOnGpu } from '../scripts/lib/native-gpu.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { capture } from '../scripts/lib/run.mjs';
import { Failure, main, say, step } from '../scripts/lib/say.mjs';
import { serveGpuPage } from './gpu-page.mjs';

const DEFAULT = inRoot('weights/gamma-lite.safetensors');

/** What a program prints, one JSON object. */
async function report(title, program, args) {
  const { code, stdout, stderr } = await step(title, () => capture(program, args));
  if (code !== 0) throw new Failure(`${program} ${args.join(' ')}\n${stderr}`);
  return JSON.parse(stdout);
}

const number = (value, digits) => (value === undefined ? '' : value.toFixed(digits)).padStart(10);
const megabytes = (bytes) => (bytes === null ? 'not told' : `${Math.round(bytes / 1e6)} MB`);

/** One figure of both: milliseconds, TFLOP/s, GB/s where it has them, and how long ours takes beside theirs. */
function row(title, theirs, ours) {
  const cells = [theirs, ours].map((one) => number(one?.ms, 2) + number(one?.tflops, 4) + number(one?.gbytes, 2));
  const ratio = theirs && ours ? number(ours.ms / theirs.ms, 2) : '';
  say(`${title.padEnd(34)}${cells.join('')}${ratio}`);
}

function table(theirs, ours) {
  const { name, kind, interface: api, driver, features, limits } = ours.adapter;
  say(`\n${name}: ${kind}, ${api}, ${driver}`);
  if (kind === 'software') say('  The processor plays this adapter: its figures say nothing of a GPU.');
  for (const [title, value] of Object.entries({ ...features, ...limits })) say(`  ${title}: ${value}`);
  const columns = ['ms', 'TFLOP/s', 'GB/s'];
  const heads = [...columns, ...columns, 'ratio'].map((head) => head.padStart(10));
  say(
    `\n${' '.repeat(34)}${'burn-wgpu'.padStart(30)}${'our shaders'.padStart(30)}\n${' '.repeat(34)}${heads.join('')}`,
  );
  for (const kernel of ours.kernels) {
    const same = (other) => other.name === kernel.name && `${other.shape}` === `${kernel.shape}`;
    row(`${kernel.name} ${kernel.shape.join(' x ')}`, theirs.kernels.find(same), kernel);
  }
  for (const model of ours.models) {
    const other = theirs.models.find(({ name }) => name === model.name);
    say(`${model.name}, ${model.parameters} numbers, a crop, ${model.half ? 'ours in f16' : 'f32'}:`);
    const figure = (one, crops) => {
      const batch = one.batches.find((batch) => batch.crops === crops);
      return batch && { ms: batch.ms_a_crop, tflops: batch.tflops };
    };
    const sizes = new Set([...other.batches, ...model.batches].map(({ crops }) => crops));
    for (const crops of sizes) row(`  ${crops} at a time`, figure(other, crops), figure(model, crops));
    for (const [who, { load_ms, device_bytes, peak_bytes, left_out }] of [
      ['burn-wgpu', other],
      ['our shaders', model],
    ]) {
      const skipped = left_out.map(({ crops, why }) => `; ${crops} at a time left out, ${why}`).join('');
      const memory = `on the device ${megabytes(device_bytes)}, peak of the process ${megabytes(peak_bytes)}`;
      say(`  ${who}: first crop ${Math.round(load_ms)} ms after its bytes; ${memory}${skipped}`);
    }
  }
}

await main(async () => {
  const { values, positionals } = optionsOf({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      debug: { type: 'boolean', default: false },
      b16: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '20' },
      json: { type: 'string' },
      browser: { type: 'boolean', default: false },
    },
  });
  if (values.browser) {
    const { url } = await serveGpuPage();
    return say(`\nOpen ${url} in the browser whose GPU is to be measured; Ctrl+C ends.`);
  }
  const files = positionals.map((file) => resolve(file));
  const build = { release: !values.debug };
  const [gamma, bench] = [await commandOnGpu(build), await shadersOnGpu('bench', build)];
  const effort = ['--seconds', values.seconds];
  if (values.quick) effort.push('--quick');
  const b16 = values.b16 ? ['--b16'] : [];
  const weights = files.flatMap((file) => ['--weights', file]);
  const theirs = await report('burn-wgpu', gamma, ['bench', 'gpu', '--json', ...effort, ...weights, ...b16]);
  const ours = await report('our shaders', bench, [...effort, DEFAULT, ...files, ...b16]);
  if (theirs.adapter.name !== ours.adapter.name) {
    throw new Failure(`They took two adapters: ${theirs.adapter.name} and ${ours.adapter.name}.`);
  }
  table(theirs, ours);
  if (values.json) writeFileSync(values.json, `${JSON.stringify([theirs, ours], null, 1)}\n`);
});
