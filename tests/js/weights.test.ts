// Weights from every source: one file and several.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GammaError } from '../../js/error.js';
import type { Directory } from '../../js/file-system.js';
import { folderFiles, streamFiles } from '../../js/model/local.js';
import { weightsSource } from '../../js/model/source.js';
import { shown } from '../../js/model/stream/fetching.js';
import type { Weights } from '../../js/node.js';
import type { LoadProgress } from '../../js/types.js';
import { live } from './fake-engine.js';
import { CPU, later, TestGamma, weightsOf } from './fakes.js';

const BYTES = weightsOf({ scenes: ['natural-quality', 'x'.repeat(300_000)] });

const routes: Record<string, RequestListener> = {
  '/ok': (_, response) => response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES),
  '/chunked': (_, response) => {
    response.write(BYTES.subarray(0, 1000));
    response.end(BYTES.subarray(1000));
  },
  '/slow': async (_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length });
    for (let start = 0; start < BYTES.length; start += 100_000) {
      response.write(BYTES.subarray(start, start + 100_000));
      await later(10);
    }
    response.end();
  },
  '/gzip': (_, response) => {
    const body = gzipSync(BYTES);
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length }).end(body);
  },
  '/moved': (_, response) => response.writeHead(302, { location: '/ok' }).end(),
  '/short': (_, response) => response.end(BYTES.subarray(0, 1000)),
  '/empty': (_, response) => response.writeHead(200, { 'content-length': 0 }).end(),
};

let server: Server;
let base: string;
/** Paths and queries that were asked for. */
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    const route = routes[pathname];
    const file = FILES[pathname.replace('/folder/', '')];
    asked.push(request.url ?? '');
    if (route) route(request, response);
    else if (file) response.writeHead(200, { 'content-length': file.length }).end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function load(weights: Weights): Promise<LoadProgress[]> {
  const seen: LoadProgress[] = [];
  const { gamma } = await TestGamma.with({ weights, onProgress: (progress) => seen.push(progress) });
  expect(gamma.scenes[1]?.id).toHaveLength(300_000);
  await gamma.dispose();
  expect(live.loaders).toBe(0);
  return seen.filter(({ phase }) => phase === 'weights');
}

test.each(['/ok', '/slow', '/moved'])('%s: progress counts to Content-Length', async (path) => {
  const seen = await load(base + path);
  expect(seen[0]).toEqual({ phase: 'weights', loaded: 0, total: BYTES.length, tensors: 0, from: 'network' });
  expect(seen.at(-1)).toMatchObject({ loaded: BYTES.length, total: BYTES.length, tensors: 1, tensorsTotal: 1 });
  const loaded = seen.map((progress) => progress.loaded);
  expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
});

test.each(['/chunked', '/gzip'])('%s: no total where the header does not tell it', async (path) => {
  for (const { total } of await load(base + path)) expect(total).toBeUndefined();
});

test('URL, Blob, bytes of every kind and stream', async () => {
  await load(new URL(`${base}/ok`));
  const blob = await load(new Blob([BYTES]));
  expect(blob.at(-1)).toMatchObject({ loaded: BYTES.length, total: BYTES.length, from: 'file' });
  expect((await load(BYTES)).at(-1)).toMatchObject({ loaded: BYTES.length, from: 'memory' });
  await load(BYTES.buffer);
  const wide = new Uint8Array(BYTES.length + 2);
  wide.set(BYTES, 1);
  await load(new DataView(wide.buffer, 1, BYTES.length));
  const shared = new Uint8Array(new SharedArrayBuffer(BYTES.length));
  shared.set(BYTES);
  await load(shared);
  await load(new Blob([BYTES]).stream());
  expect(BYTES.byteLength, "the caller's buffer is still there").toBeGreaterThan(300_000);
});

test.each([
  ['/short', 'weights-truncated', /cut off: 1000 bytes/],
  ['/empty', 'weights-truncated', /cut off: 0 bytes/],
])('%s is refused with code %s', async (path, code, message) => {
  const failed = TestGamma.with({ weights: base + path });
  await expect(failed).rejects.toBeInstanceOf(GammaError);
  await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(live.loaders).toBe(0);
});

