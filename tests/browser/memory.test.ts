// Memory does not grow with the number of photos.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EAGER_MEMORY } from '../../scripts/lib/flags.mjs';
import { barePage } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { GOLDEN_MODEL, requireModules, type Server, servePage } from './server.ts';

/** A leak of 15 kB a photo shows; `bench/many.mjs` scores a thousand. */
const PHOTOS = 200;
/** Photos after which everything that is needed is there. */
const SETTLED = 50;
/** Bytes that memory may grow by after that. */
const GROWTH = 2_250_000;

let server: Server;
let browser: Browser;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
  browser = await launchChromium({ flags: [EAGER_MEMORY] });
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test.each([
  ['in one worker', { workers: 1, previews: false }],
  ['in two workers with first estimates', { workers: 2, previews: true }],
])(`${PHOTOS} photos in scoreAll, %s: memory stays as it is after ${SETTLED}`, async (_, { workers, previews }) => {
  const page = await barePage(browser, server);
  const found = await page.evaluate(
    async ({ count, settled, weights, workers, previews }) => {
      globalThis.gamma = await api.Gamma.load({ weights, device: 'cpu', workers, threads: 1 });
      const canvas = await goldenCanvas(0);
      const context = canvas.getContext('2d');
      if (!context) throw new Error('no canvas');
      const bytes = async (type: string, shade: number) => {
        context.fillStyle = `rgb(${shade} 90 40)`;
        context.fillRect(shade, 20, 60, 60);
        return (await canvas.convertToBlob({ type })).arrayBuffer();
      };
      const files: [ArrayBuffer, string][] = [];
      for (const type of ['image/png', 'image/jpeg']) {
        for (let shade = 0; shade < 100; shade += 10) files.push([await bytes(type, shade), type]);
      }
      function* photos() {
        for (let index = 0; index < count; index++) {
          const [data, type] = files[index % files.length] ?? [];
          if (data) yield new File([data], `${index}`, { type: type ?? '' });
        }
      }
      // Counts the page and its workers; what lies in WebAssembly is told by `memory`.
      const measure = async () => {
        const { measureUserAgentSpecificMemory } = performance as unknown as {
          measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
        };
        const { bytes } = await measureUserAgentSpecificMemory.call(performance);
        const { wasm } = await gamma.memory();
        return { bytes, wasm };
      };
      let before = { bytes: 0, wasm: 0 };
      let scored = 0;
      const options = { crops: previews ? 2 : 1, scene: 'all', previews } as const;
      let looked = 0;
      for await (const { assessment, final } of gamma.scoreAll(photos(), options)) {
        looked += 1;
        if (assessment && final) scored += 1;
        if (looked === settled) before = await measure();
      }
      return { scored, before, after: await measure() };
    },
    { count: PHOTOS, settled: SETTLED, weights: GOLDEN_MODEL, workers, previews },
  );
  await page.close();
  const { scored, before, after } = found;
  console.log(`WebAssembly ${before.wasm} to ${after.wasm} bytes, all ${before.bytes} to ${after.bytes}`);
  expect(scored).toBe(PHOTOS);
  expect(before.bytes).toBeGreaterThan(0);
  expect(after.wasm - before.wasm).toBeLessThan(GROWTH);
  expect(after.bytes - before.bytes).toBeLessThan(GROWTH);
});
