// node bench/previews.mjs PACKAGE... --photos N --set PHOTO,PHOTO [--workers N] [--keep BYTES] [--rounds N]: a `scoreAll` with previews over N
// photos, which are those of the set again and again, each time as another Blob, by builds of this package (pkg/ folders) in turn under Node,
// each run in a process of its own. Tells seconds until the last estimate and until the end, those of the processor in all threads, how many photos
// were decoded, the share of decoding in what the workers did, and the peak of the process's memory. `--keep`: the option `keepBytes`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setEnvironmentData } from 'node:worker_threads';
import { optionsOf } from '../scripts/lib/options.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';

const WORKER = new URL('previews-worker.mjs', import.meta.url);

/** One run, in this process. */
async function run(folder, { photos, set, workers, keep }) {
  const counters = new BigInt64Array(new SharedArrayBuffer(4 * 8));
  setEnvironmentData('bench', { counters: counters.buffer, folder: pathToFileURL(join(folder, '/')).href });
  const { Gamma } = await import(pathToFileURL(join(folder, 'node.js')).href);
  const gamma = await Gamma.load({ workers, threads: 1, device: 'cpu', worker: WORKER.href });
  async function* blobs() {
    for (let index = 0; index < photos; index += 1) yield await openAsBlob(set[index % set.length]);
  }
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const seconds = () => (performance.now() - begin) / 1000;
  let [estimates, failed, sum] = [0, 0, 0];
  for await (const { assessment, error, final } of gamma.scoreAll(blobs(), { previews: true, keepBytes: keep })) {
    if (error) failed += 1;
    if (!final) estimates = seconds();
    else sum += assessment?.score ?? 0;
  }
  const all = seconds();
  const { user, system } = process.cpuUsage(before);
  const { wasm } = await gamma.memory();
  await gamma.dispose();
  const [decodes, decoding, steps, computing] = [...counters].map(Number);
  return {
    failed,
    sum: sum.toFixed(4),
    'estimates, s': estimates.toFixed(1),
    'all, s': all.toFixed(1),
    'processor, s': ((user + system) / 1e6).toFixed(1),
    decodes,
    'ms a decode': (decoding / 1000 / Math.max(1, decodes)).toFixed(1),
    steps,
    'ms a crop': (computing / 1000 / Math.max(1, steps)).toFixed(1),
    'share of decoding': (decoding / Math.max(1, decoding + computing)).toFixed(3),
    'wasm, MB': (wasm / 1e6).toFixed(1),
    'peak of the process, MB': (process.resourceUsage().maxRSS / 1000).toFixed(0),
  };
}

/** The same in a process of its own. */
async function apart(folder, options) {
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [script, '--child', JSON.stringify([folder, options])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Failure(`The run of ${folder} ended with status ${code}.`);
  return JSON.parse(out);
}

await main(async () => {
  const { values, positionals } = optionsOf({
    options: {
      photos: { type: 'string', default: '200' },
      set: { type: 'string', default: '' },
      workers: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      keep: { type: 'string' },
      rounds: { type: 'string', default: '1' },
      child: { type: 'string' },
    },
    allowPositionals: true,
  });
  if (values.child) {
    console.log(JSON.stringify(await run(...JSON.parse(values.child))));
    return;
  }
  const set = values.set.split(',').filter(Boolean);
  if (positionals.length === 0 || set.length === 0) throw new Failure('Which packages, and which photos as --set?');
  const options = {
    photos: Number(values.photos),
    set: set.map((photo) => resolve(photo)),
    workers: Number(values.workers),
    ...(values.keep !== undefined && { keep: Number(values.keep) }),
  };
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const folder of positionals) {
      const load = loadavg()[0].toFixed(1);
      console.log(JSON.stringify({ folder, photos: options.photos, workers: options.workers, load }));
      console.table(await apart(resolve(folder), options));
    }
  }
});