const INDEX = {
  metadata: { file_bytes: { 'model-1.safetensors': BYTES.length, 'model-2.safetensors': 3, 'text.safetensors': 2 } },
  weight_map: { a: 'model-1.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors', t: 'text.safetensors' },
};
const FILES: Record<string, Uint8Array<ArrayBuffer>> = {
  'model.safetensors.index.json': new TextEncoder().encode(JSON.stringify(INDEX)),
  'model-1.safetensors': BYTES,
  'model-2.safetensors': Uint8Array.of(1, 2, 3),
  'text.safetensors': new TextEncoder().encode('{}'),
};
const named = (name: string) => new File([FILES[name] ?? ''], name);
/** What of the File System API a chosen folder offers. */
const folderOf = (names: string[]) =>
  ({
    kind: 'directory',
    async *entries() {
      for (const name of names) yield [name, { kind: 'file' }];
    },
    getFileHandle: async (name: string) => ({ getFile: async () => named(name) }),
  }) as unknown as FileSystemDirectoryHandle;

test.each([
  ['the URL of an index', () => `${base}/folder/model.safetensors.index.json?key=1`],
  ['the URL of a folder', () => new URL(`${base}/folder/?key=1`)],
  ['the Files of a folder', () => [named('readme.md'), ...Object.keys(FILES).map(named)]],
])('%s: the files come in their order, the text tower only when a scene needs it', async (_, weights) => {
  const seen: LoadProgress[] = [];
  asked.length = 0;
  live.begun.length = 0;
  const { gamma } = await TestGamma.with({ weights: weights(), onProgress: (progress) => seen.push(progress) });
  const total = BYTES.length + 3;
  const loading = seen.filter(({ phase }) => phase === 'weights');
  for (const progress of loading) expect(progress).toMatchObject({ total, tensorsTotal: 3 });
  expect(loading.at(-1)).toMatchObject({ loaded: total });
  expect(live.begun).toEqual(['model-1.safetensors', 'model-2.safetensors']);
  expect(gamma.model.text_tower).toBe(true);
  await gamma.addScene('product', '{level} product photo');
  await gamma.addScene('food', '{level} food photo');
  expect(live.begun).toEqual(['model-1.safetensors', 'model-2.safetensors', 'text.safetensors']);
  expect(asked.every((url) => url.endsWith('?key=1'))).toBe(true);
  await gamma.dispose();
});

test('a model without stored text features needs its text tower at once', async () => {
  const first = weightsOf({ needsMerges: true });
  const index = { weight_map: { a: 'model.safetensors', t: 'text.safetensors' } };
  const weights = [
    new File([JSON.stringify(index)], 'x.index.json'),
    new File([first], 'model.safetensors'),
    named('text.safetensors'),
  ];
  live.begun.length = 0;
  const { gamma, log } = await TestGamma.with({ weights });
  expect(live.begun).toEqual(['model.safetensors', 'text.safetensors']);
  expect(log.merges).toBe(1);
  await gamma.dispose();
});

test('the handle of a folder with one file', async () => {
  const behaviour = { candidates: [CPU] };
  const files = await folderFiles(folderOf(['notes.txt', 'model-1.safetensors']) as unknown as Directory);
  const file = await files.open(files.single, { signal: new AbortController().signal });
  expect([files.single, file.total, await files.index(new AbortController().signal)]).toEqual([
    'model-1.safetensors',
    BYTES.length,
    undefined,
  ]);
  expect(weightsSource(folderOf([]), String, undefined).wire.kind).toBe('folder');
  await expect(TestGamma.with({ weights: [] }, behaviour)).rejects.toMatchObject({ code: 'option' });
});

test.each([
  [['a.safetensors', 'b.safetensors'], /holds 2 safetensors files and no index/],
  [['a.txt', 'b.txt'], /holds no safetensors files and no index/],
  [['a.index.json', 'b.index.json', 'a.safetensors'], /holds several indexes/],
])('a folder of %s is refused with code option', async (names, message) => {
  await expect(TestGamma.with({ weights: names.map(named) })).rejects.toMatchObject({
    code: 'option',
    message: expect.stringMatching(message),
  });
});

