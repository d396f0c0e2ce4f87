// A store that does not answer: no load waits for it, and the caller can read why nothing was kept.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RemoteOptions, remoteFiles } from '../../js/model/remote.js';
import { cacheIn } from '../../js/model/store/cache.js';
import { lockName } from '../../js/model/store/entry.js';
import type { CacheMode } from '../../js/types.js';
import { FakeStorage, type Hanging } from './fake-storage.js';
import { later, QUICK, TestGamma, until, weightsOf } from './fakes.js';
import { FlakyServer, stall } from './flaky-server.js';

const BLOCK = 10_000;
const BYTES = weightsOf({ scenes: ['natural-quality', ...Array.from({ length: 12_000 }, (_, index) => `s${index}`)] });
/** A tenth of a second. */
const WAIT = { interval: 5, looks: 20 };
/** One that a test does not see the end of. */
const LONG = { interval: 1000, looks: 1000 };

let server: FlakyServer;
let storage: FakeStorage;

beforeEach(async () => {
  server = await new FlakyServer(BYTES).start();
  storage = new FakeStorage();
});
afterEach(() => server.stop());

async function load(cache: CacheMode = 'default', signal?: AbortSignal, remote: Partial<RemoteOptions> = {}) {
  const options = { weights: server.url, cache, signal };
  const all = { storage, blockSize: BLOCK, wait: WAIT, timings: { ...QUICK, idle: 60_000 }, ...remote };
  const { gamma } = await TestGamma.with(options, { remote: all });
  const { source, model } = gamma;
  await gamma.dispose();
  return { sum: model.config['model.safetensors'], ...source };
}

async function right(): Promise<unknown> {
  const { gamma } = await TestGamma.with({ weights: BYTES });
  await gamma.dispose();
  return gamma.model.config['model.safetensors'];
}

/** Takes the lock of the file for ever, as a page that is gone does in some browsers. */
async function takeLock(mode: 'shared' | 'exclusive'): Promise<void> {
  const before = storage.folders.size;
  if (before === 0) await load();
  const [folder = ''] = storage.folders;
  void storage.locks.request(lockName(folder.slice(0, -1)), { mode }, () => new Promise(() => {}));
  await until(() => storage.locks.busy);
  if (before > 0) return;
  storage.files.clear();
  storage.folders.clear();
}

const NO_LOCK =
  /^The model was not kept: its lock was not given to this page, and whoever has it gave no sign of life within \d+ s\.$/;
const SILENT = /^The model was not kept: the browser's private file system did not answer within \d+ s\.$/;

test.each<[string, CacheMode, 'exclusive' | 'shared']>([
  ['a first visit', 'default', 'exclusive'],
  ['a first visit while a reader is stuck', 'default', 'shared'],
  ['a reload', 'reload', 'exclusive'],
  ['a reload while a reader is stuck', 'reload', 'shared'],
])('a lock that is never given (%s): the load goes on without the store and says so', async (_, cache, mode) => {
  await takeLock(mode);
  const found = await load(cache);
  expect(found).toMatchObject({ sum: await right(), from: 'network', kept: false });
  expect(found.note).toMatch(NO_LOCK);
});

test('a lock that is never given, of a file that is there as a whole', async () => {
  await load();
  await takeLock('exclusive');
  const found = await load();
  expect(found).toMatchObject({ sum: await right(), from: 'network', kept: false });
  expect(found.note).toMatch(NO_LOCK);
  await expect(load('only-if-cached')).rejects.toMatchObject({
    code: 'store',
    message: expect.stringMatching(/no sign of life/),
  });
  expect(storage.blocks(), 'what is there stays').toHaveLength(Math.ceil(BYTES.length / BLOCK));
});

test('locks that never answer at all', async () => {
  storage.locks.silent = true;
  const found = await load();
  expect(found).toMatchObject({ sum: await right(), kept: false });
  expect(found.note).toMatch(NO_LOCK);
});

