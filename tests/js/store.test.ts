// Models kept on the device: what is there is not fetched again, and nothing that can happen to a disk is loaded.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RemoteOptions, remoteFiles } from '../../js/model/remote.js';
import { cacheIn } from '../../js/model/store/cache.js';
import type { CacheMode, LoadProgress } from '../../js/types.js';
import { FakeStorage } from './fake-storage.js';
import { later, QUICK, TestGamma, until, weightsOf } from './fakes.js';
import { type Act, FlakyServer, stall, status, upTo } from './flaky-server.js';

const BLOCK = 10_000;
const BYTES = weightsOf({ scenes: ['natural-quality', ...Array.from({ length: 12_000 }, (_, index) => `s${index}`)] });
const OTHER = weightsOf({ scenes: ['natural-quality', ...Array.from({ length: 12_000 }, (_, index) => `t${index}`)] });
const COUNT = Math.ceil(BYTES.length / BLOCK);

let server: FlakyServer;
let storage: FakeStorage;

beforeEach(async () => {
  server = await new FlakyServer(BYTES).start();
  storage = new FakeStorage();
});
afterEach(async () => {
  server.stop();
  await until(() => !storage.locks.busy);
});

interface Result {
  sum: unknown;
  from: string;
  kept: boolean;
  note: string;
  seen: LoadProgress[];
}

async function load(
  cache: CacheMode = 'default',
  signal?: AbortSignal,
  remote: Partial<RemoteOptions> = {},
): Promise<Result> {
  const seen: LoadProgress[] = [];
  const options = { weights: server.url, cache, signal, onProgress: (progress: LoadProgress) => seen.push(progress) };
  const { gamma } = await TestGamma.with(options, { remote: { storage, blockSize: BLOCK, ...remote } });
  const { source, model } = gamma;
  await gamma.dispose();
  return { sum: model.config['model.safetensors'], ...source, seen: seen.filter(({ phase }) => phase === 'weights') };
}

async function sumOf(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const { gamma } = await TestGamma.with({ weights: bytes });
  await gamma.dispose();
  return gamma.model.config['model.safetensors'];
}

const cache = () => cacheIn(storage, String, BLOCK);

test('the second load asks nobody, and says so', async () => {
  const first = await load();
  expect(first).toMatchObject({ from: 'network', kept: true, note: '' });
  server.stop();
  const second = await load();
  expect(second).toMatchObject({ from: 'store', kept: true, sum: first.sum });
  expect(second.seen.at(-1)).toMatchObject({ loaded: BYTES.length, total: BYTES.length, from: 'store' });
  expect(server.requests).toHaveLength(1);
  expect(await load('only-if-cached')).toMatchObject({ from: 'store' });
});

test('killed at any write, the next visit goes on at the last whole block and loads what the server has', async () => {
  const whole = await sumOf(BYTES);
  // Each block is two writes, after one for the journal's head; then its end and its date.
  for (let writes = 1; writes <= 2 * COUNT + 2; writes++) {
    storage = new FakeStorage();
    storage.writesLeft = writes;
    const killed = new AbortController();
    const died = load('default', killed.signal);
    died.catch(() => {});
    await until(() => storage.writesLeft <= 0);
    // What a dead page's code would still do does not reach the disk.
    const disk = new FakeStorage();
    for (const [path, file] of storage.files) disk.files.set(path, { ...file, bytes: file.bytes.slice() });
    for (const folder of storage.folders) disk.folders.add(folder);
    killed.abort();
    await died.catch(() => {});
    storage = disk;
    const before = server.requests.length;
    expect(await load(), `killed in write ${writes}`).toMatchObject({ sum: whole, kept: true });
    const blocks = Math.floor((writes - 2) / 2);
    const [request] = server.requests.slice(before);
    if (blocks > 0 && blocks < COUNT)
      expect(request).toMatchObject({ range: `bytes=${blocks * BLOCK}-`, ifRange: server.etag });
    expect(await load('only-if-cached')).toMatchObject({ sum: whole });
  }
});

