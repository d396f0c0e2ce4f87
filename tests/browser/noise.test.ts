// Browsers that falsify the pixels of a canvas against fingerprinting: the result says so, and scores by the file are as ever.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { whyMissing } from '../../scripts/lib/browsers.mjs';
import { bareTab, load } from './bare.ts';
import { launch } from './drivers/playwright.ts';
import type { Driver, Tab } from './drivers/tab.ts';
import { requireModules, type Server, servePage } from './server.ts';

const missing = whyMissing('firefox');
let server: Server;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
});
afterAll(() => server?.close());

/** Photos by where their pixels come from: the score, and whether the result calls the pixels inexact. */
const results = (page: Tab) =>
  page.evaluate(async () => {
    const options = { policy: 'center', crops: 1, scene: 'generic' } as const;
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 300, height: 300 });
    const context = canvas.getContext('2d');
    for (let at = 0; at < 300; at++) {
      if (context) context.fillStyle = `rgb(${at % 256} ${(2 * at) % 256} 90)`;
      context?.fillRect(at, 0, 1, 300);
    }
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><circle cx="150" cy="150" r="90" fill="teal"/></svg>';
    const photos = {
      jpeg: 'samples/dog.jpg',
      pixels: await goldenCrop(0),
      avif: '/fixtures/flowers.avif',
      svg: new Blob([svg], { type: 'image/svg+xml' }),
      canvas,
      bitmap: await createImageBitmap(canvas),
    };
    const all: Record<string, { score: number; source: string; inexact: boolean }> = {};
    for (const [name, photo] of Object.entries(photos)) {
      const { score, source, ...rest } = await gamma.score(photo, options);
      all[name] = { score, source, inexact: 'inexact' in rest && rest.inexact === true };
    }
    return all;
  });

describe('firefox with privacy.resistFingerprinting', () => {
  let driver: Driver;
  let page: Tab;
  beforeAll(async () => {
    if (missing === undefined) driver = await launch('firefox', { 'privacy.resistFingerprinting': true });
  });
  beforeEach(({ task, skip }) => {
    task.meta.browser = { name: 'firefox', version: driver?.version ?? '' };
    if (missing !== undefined) skip(missing);
  });
  afterAll(() => driver?.close());

  test('photos whose pixels went through a canvas are called inexact, and no others', async () => {
    page = await bareTab(driver, server);
    await load(page, 'cpu');
    const [first, second] = [await results(page), await results(page)];
    const inexact = Object.entries(first).filter(([, result]) => result.inexact);
    expect(inexact.map(([kind]) => kind)).toEqual(['avif', 'svg', 'canvas', 'bitmap']);
    for (const [kind, { score, inexact }] of Object.entries(first)) {
      // Noise is another one each time: otherwise this would be no test of it.
      if (inexact) expect(second[kind]?.score, kind).not.toBe(score);
      else expect(second[kind]?.score, kind).toBe(score);
    }
  });
});
