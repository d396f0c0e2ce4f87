// node bench/crew.mjs FOLDER [--photos N] [--workers 1,2] [--rounds N] [--plain]: photos per second of `scoreAll`, by the number of workers. Scores N
// photos (40) of FOLDER with Gamma-Lite in pages of one Chromium, the numbers of workers (1 and 2) in turn for each round (2), and tells
// for each run: photos per second; the seconds until every photo had an estimate and until all were final, with `previews`; the seconds of scoring
// them again, which nothing is computed for; WebAssembly memory of all workers, and the growth of the renderer's resident set. `--plain` leaves
// out estimates and the second time.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../scripts/lib/browsers.mjs';
import { FLAGS } from '../scripts/lib/flags.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { PKG } from '../scripts/lib/paths.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';
import { EMPTY_PAGE, serveFolders } from '../scripts/lib/serve.mjs';
import { below, resident } from './processes.mjs';

/** Photos that are scored before the clock starts, so that all workers are there. */
const FIRST = 6;

await main(async () => {
  const { values, positionals } = optionsOf({
    options: {
      photos: { type: 'string', default: '40' },
      workers: { type: 'string', default: '1,2' },
      rounds: { type: 'string', default: '2' },
      plain: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [folder] = positionals;
  if (folder === undefined) throw new Failure('Which folder of photos?');
  const names = readdirSync(folder)
    .filter((name) => /\.(jpe?g|png|webp)$/i.test(name))
    .slice(0, FIRST + Number(values.photos));
  const server = await serveFolders({ pkg: PKG, photos: resolve(folder) }, { pages: EMPTY_PAGE });
  const launched = await playwright.launchServer({ executablePath: await chromium(), args: FLAGS });
  const browser = await playwright.connect(launched.wsEndpoint());
  const largest = () => Math.max(...below(launched.process().pid, 'renderer').map(resident));
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const workers of values.workers.split(',').map(Number)) {
        const context = await browser.newContext();
        const page = await context.newPage();
        page.setDefaultTimeout(0);
        await page.goto(`${server.url}page.html`);
        const empty = largest();
        const found = await page.evaluate(score, {
          urls: names.map((name) => `/photos/${encodeURIComponent(name)}`),
          workers,
          first: FIRST,
          only: values.plain,
        });
        console.log(JSON.stringify({ round, workers, ...found, residentGrowth: largest() - empty }));
        await context.close();
      }
    }
  } finally {
    await browser.close();
    await launched.close();
    await server.close();
  }
});

/** Runs in the page. */
async function score({ urls, workers, first, only }) {
  const { Gamma } = await import('/pkg/index.js');
  const gamma = await Gamma.load({ device: 'cpu', cache: 'no-store', workers, threads: 1 });
  const blobs = await Promise.all(urls.map(async (url) => (await fetch(url)).blob()));
  const run = async (photos, options = {}) => {
    const begin = performance.now();
    const scores = [];
    let looked;
    for await (const { assessment, final } of gamma.scoreAll(photos, options)) {
      if (final) scores.push(assessment?.score);
      else if (assessment) looked = (performance.now() - begin) / 1000;
    }
    return { scores, looked, seconds: (performance.now() - begin) / 1000 };
  };
  const warm = blobs.slice(0, first);
  while ((await gamma.memory()).workers < workers) await run(warm.map((blob) => new Blob([blob])));
  const photos = blobs.slice(first);
  const plain = await run(photos);
  const { wasm } = await gamma.memory();
  const photosPerSecond = photos.length / plain.seconds;
  if (only) return { photosPerSecond, wasm };
  const again = await run(photos);
  // Other objects are other photos.
  const previews = await run(
    photos.map((blob) => new Blob([blob])),
    { previews: true },
  );
  const same = [again, previews].every(({ scores }) => String(scores) === String(plain.scores));
  const mean = plain.scores.reduce((sum, each) => sum + each, 0) / plain.scores.length;
  return {
    photosPerSecond,
    firstEstimates: previews.looked,
    allFinal: previews.seconds,
    again: again.seconds,
    same,
    mean,
    wasm,
  };
}