test('an abort in the middle leaves whole blocks and no lock, and the next load takes them up', async () => {
  const controller = new AbortController();
  server.acts.push(stall(3 * BLOCK + 5));
  const aborted = load('default', controller.signal);
  aborted.catch(() => {});
  await until(() => storage.blocks().length === 3);
  await later(20);
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
  await until(() => !storage.locks.busy && server.open === 0);
  expect(await cache().list()).toMatchObject([{ bytes: 3 * BLOCK, total: BYTES.length, complete: false }]);
  expect(await load()).toMatchObject({ sum: await sumOf(BYTES), from: 'network', kept: true });
  expect(server.requests[1]).toMatchObject({ range: `bytes=${3 * BLOCK}-` });
});

test.each([
  ['the first', 0],
  ['one in the middle', 3],
  ['the last', COUNT - 1],
])('%s block is damaged: that range alone is fetched again', async (_, index) => {
  const { sum } = await load();
  storage.damage(storage.blocks()[index] ?? '');
  expect(await load()).toMatchObject({ sum, kept: true });
  const range = index === COUNT - 1 ? `bytes=${index * BLOCK}-` : `bytes=${index * BLOCK}-${(index + 1) * BLOCK - 1}`;
  expect(server.requests.slice(1)).toMatchObject([{ range, ifRange: server.etag }]);
  server.stop();
  expect(await load(), 'and it is whole again').toMatchObject({ sum, from: 'store' });
});

test('blocks that are gone are fetched again, and so is everything if the journal is no journal', async () => {
  const { sum } = await load();
  for (const index of [1, 2, 5]) storage.files.delete(storage.blocks()[index] ?? '');
  expect(await load()).toMatchObject({ sum });
  const journal = [...storage.files.keys()].find((path) => path.endsWith('journal')) ?? '';
  storage.files.set(journal, { bytes: new TextEncoder().encode('\u0000garbage'), modified: 1 });
  expect(await load()).toMatchObject({ sum, from: 'network', kept: true });
  server.stop();
  expect(await load()).toMatchObject({ sum, from: 'store' });
});

test('a damaged block of a file that is another one now: the whole new file is loaded', async () => {
  await load();
  storage.damage(storage.blocks()[4] ?? '');
  server.bytes = OTHER;
  server.tag();
  const other = await sumOf(OTHER);
  expect(await load()).toMatchObject({ sum: other, kept: true });
  server.stop();
  expect(await load()).toMatchObject({ sum: other, from: 'store' });
});

test('a file without ETag and date is not continued on another visit', async () => {
  server.etag = undefined;
  server.acts.push(upTo(3 * BLOCK + 5), ...Array.from({ length: 3 }, () => status(503)));
  await expect(load()).rejects.toMatchObject({ code: 'http-server' });
  expect((await cache().list())[0]).toMatchObject({ bytes: 3 * BLOCK });
  expect(await load()).toMatchObject({ sum: await sumOf(BYTES), kept: true });
  expect(server.requests.at(-1)).toMatchObject({ range: undefined });
});

test('reload fetches it anew, no-store leaves what is kept alone, only-if-cached fails without it', async () => {
  await expect(load('only-if-cached')).rejects.toMatchObject({
    code: 'network',
    message: expect.stringMatching(/is not kept on this device/),
  });
  await load();
  server.bytes = OTHER;
  server.tag();
  const [old, other] = [await sumOf(BYTES), await sumOf(OTHER)];
  expect(await load('no-store')).toMatchObject({ sum: other, kept: false, note: '' });
  expect(await load()).toMatchObject({ sum: old, from: 'store' });
  expect(await load('reload')).toMatchObject({ sum: other, from: 'network', kept: true });
  expect(await load('only-if-cached')).toMatchObject({ sum: other });
  await expect(TestGamma.with({ cache: 'force-cache' as CacheMode })).rejects.toMatchObject({ code: 'option' });
});

