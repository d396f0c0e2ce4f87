// Downloads over HTTP: what networks and servers do wrong, and the code or the recovery that answers it.
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { download } from '../../js/model/stream/download.js';
import { retryAfter } from '../../js/model/stream/http.js';
import { Patience } from '../../js/model/stream/retry.js';
import { live } from './fake-engine.js';
import { QUICK, TestGamma, until, weightsOf } from './fakes.js';
import { type Act, FlakyServer, hangUp, stall, status, upTo } from './flaky-server.js';

const BYTES = weightsOf({ scenes: ['natural-quality', ...Array.from({ length: 20_000 }, (_, index) => `s${index}`)] });
const OTHER = weightsOf({ scenes: ['natural-quality', ...Array.from({ length: 20_000 }, (_, index) => `t${index}`)] });
const HTML = '<!DOCTYPE html><title>app</title>';

let server: FlakyServer;

beforeEach(async () => {
  server = await new FlakyServer(BYTES).start();
});
afterEach(() => {
  server.stop();
  vi.unstubAllGlobals();
  expect(live.loaders, 'no loader is left').toBe(0);
});

/** Loads the file through the whole library; tells length and checksum of what reached the engine. */
async function load(weights = server.url): Promise<unknown> {
  const { gamma } = await TestGamma.with({ weights });
  const { config } = gamma.model;
  await gamma.dispose();
  return config['model.safetensors'];
}

const sums = new Map<Uint8Array, unknown>();
async function sumOf(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
  if (!sums.has(bytes)) {
    const { gamma } = await TestGamma.with({ weights: bytes });
    sums.set(bytes, gamma.model.config['model.safetensors']);
    await gamma.dispose();
  }
  return sums.get(bytes);
}

const refused = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

test('a download that breaks again and again goes on where it stopped, each time with the same ETag', async () => {
  const cut = Math.ceil(BYTES.length / 10);
  server.acts.push(...Array.from({ length: 9 }, () => upTo(cut)));
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.sent, 'no byte was sent twice').toBe(BYTES.length);
  expect(server.requests[0]).toMatchObject({ range: undefined });
  expect(server.requests.slice(1)).toEqual(
    Array.from({ length: 9 }, (_, index) => ({
      path: '/model',
      range: `bytes=${(index + 1) * cut}-`,
      ifRange: server.etag,
    })),
  );
});

test('cut at every byte of its beginning, the file arrives whole', async () => {
  server.bytes = weightsOf({ scenes: ['natural-quality'] });
  server.tag();
  const whole = await sumOf(server.bytes as Uint8Array<ArrayBuffer>);
  for (let cut = 0; cut < server.bytes.length; cut++) {
    server.acts.push(upTo(cut));
    expect(await load(), `cut after ${cut} bytes`).toBe(whole);
  }
});