test.each(['../secret', '/etc/passwd', 'https://elsewhere.example/x', '//elsewhere.example/x', 'a\\b', '..', ''])(
  'an index that names the file %j is refused with code weights-index, and nothing is asked for',
  async (name) => {
    const index = { weight_map: { a: name } };
    FILES['evil.index.json'] = new TextEncoder().encode(JSON.stringify(index));
    asked.length = 0;
    const failed = TestGamma.with({ weights: `${base}/folder/evil.index.json` });
    await expect(failed).rejects.toMatchObject({ code: 'weights-index' });
    expect(asked).toEqual(['/folder/evil.index.json']);
    expect(live.loaders).toBe(0);
  },
);

test('a file that the index names and that is not there is a missing shard, on a server and in a folder', async () => {
  const index = { weight_map: { a: 'model-1.safetensors', b: 'model-3.safetensors' } };
  FILES['missing.index.json'] = new TextEncoder().encode(JSON.stringify(index));
  const missing = { code: 'shard-missing', message: expect.stringContaining('model-3.safetensors') };
  await expect(TestGamma.with({ weights: `${base}/folder/missing.index.json` })).rejects.toMatchObject(missing);
  await expect(
    TestGamma.with({ weights: [named('missing.index.json'), named('model-1.safetensors')] }),
  ).rejects.toMatchObject(missing);
  expect(live.loaders).toBe(0);
});

test('a file of another length than its index promises is refused with code http-length before it is read', async () => {
  const index = { metadata: { file_bytes: { 'model-1.safetensors': 5 } }, weight_map: { a: 'model-1.safetensors' } };
  FILES['length.index.json'] = new TextEncoder().encode(JSON.stringify(index));
  await expect(TestGamma.with({ weights: `${base}/folder/length.index.json` })).rejects.toMatchObject({
    code: 'http-length',
    message: expect.stringMatching(/has 30\d+ bytes, but the index of the model promises 5/),
  });
});

test.each([
  ['no JSON', '{"weight'],
  ['too long', ' '.repeat((16 << 20) + 1)],
])('an index that is %s is refused with code weights-index', async (_, text) => {
  FILES['bad.index.json'] = new TextEncoder().encode(text);
  const failed = TestGamma.with({ weights: `${base}/folder/bad.index.json` });
  await expect(failed).rejects.toMatchObject({ code: 'weights-index' });
  expect(live.loaders).toBe(0);
});

test('a stream that fails, gives other things than bytes, or is being read already', async () => {
  const broken = new ReadableStream({
    start: (controller) => {
      controller.enqueue(BYTES.subarray(0, 10));
    },
    pull: (controller) => controller.error(new Error('no more')),
  });
  await expect(TestGamma.with({ weights: broken })).rejects.toMatchObject({
    code: 'network',
    message: expect.stringMatching(/no more/),
  });
  const text = new ReadableStream({ start: (controller) => controller.enqueue('text') });
  await expect(TestGamma.with({ weights: text })).rejects.toMatchObject({
    code: 'option',
    message: expect.stringMatching(/Uint8Array/),
  });
  const locked = new Blob([BYTES]).stream();
  locked.getReader();
  await expect(TestGamma.with({ weights: locked })).rejects.toMatchObject({
    code: 'option',
    message: expect.stringMatching(/being read/),
  });
});

test('without weights the package’s own model is loaded: from beside the modules, or from the folder named for them', async () => {
  const asked: string[] = [];
  const files = (url: string) => {
    asked.push(url);
    return streamFiles(
      (async function* () {
        yield BYTES;
      })(),
    );
  };
  for (const options of [{}, { wasm: 'http://cdn.example/wasm/' }]) {
    const { gamma } = await TestGamma.with({ ...options, weights: undefined }, { host: { files } });
    await gamma.dispose();
  }
  expect(asked).toEqual([
    new URL('../../js/wasm/gamma-lite.safetensors', import.meta.url).href,
    'http://cdn.example/wasm/gamma-lite.safetensors',
  ]);
});