test('a kept file of another length than the index says is fetched anew', async () => {
  const options = { cache: 'default', storage, timings: QUICK, blockSize: BLOCK } as const;
  const read = async (bytes: number) => {
    const files = remoteFiles(server.url.replace('model', 'x.index.json'), options);
    const file = await files.open('part.safetensors', { bytes, signal: new AbortController().signal });
    let length = 0;
    for await (const chunk of file.chunks) length += chunk.byteLength;
    return [length, file.from];
  };
  expect(await read(BYTES.length)).toEqual([BYTES.length, 'network']);
  expect(await read(BYTES.length)).toEqual([BYTES.length, 'store']);
  server.bytes = weightsOf();
  server.tag();
  expect(await read(server.bytes.length)).toEqual([server.bytes.length, 'network']);
  expect(await read(server.bytes.length)).toEqual([server.bytes.length, 'store']);
});

test('too little room: nothing is kept, the load goes on, and the caller can read why', async () => {
  storage.quota = BYTES.length;
  const { sum, kept, note } = await load();
  expect([sum, kept]).toEqual([await sumOf(BYTES), false]);
  expect(note).toMatch(/^The model was not kept: it needs 1 MB, and the browser leaves 1 MB to this site\.$/);
  expect(storage.usage).toBe(0);
});

test.each([
  ['in a block', 4.5 * BLOCK],
  ['at its very beginning', 50],
])('a quota that is exceeded %s: the entry is dropped and the load goes on', async (_, quota) => {
  storage.quota = quota;
  storage.claimed = Number.POSITIVE_INFINITY;
  expect(await load()).toMatchObject({
    sum: await sumOf(BYTES),
    kept: false,
    note: 'The model was not kept: the browser leaves this site no more room.',
  });
  expect(storage.usage).toBe(0);
  expect(server.requests).toHaveLength(1);
});

test('a quota that is exceeded: the lock is given back at once, not at the end of the download', async () => {
  storage.quota = 2.5 * BLOCK;
  storage.claimed = Number.POSITIVE_INFINITY;
  server.acts.push(stall(5 * BLOCK));
  const stop = new AbortController();
  const loading = load('default', stop.signal, { timings: { ...QUICK, idle: 60_000 } });
  loading.catch(() => {});
  // Who asks the server has the lock.
  await until(() => server.requests.length === 1);
  await until(() => !storage.locks.busy);
  expect([server.open, storage.usage]).toEqual([1, 0]);
  stop.abort();
  await expect(loading).rejects.toMatchObject({ code: 'aborted' });
});

test('what was used least recently makes room, but not what is being read', async () => {
  const path = (name: string) => server.url.replace('model', name);
  const keep = async (name: string) => {
    const behaviour = { remote: { storage, blockSize: BLOCK } };
    const { gamma } = await TestGamma.with({ weights: path(name) }, behaviour);
    await gamma.dispose();
  };
  for (const name of ['a', 'b', 'a']) await keep(name);
  storage.quota = storage.usage + BYTES.length / 2;
  await keep('c');
  const urls = async () => (await cache().list()).map(({ url }) => url);
  expect(await urls()).toEqual([path('c'), path('a')]);
});

test('a browser that allows less than it says: what was used least recently makes room as the writing fails', async () => {
  const first = server.url.replace('model', 'a');
  const { gamma } = await TestGamma.with({ weights: first }, { remote: { storage, blockSize: BLOCK } });
  await gamma.dispose();
  storage.quota = storage.usage + BYTES.length / 2;
  storage.claimed = Number.POSITIVE_INFINITY;
  expect(await load()).toMatchObject({ sum: await sumOf(BYTES), kept: true });
  expect((await cache().list()).map(({ url }) => url)).toEqual([server.url]);
});

