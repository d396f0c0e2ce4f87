import { afterAll, beforeAll, expect, test } from 'vitest';
import { locate } from '../../www/serve.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

let server: Server;

beforeAll(async () => {
  requireModules('cpu');
  server = await servePage();
});
afterAll(() => server?.close());

test.each([
  ['pkg/index.js', 'text/javascript'],
  ['pkg/wasm/cpu/gamma_bg.wasm', 'application/wasm'],
  ['pkg/wasm/gamma-lite.safetensors', 'application/octet-stream'],
  ['status.json', 'application/json'],
  ['', 'text/html'],
])('/%s is served as %s to an isolated page', async (path, type) => {
  const response = await fetch(server.url + path, { method: path === 'status.json' ? 'GET' : 'HEAD' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(new RegExp(`^${type}`));
  expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
});

test('the default model tells its length, and is not sent again while it is unchanged', async () => {
  const url = `${server.url}pkg/wasm/gamma-lite.safetensors`;
  const first = await fetch(url, { method: 'HEAD' });
  expect(Number(first.headers.get('content-length'))).toBeGreaterThan(3_000_000);
  const again = await fetch(url, { headers: { 'If-None-Match': first.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
});

test('the state of the build names every module', async () => {
  const status = await (await fetch(`${server.url}status.json`)).json();
  expect(Object.keys(status.modules).sort()).toEqual(['cpu', 'cpu-relaxed', 'cpu-threads', 'extras', 'gpu']);
  expect(typeof status.message).toBe('string');
});

test('nothing beside the package is served', async () => {
  expect(locate('/pkg/index.js')).toBe(repository('pkg/index.js'));
  expect(locate('/pkg/../package.json')).toBeUndefined();
  expect(locate('/pkg/wasm/../../../etc/passwd')).toBeUndefined();
  expect(locate('/package.json')).toBeUndefined();
  const response = await fetch(`${server.url}pkg/..%2fpackage.json`);
  expect(await response.text()).not.toMatch(/devDependencies/);
  expect((await fetch(`${server.url}pkg/none.js`)).status).toBe(404);
});