test.each<[string, string, RegExp, Act]>([
  ['404', 'http-status', /\/model: the server answered 404 Not Found/, status(404)],
  ['403', 'http-status', /answered 403 Forbidden/, status(403)],
  ['304 without being asked', 'http-status', /answered 304/, status(304)],
  [
    'a web page, by its type',
    'http-html',
    /a web page instead of the file/,
    (_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(HTML),
  ],
  [
    'a web page, by its looks',
    'http-html',
    /a web page instead of the file/,
    (_, response) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(HTML),
  ],
  [
    '206 without a Range',
    'http-range',
    /a part of it without being asked/,
    (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-1/2' }).end('{}'),
  ],
])('%s fails at once with code %s', async (_, code, message, act) => {
  server.acts.push(act);
  await expect(load()).rejects.toMatchObject(refused(code, message));
  expect(server.requests).toHaveLength(1);
});

test.each<[string, string, RegExp, Act]>([
  ['429', 'http-busy', /429 Too Many Requests \(tried 4 times\)/, status(429)],
  ['500', 'http-server', /500 Internal Server Error \(tried 4 times\)/, status(500)],
  ['503', 'http-server', /503 Service Unavailable \(tried 4 times\)/, status(503)],
  ['no answer', 'network', /no answer: .*\(tried 4 times\)/, hangUp],
  ['silence', 'network-stalled', /no byte came for \d+ s \(tried 4 times\)/, () => {}],
])('%s is tried again, and given up with code %s', async (_, code, message, act) => {
  server.acts.push(act, act, act, act);
  await expect(load()).rejects.toMatchObject(refused(code, message));
  expect(server.requests).toHaveLength(4);
  server.acts.push(act, act, act);
  expect(await load(), 'the fourth attempt succeeds').toBe(await sumOf(BYTES));
});

test('progress sets the count of attempts back, and only bytes that never came before are progress', async () => {
  const failures = [hangUp, hangUp, hangUp];
  server.acts.push(...failures, upTo(1000), ...failures.slice(1), upTo(1000), ...failures.slice(1));
  expect(await load()).toBe(await sumOf(BYTES));
  server.etag = undefined;
  server.acts.push(...Array.from({ length: 12 }, () => upTo(1000)));
  server.ranges = false;
  await expect(load()).rejects.toMatchObject(refused('network', /cut after 1000 bytes/));
});

test('silence in the middle is noticed, and the rest is asked for', async () => {
  server.acts.push(stall(5000));
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.requests[1]).toMatchObject({ range: 'bytes=5000-' });
  await until(() => server.open === 0);
});

test('a server without ranges sends the whole again, and only what is new goes on', async () => {
  server.ranges = false;
  server.acts.push(upTo(100_000), upTo(150_000));
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.requests).toHaveLength(3);
});

test('a weak ETag is no condition for a range, but tells the same file', async () => {
  server.etag = `W/${server.etag}`;
  server.headers['last-modified'] = 'Tue, 01 Sep 2026 10:00:00 GMT';
  server.acts.push(upTo(100_000));
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.requests[1]).toMatchObject({ ifRange: 'Tue, 01 Sep 2026 10:00:00 GMT' });
});

test('without ETag and date a part is taken if the length of the whole is the same', async () => {
  server.etag = undefined;
  server.acts.push(upTo(100_000));
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.requests[1]).toMatchObject({ range: 'bytes=100000-', ifRange: undefined });
});

test('a file that changes in the middle is loaded anew, once', async () => {
  server.acts.push(upTo(100_000), (request, response) => {
    server.bytes = OTHER;
    server.tag();
    upTo(Number.POSITIVE_INFINITY)(request, response, server);
  });
  expect(await load()).toBe(await sumOf(OTHER));
});

test('a file that changes twice is given up with code weights-changed', async () => {
  let version = 0;
  const change: Act = (request, response) => {
    version += 1;
    server.etag = `"version ${version}"`;
    upTo(100_000)(request, response, server);
  };
  server.acts.push(change, change, change, change, change);
  await expect(load()).rejects.toMatchObject(refused('weights-changed', /changed on the server .* twice/));
});

test('a file that changes its length without telling a version is noticed, too', async () => {
  server.etag = undefined;
  server.acts.push(upTo(100_000), (request, response) => {
    server.bytes = weightsOf({ scenes: ['natural-quality'] });
    server.acts.push(undefined);
    upTo(Number.POSITIVE_INFINITY)(request, response, server);
  });
  expect(await load()).toBe(await sumOf(weightsOf({ scenes: ['natural-quality'] })));
});

test.each<[string, Act]>([
  ['another range', (_, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('12345')],
  ['no range', (_, response) => response.writeHead(206).end('12345')],
  ['416 before the end', status(416)],
])('a 206 or 416 with %s is refused with code http-range', async (_, act) => {
  server.acts.push(upTo(100_000), act);
  await expect(load()).rejects.toMatchObject({ code: 'http-range' });
});

test('416 at the very end means that nothing is missing', async () => {
  server.etag = undefined;
  // Chunked: only the server knows that this was all.
  server.acts.push((_, response) => {
    response.write(BYTES, () => setTimeout(() => response.destroy(), 20));
  });
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.requests[1]).toMatchObject({ range: `bytes=${BYTES.length}-` });
});

