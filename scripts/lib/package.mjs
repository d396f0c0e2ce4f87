// The npm package around the modules: JavaScript from js/, the default model, package.json, texts.
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLES, bundleJs } from './bundle.mjs';
import { cargoField, inRoot, PKG } from './paths.mjs';
import { run } from './run.mjs';
import { Failure, step } from './say.mjs';

export const TSC = inRoot('node_modules/.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc');

/** The file of the default model. */
export const MODEL = 'gamma-lite.safetensors';

/** Scenes for it that are for non-commercial use only: a file of its own. */
const AI_MODEL = 'gamma-lite-ai.safetensors';

/** The types of a file that a bundler turns into its address. */
const ASSET = `/** The address of the file, as bundlers give it. */
declare const url: string;
export default url;
`;

function manifest() {
  const entry = (name, source = name) => ({ types: `./${source}.d.ts`, default: `./${name}.js` });
  // What a bundler makes of it, an address.
  const asset = (name) => ({ types: './asset.d.ts', default: name });
  return {
    name: 'gamma-wasm',
    version: cargoField('version'),
    description:
      'Scores photos with the Gamma image quality model in the browser, on WebGPU or the CPU, and under Node',
    keywords: ['image-quality', 'iqa', 'clip', 'webgpu', 'wasm'],
    license: 'MIT OR Apache-2.0',
    type: 'module',
    exports: {
      '.': { node: entry('node'), ...entry('index') },
      './node': entry('node'),
      './browser': entry('index'),
      './filter': entry('filter/index'),
      './element': entry('element/index'),
      './check': entry('check/index'),
      './verify': entry('verify/index'),
      './custom-elements.json': './custom-elements.json',
      // To be copied, or to be named by `new URL`.
      './worker': entry('worker', 'worker/browser'),
      './node-worker': entry('node-worker', 'worker/node'),
      './wasm/*.js': { types: './wasm/*.d.ts', default: './wasm/*.js' },
      './wasm/*': asset('./wasm/*'),
      [`./weights/${AI_MODEL}`]: asset(`./wasm/${AI_MODEL}`),
      './package.json': './package.json',
    },
    types: './index.d.ts',
    customElements: 'custom-elements.json',
    bin: { 'gamma-wasm': './command/main.js' },
    // Workers and the command do their work when they are loaded, and glue hands itself over; nothing else does anything at import.
    sideEffects: ['./worker.js', './node-worker.js', './command/main.js', './wasm/*/gamma.js'],
    files: [
      '*.js',
      '**/*.d.ts',
      'command',
      'filter',
      'element',
      'check',
      'verify',
      'custom-elements.json',
      'wasm',
      'README.md',
      'CHANGELOG.md',
      'LICENSE-MIT',
      'LICENSE-APACHE',
    ],
    // For `verify` alone. 0.14.0 to 0.14.2 were published broken.
    peerDependencies: { '@contentauth/c2pa-web': '>=0.13.1' },
    peerDependenciesMeta: { '@contentauth/c2pa-web': { optional: true } },
    engines: { node: '>=20.19' },
  };
}

/** Removes what an earlier build made of a file of js/ that is gone. */
function removeStale() {
  for (const name of readdirSync(PKG, { recursive: true })) {
    if (/^wasm[\\/]/.test(name) || BUNDLES.includes(name)) continue;
    const declared = name.match(/^(.+)\.d\.ts$/)?.[1];
    const stale = declared ? !existsSync(inRoot('js', `${declared}.ts`)) : /\.(js|map)$/.test(name);
    if (stale) rmSync(join(PKG, name));
  }
}

/** Compiles js/ into pkg/: the bundles and their types. */
export async function compileJs() {
  mkdirSync(PKG, { recursive: true });
  await run(TSC, ['-p', 'tsconfig.build.json'], { quiet: true });
  removeStale();
  writeFileSync(join(PKG, 'asset.d.ts'), ASSET);
  await bundleJs();
}

/** Puts the models that the package comes with beside the modules, where `Gamma.load` looks for them. */
function copyModels() {
  mkdirSync(join(PKG, 'wasm'), { recursive: true });
  for (const name of [MODEL, AI_MODEL]) {
    const model = inRoot('weights', name);
    if (!existsSync(model)) throw new Failure(`weights/${name} is missing: the package cannot be built without it.`);
    cpSync(model, join(PKG, 'wasm', name), { preserveTimestamps: true });
  }
}

/** Compiles js/ into pkg/ and writes what npm needs beside it. */
export async function buildPackage() {
  await step('JavaScript', compileJs);
  copyModels();
  writeFileSync(join(PKG, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  copyFileSync(inRoot('js/element/custom-elements.json'), join(PKG, 'custom-elements.json'));
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE']) {
    copyFileSync(inRoot(name), join(PKG, name));
  }
}
