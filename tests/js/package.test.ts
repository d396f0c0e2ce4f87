// The package as a consumer meets it: its types, and what a bundler makes of its worker and its WebAssembly files.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  cpSync(join(root, 'pkg'), installed, {
    recursive: true,
    filter: (path) => path !== join(root, 'pkg', 'wasm'),
  });
  const manifest = {
    name: 'gamma-wasm',
    type: 'module',
    exports: { '.': './index.js', './node': './node.js' },
  };
  writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest));
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

test.each([
  ['bundler', { module: 'ESNext', moduleResolution: 'bundler', lib: DOM }],
  ['nodenext', { module: 'NodeNext', moduleResolution: 'nodenext', lib: DOM }],
])('a page type-checks with moduleResolution %s', (name, options) => {
  check(`page-${name}`, PAGE, options);
});

test.each([
  ['without the DOM library', ['ES2022']],
  ['with the DOM library', DOM],
])('a Node program type-checks %s', (_, lib) => {
  // The library checks of @types/node are its own affair; the declarations of this package are checked above.
  check(`node-${lib.length}`, NODE, { module: 'NodeNext', moduleResolution: 'nodenext', lib, types: ['node'] });
});

test('Vite bundles the worker and finds every file of the WebAssembly modules, and the default model', async () => {
  const { build } = await import('vite');
  for (const kind of ['gpu', 'cpu', 'cpu-relaxed', 'cpu-threads', 'extras']) {
    mkdirSync(join(installed, 'wasm', kind), { recursive: true });
    // As large as real ones, so that they are not put into the script as data URLs.
    writeFileSync(join(installed, 'wasm', kind, 'gamma.js'), `export default '${kind}';//${'x'.repeat(5000)}`);
    writeFileSync(join(installed, 'wasm', kind, 'gamma_bg.wasm'), kind.repeat(2000));
  }
  writeFileSync(join(installed, 'wasm', 'clip_merges.txt'), 'merges '.repeat(1000));
  writeFileSync(join(installed, 'wasm', 'gamma-lite.safetensors'), 'model '.repeat(1000));
  writeFileSync(join(folder, 'index.html'), '<script type="module" src="/main.js"></script>');
  writeFileSync(join(folder, 'main.js'), "import { Gamma } from 'gamma-wasm';\nGamma.load().catch(console.log);\n");
  await build({ root: folder, configFile: false, logLevel: 'error' });
  const assets = readdirSync(join(folder, 'dist', 'assets'));
  const contents = assets.map((name) => readFileSync(join(folder, 'dist', 'assets', name), 'utf8'));
  const scripts = contents.filter((text) => text.includes('openUrl') || text.includes('open_device'));
  for (const kind of ['gpu', 'cpu', 'cpu-relaxed', 'cpu-threads', 'extras']) {
    const glue = assets[contents.findIndex((text) => text.startsWith(`export default '${kind}';`))];
    const binary = assets[contents.indexOf(kind.repeat(2000))];
    expect([glue, binary]).toEqual([
      expect.stringMatching(/^gamma-.*\.js$/),
      expect.stringMatching(/^gamma_bg-.*\.wasm$/),
    ]);
    expect(
      scripts.some((text) => text.includes(glue ?? '?') && text.includes(binary ?? '?')),
      kind,
    ).toBe(true);
  }
  const model = assets[contents.indexOf('model '.repeat(1000))] ?? '?';
  expect(model).toMatch(/^gamma-lite-.*\.safetensors$/);
  expect(contents.some((text) => text.includes('weights-none') && text.includes(model))).toBe(true);
  const worker = assets.find((name) => /^worker-.*\.js$/.test(name)) ?? '?';
  expect(contents.some((text, index) => assets[index] !== worker && text.includes(worker))).toBe(true);
});
