// Many photos in a browser: in several workers, with first estimates, and none computed twice.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { barePage } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { GOLDEN_MODEL, requireModules, type Server, servePage } from './server.ts';

let server: Server;
let browser: Browser;
let page: Page;

/** What a page keeps between the calls of a test. */
declare global {
  var workers: Worker[];
  /** Requests for a score that workers got. */
  var asked: number;
  /** The kinds of photo that came with them. */
  var kinds: (string | undefined)[];
  var files: File[];
  var scoresOf: (workers: number) => Promise<(number | undefined)[]>;
}

const SAMPLES = ['dog.jpg', 'lighthouse.webp', 'lighthouse-noisy.jpg', 'city-at-night.webp', 'lighthouse-blurred.webp'];

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed', 'extras');
  server = await servePage();
  browser = await launchChromium();
});
beforeEach(async () => {
  page = await barePage(browser, server);
  await page.evaluate(
    async ({ names, weights }) => {
      globalThis.workers = [];
      globalThis.asked = 0;
      globalThis.kinds = [];
      globalThis.Worker = class extends Worker {
        constructor(...args: ConstructorParameters<typeof Worker>) {
          super(...args);
          workers.push(this);
        }
        override postMessage(
          message: { type?: string; body?: { photo?: { kind: string } } },
          ...rest: unknown[]
        ): void {
          if (message.type === 'score') {
            asked += 1;
            kinds.push(message.body?.photo?.kind);
          }
          super.postMessage(message, ...(rest as [Transferable[]]));
        }
      };
      globalThis.files = [];
      for (let round = 0; round < 3; round++) {
        for (const name of names) files.push(new File([await (await fetch(`samples/${name}`)).blob()], name));
      }
      globalThis.scoresOf = async (count) => {
        const model = await api.Gamma.load({ weights, device: 'cpu', workers: count });
        const scores: (number | undefined)[] = [];
        for await (const { assessment } of model.scoreAll(files, { crops: 2 })) scores.push(assessment?.score);
        await model.dispose();
        return scores;
      };
    },
    { names: SAMPLES, weights: GOLDEN_MODEL },
  );
});
afterEach(() => page?.close());
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('two workers give the scores of one, in order, from one download', async () => {
  let downloads = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.endsWith('.safetensors')) downloads += 1;
  });
  const { one, two, started } = await page.evaluate(async () => {
    const two = await scoresOf(2);
    const started = workers.length;
    return { two, started, one: await scoresOf(1) };
  });
  expect(started).toBe(2);
  expect(two).toEqual(one);
  expect(new Set(one).size, 'the photos differ').toBe(SAMPLES.length);
  expect(downloads).toBe(1);
});

test('each worker has its memory, and a worker that dies in the middle costs no photo', async () => {
  const { scores, plain, memory, after } = await page.evaluate(async (weights) => {
    const plain = await scoresOf(1);
    globalThis.workers = [];
    const model = await api.Gamma.load({ weights, device: 'cpu', workers: 2 });
    const scores: (number | undefined)[] = [];
    let memory: { wasm: number; workers: number } | undefined;
    for await (const { index, assessment } of model.scoreAll(files, { crops: 2 })) {
      scores.push(assessment?.score);
      if (index === 3) {
        do memory = await model.memory();
        while (memory.workers < 2);
        workers[1]?.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
      }
    }
    const after = workers.length;
    await model.dispose();
    return { scores, plain, memory, after };
  }, GOLDEN_MODEL);
  expect(scores).toEqual(plain);
  expect(memory?.workers).toBe(2);
  expect(memory?.wasm).toBeGreaterThan(2e6);
  expect(after, 'another one took its place').toBeGreaterThanOrEqual(2);
});

test('estimates of all photos come before what is final, which is what a plain call gives', async () => {
  const { results, plain, sent } = await page.evaluate(async (weights) => {
    const plain = await scoresOf(1);
    globalThis.kinds = [];
    const model = await api.Gamma.load({ weights, device: 'cpu', workers: 2 });
    const results: { index: number; final: boolean; score?: number; crops?: number; uncertainty?: number }[] = [];
    for await (const { index, final, assessment } of model.scoreAll(files, { crops: 2, previews: true })) {
      const { score, crops, uncertainty } = assessment ?? {};
      results.push({
        index,
        final,
        ...(score && { score, uncertainty: uncertainty ?? -1, crops: crops?.length ?? 0 }),
      });
    }
    await model.dispose();
    return { results, plain, sent: kinds };
  }, GOLDEN_MODEL);
  const count = plain.length;
  expect(results.map(({ index, final }) => `${index} ${final}`)).toEqual(
    [false, true].flatMap((final) => plain.map((_, index) => `${index} ${final}`)),
  );
  for (const { crops, uncertainty } of results.slice(0, count)) {
    expect(crops).toBe(1);
    expect(uncertainty).toBeGreaterThan(0);
  }
  expect(results.slice(count).map(({ score }) => score)).toEqual(plain);
  expect(sent, 'each file is decoded once').toEqual([...plain.map(() => 'bytes'), ...plain.map(() => 'prepared')]);
});

test('a File that was scored is not computed for another scene, and scores there as if it were', async () => {
  const { asked, kept, plain, url } = await page.evaluate(async (weights) => {
    const model = await api.Gamma.load({ weights, device: 'cpu' });
    const [file] = files;
    if (!file) throw new Error('no file');
    const options = { crops: 3, scene: 'face-quality' };
    await model.score(file, { crops: 3 });
    const kept = await model.score(file, options);
    const twice = globalThis.asked;
    // Another object with the same bytes is another photo.
    const plain = await model.score(new File([file], file.name), options);
    await model.addScene('product', '{level} product photo');
    await model.score(file, { crops: 3, scene: 'product' });
    await model.score(file, { crops: 3, scene: 'product' });
    const before = globalThis.asked;
    await model.score('samples/dog.jpg', options);
    await model.score('samples/dog.jpg', options);
    const url = globalThis.asked - before;
    await model.dispose();
    return { asked: [twice, before], kept, plain, url };
  }, GOLDEN_MODEL);
  expect(asked).toEqual([1, 3]);
  expect({ ...kept, ms: 0 }).toEqual({ ...plain, ms: 0 });
  expect(url, 'what lies at an address may change').toBe(2);
});