const SCENE_FILE = weightsOf({ extends: true, scenes: ['natural-quality', 'ai-generated-quality'] } as object);

/** A host whose files at `urls` are streams, and what was asked of it. */
function hostOf(urls: Record<string, Uint8Array<ArrayBuffer>>) {
  const asked: string[] = [];
  const files = (url: string) => {
    asked.push(url.replace(/^file:.*\//, ''));
    const bytes = Object.entries(urls).find(([end]) => url.endsWith(end))?.[1];
    return streamFiles(
      (async function* () {
        if (!bytes) throw new GammaError('http', `${url}: 404`);
        yield bytes;
      })(),
    );
  };
  return { asked, behaviour: { host: { files } } };
}

test.each([
  [
    'by its name in the package',
    { weights: 'gamma-wasm/weights/gamma-lite-ai.safetensors' },
    ['gamma-lite-ai.safetensors', 'gamma-lite.safetensors'],
  ],
  [
    'by its name, beside the modules elsewhere',
    { weights: 'gamma-wasm/weights/gamma-lite-ai.safetensors', wasm: 'http://cdn.example/wasm/' },
    ['http://cdn.example/wasm/gamma-lite-ai.safetensors', 'http://cdn.example/wasm/gamma-lite.safetensors'],
  ],
  [
    'by an address of the page’s own',
    { weights: 'http://site.example/assets/gamma-lite-ai-1f2e.safetensors' },
    ['http://site.example/assets/gamma-lite-ai-1f2e.safetensors', 'gamma-lite.safetensors'],
  ],
])('a scene file %s is followed by the default model', async (_, options, expected) => {
  const files = { 'gamma-lite-ai.safetensors': SCENE_FILE, '1f2e.safetensors': SCENE_FILE, '.safetensors': BYTES };
  const { asked, behaviour } = hostOf(files);
  const progress: LoadProgress[] = [];
  const onProgress = (at: LoadProgress) => void (at.phase === 'weights' && progress.push(at));
  const { gamma } = await TestGamma.with({ ...options, onProgress }, behaviour);
  expect(asked).toEqual(expected);
  expect(gamma.scenes.map(({ id }) => id)).toContain('ai-generated-quality');
  // It never goes back, and ends with the bytes of both.
  const loaded = progress.map((at) => at.loaded);
  expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
  expect(loaded.at(-1)).toBe(SCENE_FILE.length + BYTES.length);
  for (const { loaded, total = Infinity } of progress) expect(loaded).toBeLessThanOrEqual(total);
  await gamma.dispose();
});

test('a scene file of bytes, too; one whose model cannot be had says so', async () => {
  const { asked, behaviour } = hostOf({ 'gamma-lite.safetensors': BYTES });
  const { gamma } = await TestGamma.with({ weights: SCENE_FILE.slice() }, behaviour);
  expect(asked).toEqual(['gamma-lite.safetensors']);
  await gamma.dispose();
  await expect(TestGamma.with({ weights: SCENE_FILE.slice() }, hostOf({}).behaviour)).rejects.toMatchObject({
    code: 'http',
    message: expect.stringMatching(/gamma-lite\.safetensors/),
  });
});

test.each(['http-status', 'http-html'] as const)(
  'a bundle without the scene file: %s says how to name it',
  async (code) => {
    const files = () =>
      streamFiles(
        // biome-ignore lint/correctness/useYield: it fails before the first bytes.
        (async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
          throw new GammaError(code, 'no such file');
        })(),
      );
    const load = (weights: string) => TestGamma.with({ weights }, { host: { files } });
    await expect(load('gamma-wasm/weights/gamma-lite-ai.safetensors')).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^no such file; .*new URL\('gamma-wasm\/weights\/gamma-lite-ai\.safetensors'/),
    });
    await expect(load('http://site.example/gamma-lite.safetensors')).rejects.toMatchObject({
      code,
      message: 'no such file',
    });
  },
);

test('messages do not show what may be secret', () => {
  expect(shown('https://host/model.safetensors?key=secret#x')).toBe('https://host/model.safetensors');
  expect(shown('data:application/octet-stream;base64,AAAA')).toBe('data: URL');
});