test('no store, or one that refuses: the load goes on, and the caller can read why', async () => {
  storage.refusal = new DOMException('not in a private window', 'SecurityError');
  expect(await load()).toMatchObject({ kept: false, note: 'The model was not kept: not in a private window.' });
  const none = { storage: 'The model was not kept: none.' };
  expect(await load('default', undefined, none)).toMatchObject({ kept: false, note: 'The model was not kept: none.' });
  await expect(load('only-if-cached', undefined, none)).rejects.toMatchObject({ code: 'network' });
  await expect(cache().list()).rejects.toMatchObject({
    code: 'store',
    message: expect.stringMatching(/could not be listed: not in a private/),
  });
});

/** Sends the file slowly enough for another tab to come in. */
const slowly: Act = async (_, response) => {
  response.writeHead(200, { etag: server.etag ?? '', 'content-length': BYTES.length });
  for (let start = 0; start < BYTES.length; start += BLOCK / 2) {
    response.write(BYTES.subarray(start, start + BLOCK / 2));
    await later(10);
  }
  response.end();
};

test('two tabs at once: one downloads, the other follows with its own progress', async () => {
  server.acts.push(slowly);
  // A busy machine is no silent server.
  const patient = { timings: { ...QUICK, idle: 60_000 } };
  const first = load('default', undefined, patient);
  await until(() => storage.blocks().length >= 1);
  const second = await load('default', undefined, patient);
  const { sum } = await first;
  expect(second).toMatchObject({ sum, kept: true });
  expect(second.seen.filter(({ loaded, total = 0 }) => loaded > 0 && loaded < total).length).toBeGreaterThan(1);
  expect(server.requests.map(({ range }) => range)).toEqual([undefined]);
});

test('the tab that follows takes over when the first one ends, and goes on where that was', async () => {
  const controller = new AbortController();
  server.acts.push(stall(4 * BLOCK + 5));
  const first = load('default', controller.signal, { timings: { ...QUICK, idle: 60_000 } });
  first.catch(() => {});
  await until(() => storage.blocks().length === 4);
  const second = load();
  await later(50);
  controller.abort();
  expect(await second).toMatchObject({ sum: await sumOf(BYTES), kept: true });
  expect(server.requests.map(({ range }) => range)).toEqual([undefined, `bytes=${4 * BLOCK}-`]);
});

test('the tab that follows can be aborted, and the first one does not notice', async () => {
  const controller = new AbortController();
  server.acts.push(slowly);
  const first = load();
  await until(() => storage.blocks().length >= 1);
  const second = load('default', controller.signal);
  second.catch(() => {});
  await later(20);
  controller.abort();
  await expect(second).rejects.toMatchObject({ code: 'aborted' });
  expect(await first).toMatchObject({ kept: true });
});

test('deleting: one, all of a folder, all; never what is in use', async () => {
  await load();
  const other = server.url.replace('model', 'deeper/model');
  const { gamma } = await TestGamma.with({ weights: other }, { remote: { storage, blockSize: BLOCK } });
  await gamma.dispose();
  expect(await cache().delete(server.url.replace('model', 'none'))).toBe(0);
  expect(await cache().delete(server.url.replace('model', ''))).toBe(1);
  expect((await cache().list()).map(({ url }) => url)).toEqual([other]);
  server.acts.push(slowly);
  const loading = load();
  await until(() => storage.blocks().length > COUNT);
  await expect(cache().delete()).rejects.toMatchObject({
    code: 'store',
    message: expect.stringMatching(/in use, so not deleted: .*\/model/),
  });
  expect(await loading).toMatchObject({ sum: await sumOf(BYTES), kept: true });
  expect(await cache().delete()).toBe(1);
  expect([storage.usage, storage.folders.size]).toEqual([0, 0]);
});

test('the list says what is there, and the estimate how much room', async () => {
  await load();
  const [entry] = await cache().list();
  expect(entry).toMatchObject({ url: server.url, bytes: BYTES.length, total: BYTES.length, complete: true });
  expect(entry?.stored).toBeInstanceOf(Date);
  expect(entry?.used).toBeInstanceOf(Date);
  storage.quota = 1e6;
  expect(await cache().estimate()).toEqual({ usage: storage.usage, quota: 1e6, persisted: false });
});