test.each<[Hanging, number]>([
  ['directory', 0],
  ['directory', 1],
  ['getDirectoryHandle', 0],
  ['getDirectoryHandle', 1],
  ['getFileHandle', 0],
  ['getFileHandle', 4],
  ['getFileHandle', 9],
  ['createSyncAccessHandle', 0],
  ['createSyncAccessHandle', 1],
  ['createSyncAccessHandle', 2],
  ['createSyncAccessHandle', 7],
  ['estimate', 0],
])('%s never answers, after %i times: the load goes on and says so', async (hanging, times) => {
  Object.assign(storage, { hanging, hangs: times });
  const found = await load();
  expect(storage.hangs, 'it was asked that often').toBeLessThan(0);
  expect(found).toMatchObject({ sum: await right(), kept: false });
  expect(found.note).toMatch(SILENT);
  expect(server.requests).toHaveLength(1);
});

test.each<[Hanging, number]>([
  ['directory', 0],
  ['getDirectoryHandle', 0],
  ['getFileHandle', 0],
  ['getFileHandle', 3],
  ['getFile', 0],
  ['getFile', 3],
])('of a model that is there %s never answers, after %i times', async (hanging, times) => {
  await load();
  Object.assign(storage, { hanging, hangs: times });
  expect(await load()).toMatchObject({ sum: await right() });
  Object.assign(storage, { hanging, hangs: times });
  await expect(load('only-if-cached')).rejects.toMatchObject({ name: 'GammaError' });
});

test('the model of many files waits once', async () => {
  storage.hanging = 'directory';
  const options = { cache: 'default', storage, timings: QUICK, blockSize: BLOCK, wait: WAIT } as const;
  const files = remoteFiles(server.url.replace('model', 'x.index.json'), options);
  for (const name of ['a', 'b', 'c']) {
    const file = await files.open(`${name}.safetensors`, { signal: new AbortController().signal });
    file.close();
  }
  // It was asked once: each further question would have been a wait, too.
  expect(storage.hangs).toBe(-1);
  expect(files.keeping).toMatchObject({ kept: false, note: expect.stringMatching(SILENT) });
});

test('who follows a tab that dies without giving its lock back goes on from where that was, and removes nothing', async () => {
  server.acts.push(stall(4 * BLOCK + 5));
  const dying = load('default', undefined, { wait: LONG });
  dying.catch(() => {});
  await until(() => storage.blocks().length === 4);
  // The tab is gone: no signs, no blocks. Its lock is held, as nobody took it back.
  silence();
  const found = await load();
  expect(found).toMatchObject({ sum: await right(), from: 'network', kept: false });
  expect(found.note).toMatch(NO_LOCK);
  expect(storage.blocks()).toHaveLength(4);
  expect(server.requests.map(({ range }) => range)).toEqual([undefined, `bytes=${4 * BLOCK}-`]);
});

test('who follows a tab that is slow but lives waits for it', async () => {
  server.acts.push(stall(4 * BLOCK + 5));
  const stop = new AbortController();
  const slow = load('default', stop.signal, { wait: LONG });
  slow.catch(() => {});
  await until(() => storage.blocks().length === 4);
  // Three seconds without a sign would be too long; there is one each second.
  const following = load('default', undefined, { wait: { interval: 30, looks: 100 } });
  await later(4000);
  stop.abort();
  expect(await following).toMatchObject({ sum: await right(), kept: true, note: '' });
});

test('an abort ends a wait for a lock', async () => {
  await takeLock('exclusive');
  const stop = new AbortController();
  const waiting = load('default', stop.signal, { wait: LONG });
  waiting.catch(() => {});
  await later(30);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});

test('the list, the deletion and the estimate end with a code', async () => {
  await load();
  const cache = cacheIn(storage, String, BLOCK, WAIT);
  storage.hanging = 'directory';
  await expect(cache.list()).rejects.toMatchObject({
    code: 'store',
    message: expect.stringMatching(/did not answer within/),
  });
  await expect(cache.delete()).rejects.toMatchObject({ code: 'store' });
  storage.hanging = 'estimate';
  await expect(cache.estimate()).rejects.toMatchObject({ code: 'store' });
  storage.hanging = undefined;
  storage.locks.silent = true;
  await expect(cache.delete()).rejects.toMatchObject({ code: 'store' });
  storage.locks.silent = false;
  expect(await cache.delete()).toBe(1);
});

/** Ends the signs of life of every tab so far. */
function silence(): void {
  const { postMessage } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = () => {};
  restore.push(() => {
    BroadcastChannel.prototype.postMessage = postMessage;
  });
}

const restore: (() => void)[] = [];
afterEach(() => {
  for (const step of restore.splice(0)) step();
});
