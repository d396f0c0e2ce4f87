// The golden scores, in each browser and each module that it can run: near the published model's, and the same bits everywhere.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bareTab, load } from './bare.ts';
import { whyWithoutRelaxed, whyWithoutThreads } from './drivers/detect.ts';
import { inEveryBrowser } from './drivers/every.ts';
import { goldenScores, SCENES } from './golden.ts';
import { requireModules, type Server, servePage } from './server.ts';

/** The golden crops; all ten of them in the browser that comes first. */
const CROPS = { chromium: 10, firefox: 3, webkit: 3 };

/** Scores by scene, crop by crop. */
type Scores = Record<string, number>[];

let server: Server;
/** The first golden scores of each module, by browser. */
const found: Record<string, { browser: string; scores: Scores }[]> = {};

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed', 'cpu-threads');
  server = await servePage();
});
afterAll(() => server?.close());

const WHY_NOT = { cpu: async () => undefined, 'cpu-relaxed': whyWithoutRelaxed, 'cpu-threads': whyWithoutThreads };
const MODULES = Object.keys(WHY_NOT) as (keyof typeof WHY_NOT)[];

inEveryBrowser((driver, name) => {
  test.for(MODULES)(
    'module %s: golden crops under all six scenes are within 1e-4 of the published model, with the bits of other browsers',
    async (module, { skip }) => {
      const page = await bareTab(driver(), server);
      const reason = await WHY_NOT[module](page);
      if (reason !== undefined) skip(reason);
      if (module === 'cpu') {
        // What a browser without relaxed SIMD answers to the question whether it has it.
        await page.evaluate(() => {
          const { validate } = WebAssembly;
          const relaxedSwizzle = [253, 128, 2];
          WebAssembly.validate = (bytes) =>
            !String(new Uint8Array(bytes as ArrayBuffer)).includes(String(relaxedSwizzle)) && validate(bytes);
        });
      }
      const device = await load(page, 'cpu', module === 'cpu-threads' ? 2 : 1);
      expect(device.module).toBe(module);
      const scores = await page.evaluate(async (count) => {
        const all: Record<string, number>[] = [];
        for (let index = 0; index < count; index++) {
          const results = await gamma.score(await goldenCrop(index), { scene: 'all', policy: 'center', crops: 1 });
          all.push(Object.fromEntries(Object.entries(results).map(([scene, { score }]) => [scene, score])));
        }
        await gamma.dispose();
        return all;
      }, CROPS[name]);
      await page.close();
      expect(Object.keys(scores[0] ?? {}).sort()).toEqual(Object.keys(SCENES).sort());
      const golden = goldenScores();
      for (const [index, crop] of scores.entries()) {
        for (const [scene, score] of Object.entries(crop)) {
          const difference = Math.abs(score - (golden[scene]?.[index] ?? Number.NaN));
          expect(difference, `crop ${index}, ${scene}`).toBeLessThan(1e-4);
        }
      }
      const common = scores.slice(0, CROPS.webkit);
      found[module] ??= [];
      for (const { browser, scores: theirs } of found[module]) expect(common, `as in ${browser}`).toEqual(theirs);
      found[module].push({ browser: `${name} ${driver().version}`, scores: common });
    },
  );
});

test('every module ran in more than one browser, where there is one', ({ skip }) => {
  const browsers = new Set(Object.values(found).flatMap((all) => all.map(({ browser }) => browser)));
  if (browsers.size < 2) skip(`only ${[...browsers].join()} is here`);
  for (const [module, all] of Object.entries(found)) {
    console.log(`${module}: the same bits in ${all.map(({ browser }) => browser).join(', ')}`);
  }
  expect(found.cpu?.length).toBe(browsers.size);
});
