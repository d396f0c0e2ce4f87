// Weights from every source, and what servers do wrong.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GammaError } from '../../js/error.js';
import { shown } from '../../js/fetching.js';
import type { LoadProgress } from '../../js/types.js';
import type { Weights } from '../../js/weights.js';
import { live } from './fake-engine.js';
import { later, TestGamma, until, weightsOf } from './fakes.js';

const BYTES = weightsOf({ scenes: ['natural-quality', 'x'.repeat(300_000)] });
const HTML = '<!DOCTYPE html><title>app</title>';

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
  '/500': (_, response) => response.writeHead(500).end('broken'),
  '/html': (_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(HTML),
  '/html-untyped': (_, response) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(HTML),
  '/moved': (_, response) => response.writeHead(302, { location: '/ok' }).end(),
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length });
    response.write(BYTES.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
  },
  '/short': (_, response) => response.end(BYTES.subarray(0, 1000)),
  '/empty': (_, response) => response.writeHead(200, { 'content-length': 0 }).end(),
  '/never': (_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length });
    response.write(' ');
  },
  '/silent': () => {},
};

let server: Server;
let base: string;
let open = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    const route = routes[new URL(request.url ?? '/', 'http://x').pathname];
    open += 1;
    response.on('close', () => {
      open -= 1;
    });
    if (route) route(request, response);
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
  expect(seen[0]).toEqual({ phase: 'weights', loaded: 0, total: BYTES.length });
  expect(seen.at(-1)).toEqual({ phase: 'weights', loaded: BYTES.length, total: BYTES.length });
  const loaded = seen.map((progress) => progress.loaded);
  expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
});

test.each(['/chunked', '/gzip'])('%s: no total where the header does not tell it', async (path) => {
  for (const { total } of await load(base + path)) expect(total).toBeUndefined();
});

test('URL, Blob, bytes of every kind and stream', async () => {
  await load(new URL(`${base}/ok`));
  const blob = await load(new Blob([BYTES]));
  expect(blob.at(-1)).toEqual({ phase: 'weights', loaded: BYTES.length, total: BYTES.length });
  await load(BYTES);
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
  ['/404', 'http', /the weights could not be fetched from http:.*\/404: the server answered 404 Not Found/],
  ['/500', 'http', /answered 500 Internal Server Error/],
  ['/html', 'http', /answered with a web page instead of the file/],
  ['/html-untyped', 'http', /answered with a web page instead of the file/],
  ['/cut', 'network', /the connection to http:.*\/cut was cut after 100000 bytes/],
  ['/short', 'weights-truncated', /cut off: 1000 bytes/],
  ['/empty', 'weights-truncated', /cut off: 0 bytes/],
])('%s is refused with code %s', async (path, code, message) => {
  const failed = TestGamma.with({ weights: base + path });
  await expect(failed).rejects.toBeInstanceOf(GammaError);
  await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(live.loaders).toBe(0);
});

test('a server that is not there', async () => {
  await expect(TestGamma.with({ weights: 'http://127.0.0.1:9/model' })).rejects.toMatchObject({ code: 'network' });
});

test.each(['/never', '/silent'])('%s: an abort closes the connection', async (path) => {
  const controller = new AbortController();
  await until(() => open === 0);
  const failed = TestGamma.with({ weights: base + path, signal: controller.signal });
  failed.catch(() => {});
  await until(() => open === 1);
  controller.abort();
  await expect(failed).rejects.toMatchObject({ code: 'aborted' });
  await until(() => open === 0 && live.loaders === 0);
});

test('a stream that fails, gives other things than bytes, or is being read already', async () => {
  const broken = new ReadableStream({
    start: (controller) => {
      controller.enqueue(BYTES.subarray(0, 10));
    },
    pull: (controller) => controller.error(new Error('no more')),
  });
  await expect(TestGamma.with({ weights: broken })).rejects.toMatchObject({ code: 'network', message: /no more/ });
  const text = new ReadableStream({ start: (controller) => controller.enqueue('text') });
  await expect(TestGamma.with({ weights: text })).rejects.toMatchObject({ code: 'option', message: /Uint8Array/ });
  const locked = new Blob([BYTES]).stream();
  locked.getReader();
  await expect(TestGamma.with({ weights: locked })).rejects.toMatchObject({ code: 'option', message: /being read/ });
});

test('messages do not show what may be secret', () => {
  expect(shown('https://host/model.safetensors?key=secret#x')).toBe('https://host/model.safetensors');
  expect(shown('data:application/octet-stream;base64,AAAA')).toBe('data: URL');
});
