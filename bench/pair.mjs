// node bench/pair.mjs WEIGHTS PHOTO PACKAGE[:PRECISION] PACKAGE[:PRECISION] [--crops N] [--rounds N]: two builds of this package, or two
// precisions of one, on the CPU in one Chromium, photo by photo in turn. WEIGHTS is a folder that `gamma convert` wrote, PACKAGE a
// pkg/ folder. Ratios of neighbours stay true on a machine that does other things too; seconds do not.
import { basename, dirname, resolve } from 'node:path';
import { launchChromium } from '../scripts/lib/launch.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';
import { EMPTY_PAGE, serveFolders } from '../scripts/lib/serve.mjs';

/** Milliseconds of a crop for each round of each model. */
async function compare(page, models, photo, { crops, rounds }) {
  return page.evaluate(
    async ({ models, photo, crops, rounds }) => {
      const loaded = [];
      for (const { module, precision } of models) {
        const { Gamma } = await import(module);
        const weights = '/weights/model.safetensors.index.json';
        const gamma = await Gamma.load({ weights, device: 'cpu', cache: 'no-store', precision });
        // Twice, so that the browser's optimising compiler has had its turn.
        await gamma.score(photo, { crops });
        await gamma.score(photo, { crops });
        loaded.push({ gamma, times: [], score: 0 });
      }
      for (let round = 0; round < rounds; round += 1) {
        for (const model of loaded) {
          const begin = performance.now();
          model.score = (await model.gamma.score(photo, { crops })).score;
          model.times.push((performance.now() - begin) / crops);
        }
      }
      return loaded.map(({ gamma, times, score }) => ({ module: gamma.device.module, times, score }));
    },
    { models, photo, crops, rounds },
  );
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[values.length >> 1];

await main(async () => {
  const { values, positionals } = optionsOf({
    options: { crops: { type: 'string', default: '1' }, rounds: { type: 'string', default: '7' } },
    allowPositionals: true,
  });
  const [weights, photo, ...packages] = positionals;
  if (packages.length !== 2) throw new Failure('Which weights, which photo, which two packages?');
  const roots = { weights: resolve(weights), photo: dirname(resolve(photo)) };
  const models = packages.map((given, index) => {
    const [folder, precision] = given.split(':');
    roots[`package${index}`] = resolve(folder);
    return { module: `/package${index}/index.js`, precision };
  });
  const server = await serveFolders(roots, { pages: EMPTY_PAGE });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${server.url}page.html`);
    const options = { crops: Number(values.crops), rounds: Number(values.rounds) };
    const found = await compare(page, models, `/photo/${basename(photo)}`, options);
    for (const [index, { module, times, score }] of found.entries()) {
      console.log(`${packages[index]}: ${module}, ${median(times).toFixed(1)} ms a crop, score ${score.toFixed(4)}`);
    }
    const ratios = sorted(found[0].times.map((time, round) => time / found[1].times[round]));
    console.log(`ratio ${median(ratios).toFixed(2)} (${ratios[0].toFixed(2)} to ${ratios.at(-1).toFixed(2)})`);
  } finally {
    await browser.close();
    await server.close();
  }
});
