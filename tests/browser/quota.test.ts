import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { BLOCK, checksum, FakeSite, largeModel } from './fake-site.ts';

const MODEL = largeModel(4 * BLOCK + 1_000_000);

let site: FakeSite;
let browser: Awaited<ReturnType<typeof launchChromium>>;

beforeAll(async () => {
  site = await new FakeSite(MODEL).start();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  site?.stop();
});

// Chromium alone lets a test set the quota of a site.
test('a quota that is too small: the load goes on, nothing is kept, and the reason can be read', async () => {
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.waitForFunction(() => 'api' in globalThis);
  const session = await page.context().newCDPSession(page);
  const origin = site.url.slice(0, -1);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2 * BLOCK });
  const { kept, note, bytes, entries } = await page.evaluate(async () => {
    const options = { weights: '/model.safetensors', wasm: '/fake/', device: 'cpu' } as const;
    const gamma = await api.Gamma.load(options);
    const { source, model } = gamma;
    await gamma.dispose();
    const bytes = model.config['model.safetensors'];
    return { ...source, bytes, entries: await api.Gamma.cache.list() };
  });
  expect([kept, bytes]).toEqual([false, checksum(MODEL)]);
  // Chromium's estimate need not tell the quota that it enforces.
  expect(note).toMatch(
    /^The model was not kept: (it needs 35 MB, and the browser leaves \d+ MB to this site|the browser leaves this site no more room)\.$/,
  );
  expect(entries).toEqual([]);
});
