// node bench/jpeg.mjs PACKAGE PACKAGE PHOTO... [--rounds N] [--sharp FOLDER]: from the bytes of photos to their scores in two builds of this package under Node, in
// turn (A B A B), one thread each. PACKAGE is a pkg/ folder. Tells for each photo the median milliseconds of all crops of the
// default model and of a first estimate of one crop, those of the processor in all threads, which other programs change less, and the ratio of
// neighbours, second to first, with its spread. For scale, with a folder where `npm install sharp` was run:
// the milliseconds in which sharp (libvips, native) decodes the photo and shrinks it to a short side of 384, on one thread and without a model.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { optionsOf } from '../scripts/lib/options.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, share) => sorted(values)[Math.round((values.length - 1) * share)];

async function timed(gamma, bytes, options) {
  const photo = Uint8Array.from(bytes);
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const { score } = await gamma.score(photo, options);
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - begin, processor: (user + system) / 1000, score };
}

/** Median milliseconds of another decoder, and which it is. */
async function beside(folder, bytes, rounds) {
  const sharp = createRequire(join(resolve(folder), 'package.json'))('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  const times = [];
  let size;
  for (let round = 0; round <= rounds; round += 1) {
    const begin = performance.now();
    const shrunk = sharp(bytes).resize(384, 384, { fit: 'outside' }).raw();
    ({ info: size } = await shrunk.toBuffer({ resolveWithObject: true }));
    // The first one loads what the others have.
    if (round > 0) times.push(performance.now() - begin);
  }
  const { sharp: version, vips } = sharp.versions;
  return `sharp ${version}, libvips ${vips}: ${quantile(times, 0.5).toFixed(1)} ms to ${size.width} x ${size.height}`;
}

await main(async () => {
  const { values, positionals } = optionsOf({
    options: { rounds: { type: 'string', default: '9' }, sharp: { type: 'string' } },
    allowPositionals: true,
  });
  const [first, second, ...photos] = positionals;
  if (photos.length === 0) throw new Failure('Which two packages, which photos?');
  const models = [];
  for (const folder of [first, second]) {
    const { Gamma } = await import(pathToFileURL(resolve(folder, 'node.js')).href);
    models.push(await Gamma.load({ workers: 1, threads: 1 }));
  }
  if (!values.sharp) console.log('Without sharp: --sharp FOLDER says where it is installed.');
  for (const photo of photos) {
    const bytes = readFileSync(photo);
    if (values.sharp) {
      console.log(`${basename(photo)}, ${await beside(values.sharp, bytes, Number(values.rounds))}`);
    }
    for (const [name, options] of Object.entries({ 'all crops': {}, 'one crop': { crops: 1 } })) {
      for (const gamma of models) await timed(gamma, bytes, options);
      const times = models.map(() => []);
      const processor = models.map(() => []);
      const scores = [];
      for (let round = 0; round < Number(values.rounds); round += 1) {
        for (const [at, gamma] of models.entries()) {
          const { ms, processor: used, score } = await timed(gamma, bytes, options);
          times[at].push(ms);
          processor[at].push(used);
          scores[at] = score;
        }
      }
      const ratios = times[1].map((ms, round) => ms / times[0][round]);
      const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(ratios, share).toFixed(3));
      const [medians, used] = [times, processor].map((both) =>
        both.map((list) => quantile(list, 0.5).toFixed(1)).join(' and '),
      );
      const apart = Math.abs(scores[1] - scores[0]).toFixed(4);
      console.log(
        `${basename(photo)}, ${name}: ${medians} ms (processor: ${used}), ratio ${middle} (${low} to ${high}), scores ${apart} apart`,
      );
    }
  }
  await Promise.all(models.map((gamma) => gamma.dispose()));
});
