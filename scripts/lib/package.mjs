// The npm package around the modules: JavaScript from js/, the default model, package.json, texts.
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cargoField, inRoot, PKG } from './paths.mjs';
import { run } from './run.mjs';
import { Failure, step } from './say.mjs';

export const TSC = inRoot('node_modules/.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc');

/** The folders of js/. */
const ROOMS = readdirSync(inRoot('js'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The file of the default model. */
export const MODEL = 'gamma-lite.safetensors';

function manifest() {
  const entry = (name) => ({ types: `./${name}.d.ts`, default: `./${name}.js` });
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
      './wasm/*': './wasm/*',
      './package.json': './package.json',
    },
    types: './index.d.ts',
    bin: { 'gamma-wasm': './command/main.js' },
    // Workers do their work when they are loaded; nothing else does anything at import.
    sideEffects: ['./worker/browser.js', './worker/node.js', './worker/thread.js', './command/main.js'],
    files: ['*.js', '*.d.ts', ...ROOMS, 'wasm', 'README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE'],
    engines: { node: '>=20' },
  };
}

/** Removes what an earlier build made of a file of js/ that is gone. */
function removeStale() {
  const made = readdirSync(PKG, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { name, parentPath } of made) {
    const path = relative(PKG, join(parentPath, name));
    const source = path.match(/^(?!wasm[\\/])(.+?)(\.d\.ts|\.js)(\.map)?$/)?.[1];
    if (source !== undefined && !existsSync(inRoot('js', `${source}.ts`))) rmSync(join(PKG, path));
  }
}

/** Puts the model that the package comes with beside the modules, where `Gamma.load` looks for it. */
function copyModel() {
  const model = inRoot('weights', MODEL);
  if (!existsSync(model))
    throw new Failure(`weights/${MODEL} is missing: the package cannot be built without its default model.`);
  mkdirSync(join(PKG, 'wasm'), { recursive: true });
  cpSync(model, join(PKG, 'wasm', MODEL), { preserveTimestamps: true });
}

/** Compiles js/ into pkg/ and writes what npm needs beside it. */
export async function buildPackage() {
  await step('JavaScript', async () => {
    mkdirSync(PKG, { recursive: true });
    await run(TSC, ['-p', 'tsconfig.build.json'], { quiet: true });
    removeStale();
  });
  copyModel();
  writeFileSync(join(PKG, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE']) {
    copyFileSync(inRoot(name), join(PKG, name));
  }
}
