// The Node entry as it is published, with a real worker thread; the engine in it is the fake one, under `wasm`.
import { execFileSync } from 'node:child_process';
import { cpSync, createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';
import { weightsOf } from './fakes.js';

const entry = new URL('../../pkg/node.js', import.meta.url).href;
const { Gamma, GammaError } = (await import(entry)) as typeof NodeEntry;

let folder: string;
let wasm: string;
let model: string;
let server: Server;
let base: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gamma-node-'));
  wasm = join(folder, 'wasm');
  model = join(folder, 'model #1.safetensors');
  writeFileSync(model, weightsOf());
  for (const kind of ['cpu', 'cpu-relaxed', 'extras']) {
    mkdirSync(join(wasm, kind), { recursive: true });
    writeFileSync(join(wasm, 'package.json'), '{"type":"module"}');
    cpSync(fileURLToPath(new URL('fake-engine.js', import.meta.url)), join(wasm, kind, 'gamma.js'));
    writeFileSync(join(wasm, kind, 'gamma_bg.wasm'), Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  }
  writeFileSync(join(wasm, 'clip_merges.txt'), '#version: fake');
  writeFileSync(join(folder, 'photo é.json'), '{"score":0.25}');
  server = createServer((request, response) => {
    if (request.url === '/photo') response.end('{"score":0.75}');
    else if (request.url === '/html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const load = (options: NodeEntry.LoadOptions = {}) => Gamma.load({ weights: model, wasm, ...options });

test('weights by path, URL, Blob, bytes and streams', async () => {
  const sources: NodeEntry.Weights[] = [
    model,
    relative(process.cwd(), model),
    pathToFileURL(model),
    new Blob([weightsOf()]),
    weightsOf(),
    weightsOf().buffer,
    new Blob([weightsOf()]).stream() as ReadableStream<Uint8Array>,
    createReadStream(model),
  ];
  for (const weights of sources) {
    const gamma = await load({ weights, wasm: pathToFileURL(wasm) });
    expect(gamma.scenes).toHaveLength(3);
    expect(gamma.device.kind).toBe('cpu');
    expect(gamma.device.reason).toContain('No WebGPU: Node does not offer it.');
    await gamma.dispose();
  }
});

test('photos are computed in several threads, which end with the handle', async () => {
  const gamma = await load({ workers: 2 });
  const photos = Array.from({ length: 8 }, (_, index) => new Blob([`{"score":${index / 10},"busy":40}`]));
  const scores: (number | undefined)[] = [];
  for await (const { assessment } of gamma.scoreAll(photos, { crops: 3 })) scores.push(assessment?.score);
  expect(scores).toEqual(photos.map((_, index) => index / 10));
  expect(await gamma.memory()).toMatchObject({ workers: 2 });
  await gamma.dispose();
});

test('bytes whose buffer was transferred have codes of their own, and the model is as before', async () => {
  const gamma = await load();
  const gone = (make: (buffer: ArrayBuffer) => NodeEntry.Photo) => {
    const buffer = new ArrayBuffer(40);
    const photo = make(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    return photo;
  };
  const photos = [
    gone((buffer) => buffer),
    gone((buffer) => new Uint8Array(buffer, 4, 8)),
    gone((buffer) => new DataView(buffer)),
    gone((buffer) => ({ width: 2, height: 5, data: new Uint8Array(buffer) })),
  ];
  for (const photo of photos) await expect(gamma.score(photo)).rejects.toMatchObject({ code: 'photo-type' });
  const [weights] = photos as [ArrayBuffer];
  await expect(load({ weights })).rejects.toMatchObject({ name: 'GammaError', code: 'option' });
  expect(await gamma.score(new Blob(['{"score":0.5}']))).toMatchObject({ score: 0.5 });
  await gamma.dispose();
});

test('an address means what it meant when it was given', async () => {
  const gamma = await load();
  const first = gamma.score(new Blob(['{"score":0.5,"sleep":5}']));
  const url = new URL('/photo', base);
  const second = gamma.score(url);
  url.pathname = '/none';
  expect([(await first).score, (await second).score]).toEqual([0.5, 0.75]);
  await gamma.dispose();
});

test('a folder, an index and its missing file', async () => {
  const models = join(folder, 'models');
  mkdirSync(models);
  const index = join(models, 'model.safetensors.index.json');
  writeFileSync(join(models, 'only.safetensors'), weightsOf());
  const alone = await load({ weights: models });
  expect(alone.source).toEqual({ from: 'file', kept: false, note: '' });
  await alone.dispose();
  writeFileSync(index, JSON.stringify({ weight_map: { a: 'only.safetensors', t: 'text.safetensors' } }));
  writeFileSync(join(models, 'text.safetensors'), '{}');
  for (const weights of [models, index, pathToFileURL(index), pathToFileURL(`${models}/`)]) {
    const gamma = await load({ weights });
    await gamma.addScene('product', '{level} product photo');
    expect(gamma.scenes).toHaveLength(4);
    await gamma.dispose();
  }
  rmSync(join(models, 'text.safetensors'));
  const gamma = await load({ weights: models });
  await expect(gamma.addScene('product', '{level} product photo')).rejects.toMatchObject({ code: 'shard-missing' });
  expect((await gamma.score(new TextEncoder().encode('{"score":0.5}'))).score, 'the model is as before').toBe(0.5);
  await gamma.dispose();
  writeFileSync(index, JSON.stringify({ weight_map: { a: '../model #1.safetensors' } }));
  await expect(load({ weights: models })).rejects.toMatchObject({ code: 'weights-index' });
});

test('under Node nothing is kept', async () => {
  expect(await Gamma.cache.list()).toEqual([]);
  expect(await Gamma.cache.delete()).toBe(0);
  expect(await Gamma.cache.estimate()).toEqual({ persisted: false });
  await expect(load({ weights: `${base}/model`, cache: 'only-if-cached' })).rejects.toMatchObject({ code: 'network' });
});

test('photos of every kind', async () => {
  const gamma = await load();
  const bytes = new TextEncoder().encode('{"score":0.5}');
  const path = join(folder, 'photo é.json');
  const data = new Uint8ClampedArray(4 * 2 * 3).fill(51);
  const photos: [NodeEntry.Photo, number][] = [
    [path, 0.25],
    [pathToFileURL(path), 0.25],
    [`${base}/photo`, 0.75],
    [new URL(`${base}/photo`), 0.75],
    ['data:application/json,{"score":0.125}', 0.125],
    [new Blob([bytes]), 0.5],
    [bytes, 0.5],
    [bytes.buffer, 0.5],
    [Buffer.from(bytes), 0.5],
    [{ width: 2, height: 3, data }, 0.2],
    [{ width: 2, height: 3, data: new Uint8Array(data) }, 0.2],
  ];
  for (const [photo, score] of photos) expect((await gamma.score(photo)).score).toBeCloseTo(score, 9);
  expect([bytes.byteLength, data.byteLength], "the caller's buffers are still there").toEqual([13, 24]);
  await gamma.dispose();
});

test('pixels and bytes are taken when score is called', async () => {
  const gamma = await load();
  const first = gamma.score(new TextEncoder().encode('{"sleep":5}'));
  const data = new Uint8Array(4).fill(255);
  const second = gamma.score({ width: 1, height: 1, data });
  data.fill(0);
  expect([(await first).score, (await second).score]).toEqual([0.5, 1]);
  await gamma.dispose();
});

test('what is no photo is refused with words', async () => {
  const gamma = await load();
  const cases: [unknown, string, RegExp][] = [
    [join(folder, 'missing.jpg'), 'io', /missing\.jpg/],
    [`${base}/missing`, 'http', /the photo could not be fetched from .*: the server answered 404/],
    [`${base}/html`, 'http', /web page/],
    [undefined, 'photo-type', /undefined is no photo; expected a path/],
    [{ width: 1 }, 'photo-type', /no photo/],
    [{ width: 1, height: 1, data: new Uint8Array(3) }, 'photo-type', /take 4 bytes, but 3 were given/],
    [{ width: 0, height: 1, data: new Uint8Array(0) }, 'photo-type', /0 x 1/],
    [{ width: 1, height: 1, data: new Float32Array(4) }, 'photo-type', /eight-bit RGBA/],
    [new Blob(['plain']), 'image-format', /not an image/],
  ];
  for (const [photo, code, message] of cases) {
    const failed = gamma.score(photo as NodeEntry.Photo);
    await expect(failed).rejects.toBeInstanceOf(GammaError);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  }
  await gamma.dispose();
});

test.each([
  ['step', 'wasm'],
  ['detached', 'wasm'],
  ['exit', 'worker'],
])('an engine that dies (%s) rejects with %s and is started afresh', async (trap, code) => {
  const gamma = await load();
  const json = (content: object) => new TextEncoder().encode(JSON.stringify(content));
  await expect(gamma.score(json({ trap }))).rejects.toMatchObject({ code });
  expect((await gamma.score(json({ score: 0.5 }))).score).toBe(0.5);
  await gamma.dispose();
});

test('an abort reaches the worker between two crops', async () => {
  const gamma = await load();
  const controller = new AbortController();
  const seen: number[] = [];
  const call = gamma.score(new TextEncoder().encode('{"busy":20}'), {
    crops: 100,
    signal: controller.signal,
    onProgress: ({ done }) => seen.push(done) === 3 && controller.abort(),
  });
  await expect(call).rejects.toMatchObject({ code: 'aborted' });
  expect((await gamma.score(new TextEncoder().encode('{}'))).score).toBe(0.5);
  expect(seen).toEqual([1, 2, 3]);
  await gamma.dispose();
});

test('without weights, the model that lies with the modules', async () => {
  await expect(Gamma.load({ wasm })).rejects.toMatchObject({
    code: 'io',
    message: expect.stringContaining('gamma-lite.safetensors'),
  });
  writeFileSync(join(wasm, 'gamma-lite.safetensors'), weightsOf({ scenes: ['natural-quality'] }));
  const gamma = await Gamma.load({ wasm });
  expect(gamma.scenes.map(({ id }) => id)).toEqual(['natural-quality']);
  expect(gamma.source.from).toBe('file');
  await gamma.dispose();
});

test('what is missing is named', async () => {
  await expect(load({ weights: join(folder, 'none.safetensors') })).rejects.toMatchObject({
    code: 'io',
    message: expect.stringContaining('none.safetensors'),
  });
  await expect(load({ wasm: join(folder, 'nowhere') })).rejects.toMatchObject({
    code: 'io',
    message: expect.stringMatching(/the engine's module `cpu` could not be read.*nowhere/),
  });
  await expect(load({ device: 'webgpu' })).rejects.toMatchObject({
    code: 'device',
    message: expect.stringMatching(/Node does not offer it/),
  });
});

test('a process ends by itself while a model is loaded, but not while a photo is scored', () => {
  const program = `
    import { Gamma } from ${JSON.stringify(entry)};
    const gamma = await Gamma.load(${JSON.stringify({ weights: model, wasm })});
    gamma.score(new TextEncoder().encode('{"sleep":20}')).then(({ score }) => console.log('score', score));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  expect(output).toBe('score 0.5\n');
});

test('importing runs nothing: no thread, no timer, no connection', () => {
  const program = `
    globalThis.fetch = WebAssembly.validate = () => { throw new Error('ran'); };
    const entries = [await import(${JSON.stringify(new URL('../../pkg/index.js', import.meta.url).href)}), await import(${JSON.stringify(entry)})];
    const busy = process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort|Timeout|Immediate|TCP/.test(name));
    console.log(busy.join(), entries.map((names) => Object.keys(names).join()).join(' '));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  expect(output).toBe(' Gamma,GammaError,faultText Gamma,GammaError,faultText\n');
});
