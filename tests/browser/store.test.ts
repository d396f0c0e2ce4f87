import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FLAGS } from '../../scripts/lib/flags.mjs';
import { findChromium } from './chromium.ts';
import { BLOCK, checksum, FakeSite, largeModel } from './fake-site.ts';

const MODEL = largeModel(4 * BLOCK + 1_000_000);
const SUM = checksum(MODEL);

let folder: string;
let context: BrowserContext;
let site: FakeSite;

beforeAll(async () => {
  site = await new FakeSite(MODEL).start();
  // A profile on the disk: in a private one the file system lies in memory.
  folder = mkdtempSync(join(tmpdir(), 'gamma-store-'));
  context = await chromium.launchPersistentContext(folder, { executablePath: findChromium(), args: FLAGS });
});
afterAll(async () => {
  await context?.close();
  site?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  site.model = MODEL;
  site.pause = 0;
  site.hold = Number.POSITIVE_INFINITY;
  site.onSent = () => {};
  const page = await open();
  await page.evaluate(() => api.Gamma.cache.delete());
  await page.close();
  site.ranges.length = 0;
  site.sent = 0;
});

async function open(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.url);
  await page.waitForFunction(() => 'api' in globalThis);
  return page;
}

/** Loads the model in `page`; tells what reached the engine, and how. */
function load(page: Page, cache: 'default' | 'only-if-cached' = 'default') {
  return page.evaluate(async (mode) => {
    const seen: { loaded: number; total?: number; from?: string }[] = [];
    const options = { weights: '/model.safetensors', wasm: '/fake/', device: 'cpu', cache: mode } as const;
    const gamma = await api.Gamma.load({
      ...options,
      onProgress: ({ phase, ...progress }) => phase === 'weights' && seen.push(progress),
    });
    const { source, model } = gamma;
    await gamma.dispose();
    const locks = (await navigator.locks.query()).held?.length;
    return { ...source, sum: model.config['model.safetensors'], seen, locks };
  }, cache);
}

/** Waits until `count` locks are held, in whichever tab. Playwright's `waitForFunction` takes any promise for a yes. */
const locked = (page: Page, count: number) =>
  expect
    .poll(() => page.evaluate(async () => (await navigator.locks.query()).held?.length), { timeout: 60_000 })
    .toBe(count);

/** Lets the next download come to a stop there; settles when it did. */
const holdAt = (byte: number) =>
  new Promise<void>((resolve) => {
    site.hold = byte;
    site.sent = 0;
    site.onSent = (sent) => sent >= byte && resolve();
  });

const list = (page: Page) => page.evaluate(() => api.Gamma.cache.list());

/** Changes a byte in the middle of a block on the disk, or removes the block. */
const spoil = (page: Page, block: string, how: 'damage' | 'remove') =>
  page.evaluate(
    async ({ block, how }) => {
      const all = await (await navigator.storage.getDirectory()).getDirectoryHandle('gamma-wasm');
      for await (const entry of (all as unknown as { values(): AsyncIterable<FileSystemDirectoryHandle> }).values()) {
        if (how === 'remove') {
          await entry.removeEntry(block);
          continue;
        }
        const writable = await (await entry.getFileHandle(block)).createWritable({ keepExistingData: true });
        await writable.write({ type: 'write', position: 1000, data: '!' });
        await writable.close();
      }
    },
    { block, how },
  );

test('killed at 20 random points, the download goes on at the last whole block, and every byte is the right one', async () => {
  site.pause = 4;
  for (let round = 0; round < 20; round++) {
    const point = Math.floor(Math.random() * MODEL.length);
    const dying = await open();
    const reached = holdAt(point);
    load(dying).catch(() => {});
    await reached;
    await dying.close();
    const page = await open();
    await locked(page, 0);
    const [entry] = await list(page);
    const kept = entry?.bytes ?? 0;
    site.ranges.length = 0;
    const { sum, locks } = await load(page);
    expect([sum, locks], `killed after ${point} bytes`).toEqual([SUM, 0]);
    expect(site.ranges, `killed after ${point} bytes`).toEqual(
      kept === MODEL.length ? [] : [kept === 0 ? undefined : `bytes=${kept}-`],
    );
    expect(await list(page)).toMatchObject([{ bytes: MODEL.length, total: MODEL.length, complete: true }]);
    expect(await page.evaluate(() => api.Gamma.cache.delete('/model.safetensors'))).toBe(1);
    await page.close();
  }
});

