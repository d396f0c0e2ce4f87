import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DECLARED, ENTRIES, expected } from '../common/declared.ts';
import { barePage } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { requireModules, type Server, servePage } from './server.ts';

// What photos declare about their origin, in Chromium.

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  requireModules('cpu', 'extras');
  server = await servePage();
  browser = await launchChromium({ webgpu: false });
  page = await barePage(browser, server);
  await page.route('**/declared/*', (route) => {
    const name = basename(new URL(route.request().url()).pathname);
    return route.fulfill({ body: readFileSync(join(DECLARED, name)) });
  });
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('every file is what it says', async () => {
  const entries = await page.evaluate(
    async ({ files, weights }) => {
      globalThis.gamma = await api.Gamma.load({ weights, device: 'cpu' });
      const found: [string, { source: string; c2pa: string; verified: boolean }][] = [];
      for (const file of files) {
        const { provenance } = await gamma.score(`/declared/${file}`, { policy: 'center' });
        const { source, c2pa, verified } = provenance;
        found.push([file, { source, c2pa, verified }]);
      }
      return found;
    },
    { files: ENTRIES.map(({ file }) => file), weights: '/models/untrained-tiny.safetensors' },
  );
  const found = new Map(entries);
  expect(found.size).toBe(28);
  expect(found).toEqual(expected(found));
}, 600_000);