test('compressed on the way: the length is that of other bytes, and a break is never continued in the middle', async () => {
  const body = gzipSync(BYTES);
  const headers = { 'content-encoding': 'gzip', 'content-length': String(body.length), etag: server.etag ?? '' };
  const whole: Act = (_, response) => response.writeHead(200, headers).end(body);
  server.acts.push(whole);
  expect(await load()).toBe(await sumOf(BYTES));
  server.acts.push((_, response) => {
    response.writeHead(200, headers);
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 20));
  }, whole);
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.requests.map(({ range }) => range)).toEqual([undefined, undefined, undefined]);
});

test.each([
  ['fewer', BYTES.subarray(0, 1000), BYTES.length],
  ['more', BYTES, 1000],
])('%s bytes than promised are refused with code http-length', async (_, sent, promised) => {
  const chunked: Act = (__, response) => {
    response.writeHead(200, { etag: '"x"' });
    response.end(sent);
  };
  server.ranges = false;
  server.acts.push(chunked, chunked, chunked, chunked);
  const { signal } = new AbortController();
  const patience = new Patience(QUICK);
  const begun = await download({ url: server.url, what: 'the file', signal, patience, expected: promised });
  const read = async () => {
    for await (const _ of begun.chunks);
  };
  await expect(read()).rejects.toMatchObject({ code: 'http-length' });
});

test('after a redirect the first address is asked again', async () => {
  const target = server.url.replace('/model', '/elsewhere');
  const moved: Act = (_, response) => response.writeHead(302, { location: target }).end();
  server.acts.push(moved, upTo(100_000), moved);
  expect(await load()).toBe(await sumOf(BYTES));
  expect(server.requests.map(({ path }) => path)).toEqual(['/model', '/elsewhere', '/model', '/elsewhere']);
  expect(server.requests[3]).toMatchObject({ range: 'bytes=100000-' });
});

test('a server may say how long to wait, in seconds or as a date, but not for ever', () => {
  const asked = (value: string) => retryAfter(new Response('', { headers: { 'retry-after': value } }), 0);
  expect([asked('2'), asked('Thu, 01 Jan 1970 00:00:05 GMT'), asked('soon')]).toEqual([2000, 5000, undefined]);
});

test('waits end at once when the browser comes back online', async () => {
  const scope = new EventTarget();
  vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope));
  vi.stubGlobal('removeEventListener', scope.removeEventListener.bind(scope));
  server.acts.push(status(503, { 'retry-after': '3600' }));
  const { signal } = new AbortController();
  const patience = new Patience({ ...QUICK, retryAfter: 3_600_000 });
  const begun = download({ url: server.url, what: 'the file', signal, patience });
  await until(() => server.requests.length === 1 && server.open === 0);
  const nudge = setInterval(() => scope.dispatchEvent(new Event('online')), 5);
  (await begun).close();
  clearInterval(nudge);
});

test('a server that is not there', async () => {
  await expect(load('http://127.0.0.1:9/model')).rejects.toMatchObject({ code: 'network' });
});

test.each<[string, Act]>([
  ['is silent', () => {}],
  ['stops in the middle', stall(1000)],
  ['is busy', status(503, { 'retry-after': '3600' })],
])('an abort while the server %s ends the connection', async (_, act) => {
  const controller = new AbortController();
  server.acts.push(act);
  const failed = TestGamma.with({ weights: server.url, signal: controller.signal });
  failed.catch(() => {});
  await until(() => server.requests.length === 1);
  controller.abort();
  await expect(failed).rejects.toMatchObject({ code: 'aborted' });
  await until(() => server.open === 0 && live.loaders === 0);
});
