import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { App, sample } from './app.ts';
import { barePage, load } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { goldenScores } from './golden.ts';
import { requireModules, type Server, servePage } from './server.ts';

// An emulated GPU: right values, no speed. Two crops are enough to see every kernel.
const CROPS = 2;

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  requireModules('gpu', 'cpu');
  server = await servePage();
  browser = await launchChromium({ webgpu: true });
  page = await barePage(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('golden crops under all six scenes are within 1e-3 of the published model', async () => {
  const device = await load(page, 'webgpu');
  expect(device.kind).toBe('webgpu');
  expect(device.module).toBe('gpu');
  const golden = goldenScores();
  for (let index = 0; index < CROPS; index++) {
    const results = await page.evaluate(
      async (crop) => gamma.score(await goldenCrop(crop), { scene: 'all', policy: 'center', crops: 1 }),
      index,
    );
    for (const [scene, scores] of Object.entries(golden)) {
      expect(results[scene]?.device).toBe('webgpu');
      const difference = Math.abs((results[scene]?.score ?? Number.NaN) - (scores[index] ?? Number.NaN));
      expect(difference, `crop ${index}, ${scene}`).toBeLessThan(1e-3);
    }
  }
});

test('a photo given up on the GPU leaves the model usable', async () => {
  const { code, score } = await page.evaluate(async () => {
    const stop = new AbortController();
    const options = { crops: 40, signal: stop.signal, onProgress: () => stop.abort() };
    const { code } = await rejection(gamma.score('samples/dog.jpg', options));
    const { score } = await gamma.score(await goldenCrop(0), { scene: 'generic', policy: 'center' });
    return { code, score };
  });
  expect(code).toBe('aborted');
  expect(Math.abs(score - (goldenScores().generic?.[0] ?? Number.NaN))).toBeLessThan(1e-3);
});

test('auto passes over an emulated GPU and says so', async () => {
  await page.evaluate(() => globalThis.gamma?.dispose());
  const device = await load(page, 'auto');
  expect(device.kind).toBe('cpu');
  expect(device.reason).toMatch(/emulat|software/i);
});

test('the page scores a photo on the GPU that the person switches to', async () => {
  const app = await App.open(browser, server);
  await app.choose([sample('dog.jpg')]);
  await app.settled(1);
  await app.page.locator('#options summary').click();
  await app.page.getByRole('combobox', { name: 'Crops' }).selectOption('center');
  await app.page.keyboard.press('Escape');
  await app.page.getByText('WebGPU', { exact: true }).click();
  await app.page.locator('#device-line', { hasText: /^WebGPU/ }).waitFor({ timeout: 240_000 });
  await app.page.locator('#options summary').click();
  await app.button('Score all again').click();
  await app.settled(1);
  expect(await app.card('dog.jpg').locator('.cost').textContent()).toMatch(/^WebGPU, /);
  await app.screenshot('webgpu');
  expect(app.errors).toEqual([]);
  await app.close();
});
