import { afterAll, beforeAll, test } from 'vitest';
import { buildExtension } from '../../scripts/extension.mjs';
import { ChromiumWithExtension } from '../extension/browsers.ts';
import { becomes, expected } from '../extension/filtering.ts';
import { serveSite } from '../extension/site.ts';
import { requireModules } from './server.ts';

// The extension in Chromium, in little. All of it, in Firefox too: npm run test:extension.

let site: Awaited<ReturnType<typeof serveSite>>;
let browser: ChromiumWithExtension;

beforeAll(async () => {
  requireModules('cpu', 'extras');
  site = await serveSite();
  browser = await ChromiumWithExtension.start(await buildExtension('chromium'));
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test('images of a page that forbids everything but images are blurred where they score low', async () => {
  const tab = await browser.open(`${site.url}/strict?count=7`);
  // The last two declare themselves, and are marked.
  await becomes(tab, [...expected(5, 40, 'blurred'), 'shown', 'shown']);
  await tab.close();
});
