// The types of the package as a consumer meets them. What bundlers make of it is tried in tests/packaging.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
let folder: string;
let installed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gamma-consumer-'));
  installed = join(folder, 'node_modules', 'gamma-wasm');
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  cpSync(join(root, 'pkg'), installed, { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const PAGE = `
import { type Assessment, type Assessments, Gamma, GammaError, type LoadOptions, type Photo } from 'gamma-wasm';

const options: LoadOptions = { weights: undefined, device: 'auto', signal: undefined };
export async function page(file: File, video: HTMLVideoElement, canvas: OffscreenCanvas): Promise<number> {
  await using gamma = await Gamma.load({ ...options, onProgress: ({ phase, loaded, total }) => console.log(phase, loaded, total) });
  const one: Assessment = await gamma.score(file, { crops: 5, policy: 'grid' });
  const all: Assessments = await gamma.score(video, { scene: 'all' });
  const maybe: number | undefined = all['generic']?.levels.perfect;
  for await (const { photo, index, assessment, error } of gamma.scoreAll([file, file])) {
    const name: string = photo.name;
    if (error) console.log(index, name, error.code === 'aborted', error.message);
    else console.log(assessment.score);
  }
  const mixed: Photo[] = [canvas, 'a.jpg', new URL('https://x/'), new Uint8Array(3), new ImageData(1, 1)];
  for await (const result of gamma.scoreAll(mixed, { scene: 'all' })) console.log(result.assessment?.['generic']?.percent);
  // @ts-expect-error: a number is no photo
  await gamma.score(5);
  // @ts-expect-error: not a policy
  await gamma.score(file, { policy: 'middle' });
  // @ts-expect-error: read-only
  one.score = 1;
  // @ts-expect-error: made by load
  new Gamma();
  await gamma.addScene('product', '{level} product photo');
  return one.percent + (maybe ?? 0) + (new GammaError('http', 'x').code === 'http' ? 1 : 0) + gamma.scenes.length;
}
`;
const NODE = `
import { Gamma, type Photo } from 'gamma-wasm/node';
export async function main(paths: string[]): Promise<void> {
  const gamma = await Gamma.load({ weights: 'model.safetensors', device: 'cpu' });
  const pixels: Photo = { width: 1, height: 1, data: Buffer.alloc(4) };
  console.log((await gamma.score(pixels)).score, gamma.device.reason);
  for await (const { photo, assessment } of gamma.scoreAll(paths)) console.log(photo.length, assessment?.score);
  await gamma.dispose();
}
`;

const ASSETS = `
import model from 'gamma-wasm/wasm/gamma-lite.safetensors';
import scenes from 'gamma-wasm/weights/gamma-lite-ai.safetensors';
import binary from 'gamma-wasm/wasm/cpu/gamma_bg.wasm';
import init, { memory_bytes } from 'gamma-wasm/wasm/cpu/gamma.js';
import 'gamma-wasm/worker';
export const addresses: string[] = [model, scenes, binary];
export const start = async (): Promise<number> => {
  await init({ module_or_path: binary });
  return memory_bytes();
};
`;

const FILTERING = `
import { check, checkInputs } from 'gamma-wasm/check';
import { define, GammaScore } from 'gamma-wasm/element';
import { type Filter, filter, type Rule, verdict } from 'gamma-wasm/filter';
import { type Assessment, Gamma } from 'gamma-wasm/browser';

const rule: Rule = { below: 40, declared: ['ai', 'composite'], when: ({ levels }) => levels.bad > 0.5 };
export async function page(file: File, assessment: Assessment): Promise<boolean> {
  const feed: Filter = filter(document, { rule: [rule, { worst: 10, action: 'badge' }], onVerdict: ({ error }) => console.log(error?.code) });
  // @ts-expect-error: not an action
  filter(document, { rule, action: 'delete' });
  feed.reveal(document.body);
  const { ok, reasons } = await check(file, { atLeast: 40 });
  const end: () => void = checkInputs();
  define();
  GammaScore.gamma = Gamma.load();
  const element = document.createElement('gamma-score');
  element.photo = file;
  element.addEventListener('gamma-score', ({ detail }) => console.log(detail.percent));
  end();
  return ok && verdict(assessment, [rule]).clear && reasons.every(({ text }) => text.length > 0) && feed.stats().judged > 0;
}
`;

function check(name: string, source: string, options: object): void {
  writeFileSync(join(folder, `${name}.ts`), source);
  const compilerOptions = {
    target: 'ES2022',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: [],
    ...options,
  };
  const config = join(folder, `tsconfig.${name}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
}

const DOM = ['ES2022', 'DOM', 'DOM.Iterable'];

const NODE_MODES = [
  ['node16', { module: 'Node16', moduleResolution: 'node16' }],
  ['nodenext', { module: 'NodeNext', moduleResolution: 'nodenext' }],
] as const;

test('a page type-checks with moduleResolution bundler', () => {
  check('page-bundler', PAGE, { module: 'ESNext', moduleResolution: 'bundler', lib: DOM });
});

test.each(NODE_MODES)(
  'a page type-checks with moduleResolution %s, by the name that is the browser everywhere',
  (name, mode) => {
    check(`page-${name}`, PAGE.replace("'gamma-wasm'", "'gamma-wasm/browser'"), { ...mode, lib: DOM });
  },
);

test.each([['bundler', { module: 'ESNext', moduleResolution: 'bundler' }], ...NODE_MODES] as const)(
  'a page that filters type-checks with moduleResolution %s',
  (name, mode) => {
    check(`filtering-${name}`, FILTERING, { ...mode, lib: [...DOM, 'ESNext.Disposable'] });
  },
);

test.each(NODE_MODES)('a Node program type-checks with moduleResolution %s', (name, mode) => {
  check(`node-${name}`, NODE, { ...mode, lib: ['ES2022'], types: ['node'] });
  check(`node-${name}-plain`, NODE.replace('gamma-wasm/node', 'gamma-wasm'), { ...mode, lib: DOM, types: ['node'] });
});

test.each([['bundler', { module: 'ESNext', moduleResolution: 'bundler' }], ...NODE_MODES] as const)(
  'the files of the package have types with moduleResolution %s',
  (name, mode) => {
    check(`assets-${name}`, ASSETS, { ...mode, lib: [...DOM, 'ESNext.Disposable'] });
  },
);
