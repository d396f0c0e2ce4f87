// node bench/many.mjs FOLDER [--photos N] [--crops N] [--workers N] [--previews]: whether memory grows with the number of photos. Scores N photos
// (1000) of FOLDER as Files, again from the first when there are no more, with Gamma-Lite in one `scoreAll` in Chromium, and tells memory after the
// first 50 results and at the end: WebAssembly, the heap of the page and its workers after a collection of garbage, and the resident set of the
// renderer.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../scripts/lib/browsers.mjs';
import { EAGER_MEMORY, FLAGS } from '../scripts/lib/flags.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { PKG } from '../scripts/lib/paths.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';
import { EMPTY_PAGE, serveFolders } from '../scripts/lib/serve.mjs';
import { below, resident } from './processes.mjs';

const SETTLED = 50;

await main(async () => {
  const { values, positionals } = optionsOf({
    options: {
      photos: { type: 'string', default: '1000' },
      crops: { type: 'string', default: '1' },
      workers: { type: 'string', default: '1' },
      previews: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [folder] = positionals;
  if (folder === undefined) throw new Failure('Which folder of photos?');
  const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
  const count = Number(values.photos);
  const server = await serveFolders({ pkg: PKG, photos: resolve(folder) }, { pages: EMPTY_PAGE });
  const launched = await playwright.launchServer({ executablePath: await chromium(), args: [...FLAGS, EAGER_MEMORY] });
  const browser = await playwright.connect(launched.wsEndpoint());
  const largest = () => Math.max(...below(launched.process().pid, 'renderer').map(resident));
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.exposeFunction('resident', largest);
    await page.goto(`${server.url}page.html`);
    const found = await page.evaluate(
      async ({ urls, settled, crops, workers, previews }) => {
        const { Gamma } = await import('/pkg/index.js');
        const gamma = await Gamma.load({ device: 'cpu', cache: 'no-store', workers, threads: 1 });
        const measure = async () => {
          const { bytes: heap } = await performance.measureUserAgentSpecificMemory();
          return { wasm: (await gamma.memory()).wasm, heap, resident: await resident() };
        };
        let before;
        let failed = 0;
        const begin = performance.now();
        async function* photos() {
          for (const url of urls) yield (await fetch(url)).blob();
        }
        let results = 0;
        for await (const { error } of gamma.scoreAll(photos(), { crops, previews })) {
          if (error) failed += 1;
          results += 1;
          if (results === settled) before = await measure();
        }
        return { failed, seconds: (performance.now() - begin) / 1000, before, after: await measure() };
      },
      {
        urls: Array.from({ length: count }, (_, index) => `/photos/${encodeURIComponent(names[index % names.length])}`),
        settled: SETTLED,
        crops: Number(values.crops),
        workers: Number(values.workers),
        previews: values.previews,
      },
    );
    const { before, after } = found;
    const grown = Object.fromEntries(Object.entries(after).map(([key, value]) => [key, value - before[key]]));
    console.log(JSON.stringify({ photos: count, ...found, grown }));
  } finally {
    await browser.close();
    await launched.close();
    await server.close();
  }
});
