import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { App } from './app.ts';
import { serveBuiltPage } from './built-page.ts';
import { launchChromium } from './chromium.ts';

let host: Awaited<ReturnType<typeof serveBuiltPage>>;
let browser: Browser;

beforeAll(async () => {
  host = await serveBuiltPage();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

test('the built page works in any folder of a plain static host', async () => {
  const app = await App.open(browser, { url: host.url, close: async () => {} });
  await app.button('Try the samples').click();
  await app.settled(6);
  expect(await app.percents()).toHaveLength(6);
  expect(app.errors).toEqual([]);
  await app.close();
});
