// What is kept on the device, in each browser: goes on after a break, notices damage, hands over between tabs.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { whyWithoutStore } from './drivers/detect.ts';
import { inEveryBrowser } from './drivers/every.ts';
import type { Driver, Tab } from './drivers/tab.ts';
import { BLOCK, checksum, FakeSite, largeModel } from './fake-site.ts';

const MODEL = largeModel(4 * BLOCK + 1_000_000);
const SUM = checksum(MODEL);

let site: FakeSite;
let browser: Driver;

beforeAll(async () => {
  site = await new FakeSite(MODEL).start();
});
afterAll(() => site?.stop());

async function open(): Promise<Tab> {
  const page = await browser.open(site.url);
  await page.evaluate(async () => {
    while (!('api' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 10));
  });
  return page;
}

/** Loads the model in `page`; tells what reached the engine, and how. */
function load(page: Tab, cache: 'default' | 'only-if-cached' = 'default') {
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

/** Waits until `count` locks are held, in whichever tab. */
const locked = (page: Tab, count: number) =>
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

const list = (page: Tab) => page.evaluate(() => api.Gamma.cache.list());

/** Changes a byte in the middle of a block on the disk, or removes the block. */
const spoil = (page: Tab, block: string, how: 'damage' | 'remove') =>
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

inEveryBrowser((driver, name) => {
  let lacks: string | undefined;
  const rounds = name === 'chromium' ? 20 : 3;

  beforeEach(async () => {
    browser = driver();
    site.model = MODEL;
    site.pause = 0;
    site.hold = Number.POSITIVE_INFINITY;
    site.away = false;
    site.workerHead = '';
    site.onSent = () => {};
    const page = await open();
    lacks = await whyWithoutStore(page);
    if (lacks === undefined) await page.evaluate(() => api.Gamma.cache.delete());
    await page.close();
    site.ranges.length = 0;
    site.sent = 0;
  });

  describe('with a private file system', () => {
    beforeEach(({ skip }) => {
      if (lacks !== undefined) skip(lacks);
    });

    test(`killed at ${rounds} random points, the download goes on at the last whole block, and every byte is the right one`, async () => {
      site.pause = 4;
      for (let round = 0; round < rounds; round++) {
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
      site.away = true;
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
  });

  // Ten seconds in one.
  const fast =
    "for (const name of ['setTimeout', 'setInterval']) { const real = self[name]; self[name] = (f, ms) => real(f, ms / 10); }";
  test.for([
    // What a worker of an older browser finds.
    [
      'without a private file system',
      'if (navigator.storage) delete StorageManager.prototype.getDirectory;',
      'this browser offers no private file system',
      'everywhere',
    ],
    // Safari keeps those of a page that was loaded again.
    [
      'with Web Locks that are never given',
      `${fast} LockManager.prototype.request = () => new Promise(() => {});`,
      'its lock was not given to this page, and whoever has it gave no sign of life within 10 s',
    ],
    [
      'with a private file system that never answers',
      `${fast} StorageManager.prototype.getDirectory = () => new Promise(() => {});`,
      "the browser's private file system did not answer within 10 s",
    ],
    [
      'with one that refuses, as in some private windows',
      "StorageManager.prototype.getDirectory = async () => { throw new DOMException('private', 'SecurityError'); };",
      'private',
    ],
  ])('%s the load goes on, and the reason can be read', async ([, head = '', reason, where], { skip }) => {
    if (where !== 'everywhere' && lacks !== undefined) skip(lacks);
    site.workerHead = head;
    const page = await open();
    expect(await load(page)).toMatchObject({ sum: SUM, kept: false, note: `The model was not kept: ${reason}.` });
    await page.close();
  });
});