test('the second visit needs no network', async () => {
  const page = await open();
  expect(await load(page)).toMatchObject({ from: 'network', kept: true, note: '', sum: SUM });
  await page.route('**/model*', (route) => route.abort());
  const second = await load(page);
  expect(second).toMatchObject({ from: 'store', kept: true, sum: SUM });
  expect(second.seen.at(-1)).toMatchObject({ loaded: MODEL.length, total: MODEL.length, from: 'store' });
  expect(await load(page, 'only-if-cached')).toMatchObject({ sum: SUM });
  expect(site.ranges).toEqual([undefined]);
  await page.close();
});

test.each(['damage', 'remove'] as const)(
  'a block that suffered (%s) is noticed, and that block alone is fetched again',
  async (how) => {
    const page = await open();
    await load(page);
    await spoil(page, 'block-00002', how);
    expect(await load(page)).toMatchObject({ sum: SUM, kept: true });
    expect(site.ranges).toEqual([undefined, `bytes=${2 * BLOCK}-${3 * BLOCK - 1}`]);
    expect(await load(page)).toMatchObject({ from: 'store', sum: SUM });
    await page.close();
  },
);

test('a quota that is too small: the load goes on, nothing is kept, and the reason can be read', async () => {
  const page = await open();
  const session = await context.newCDPSession(page);
  const origin = site.url.slice(0, -1);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2 * BLOCK });
  const { sum, kept, note } = await load(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  expect([sum, kept]).toEqual([SUM, false]);
  // Chromium's estimate need not tell the quota that it enforces.
  expect(note).toMatch(
    /^The model was not kept: (it needs 35 MB, and the browser leaves \d+ MB to this site|the browser leaves this site no more room)\.$/,
  );
  expect(await list(page)).toEqual([]);
  await page.close();
});

test('two tabs at once download once, and both load', async () => {
  site.pause = 20;
  const [first, second] = [await open(), await open()];
  const results = await Promise.all([load(first), load(second)]);
  expect(results.map(({ sum }) => sum)).toEqual([SUM, SUM]);
  expect(site.ranges).toEqual([undefined]);
  for (const { seen } of results) expect(seen.length).toBeGreaterThan(2);
  await first.close();
  await second.close();
});

test('a tab that is closed while it downloads hands over to the one that waits', async () => {
  const [first, second] = [await open(), await open()];
  site.hold = 2.5 * BLOCK;
  load(first).catch(() => {});
  await locked(first, 1);
  const waiting = load(second);
  // What has come is written, and no more comes.
  await expect.poll(async () => (await list(second))[0]?.bytes, { timeout: 60_000 }).toBe(2 * BLOCK);
  await first.close();
  expect(await waiting).toMatchObject({ sum: SUM, kept: true });
  expect(site.ranges).toEqual([undefined, `bytes=${2 * BLOCK}-`]);
  await second.close();
});

test('an abort leaves neither lock nor connection, and nothing loaded', async () => {
  site.hold = 2.5 * BLOCK;
  const page = await open();
  const { code, locks } = await page.evaluate(async () => {
    const stop = new AbortController();
    const failed = api.Gamma.load({
      weights: '/model.safetensors',
      wasm: '/fake/',
      device: 'cpu',
      signal: stop.signal,
      onProgress: ({ phase, loaded }) => phase === 'weights' && loaded > 3e6 && stop.abort(),
    });
    const { code } = await failed.then(
      () => ({ code: 'none' }),
      (error) => error,
    );
    // The worker is ended, and the browser takes its locks back a moment later.
    let locks = 1;
    while (locks > 0) locks = (await navigator.locks.query()).held?.length ?? 0;
    return { code, locks };
  });
  expect([code, locks]).toEqual(['aborted', 0]);
  expect((await list(page)).every(({ complete }) => !complete)).toBe(true);
  await page.close();
});

test('without a private file system the load goes on, and the reason can be read', async () => {
  const page = await context.newPage();
  // What a worker of an older browser finds.
  await page.route('**/pkg/worker.js', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: `delete StorageManager.prototype.getDirectory;\n${body}` });
  });
  await page.goto(site.url);
  await page.waitForFunction(() => 'api' in globalThis);
  expect(await load(page)).toMatchObject({
    sum: SUM,
    kept: false,
    note: 'The model was not kept: this browser offers no private file system.',
  });
  await page.close();
});

test('a private file system that refuses, as in some private windows: the load goes on', async () => {
  const page = await context.newPage();
  await page.route('**/pkg/worker.js', async (route) => {
    const response = await route.fetch();
    const refusal =
      "StorageManager.prototype.getDirectory = async () => { throw new DOMException('private', 'SecurityError'); };";
    await route.fulfill({ response, body: `${refusal}\n${await response.text()}` });
  });
  await page.goto(site.url);
  await page.waitForFunction(() => 'api' in globalThis);
  expect(await load(page)).toMatchObject({ sum: SUM, kept: false, note: 'The model was not kept: private.' });
  await page.close();
});
