// node bench/jpeg.mjs PACKAGE PACKAGE PHOTO... [--rounds N]: from the bytes of photos to their scores in two builds of this package under Node, in
// turn (A B A B), one thread each. PACKAGE is a pkg/ folder. Tells for each photo the median milliseconds of all crops of the
// default model and of a first estimate of one crop, and the ratio of neighbours, second to first, with its spread.
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Failure, main } from '../scripts/lib/say.mjs';

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, share) => sorted(values)[Math.round((values.length - 1) * share)];

async function timed(gamma, bytes, options) {
  const photo = Uint8Array.from(bytes);
  const begin = performance.now();
  const { score } = await gamma.score(photo, options);
  return { ms: performance.now() - begin, score };
}

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: 'string', default: '9' } },
    allowPositionals: true,
  });
  const [first, second, ...photos] = positionals;
  if (photos.length === 0) throw new Failure('Which two packages, which photos?');
  const models = [];
  for (const folder of [first, second]) {
    const { Gamma } = await import(pathToFileURL(resolve(folder, 'node.js')).href);
    models.push(await Gamma.load({ workers: 1, threads: 1 }));
  }
  for (const photo of photos) {
    const bytes = readFileSync(photo);
    for (const [name, options] of Object.entries({ 'all crops': {}, 'one crop': { crops: 1 } })) {
      for (const gamma of models) await timed(gamma, bytes, options);
      const times = models.map(() => []);
      const scores = [];
      for (let round = 0; round < Number(values.rounds); round += 1) {
        for (const [at, gamma] of models.entries()) {
          const { ms, score } = await timed(gamma, bytes, options);
          times[at].push(ms);
          scores[at] = score;
        }
      }
      const ratios = times[1].map((ms, round) => ms / times[0][round]);
      const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(ratios, share).toFixed(3));
      const medians = times.map((list) => quantile(list, 0.5).toFixed(1)).join(' and ');
      const apart = Math.abs(scores[1] - scores[0]).toFixed(4);
      console.log(
        `${basename(photo)}, ${name}: ${medians} ms, ratio ${middle} (${low} to ${high}), scores ${apart} apart`,
      );
    }
  }
  await Promise.all(models.map((gamma) => gamma.dispose()));
});
