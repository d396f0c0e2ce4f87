// The npm package around the modules: JavaScript from js/, package.json, texts.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cargoField, inRoot, PKG } from './paths.mjs';
import { run } from './run.mjs';
import { step } from './say.mjs';

export const TSC = inRoot('node_modules/.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc');

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
    // Workers do their work when they are loaded; nothing else does anything at import.
    sideEffects: ['./worker.js', './node-worker.js'],
    files: ['*.js', '*.d.ts', 'wasm', 'README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE'],
    engines: { node: '>=20' },
  };
}

/** Removes what an earlier build made of a file of js/ that is gone. */
function removeStale() {
  for (const name of readdirSync(PKG)) {
    const source = name.match(/^(.+?)(\.d\.ts|\.js)(\.map)?$/)?.[1];
    if (source !== undefined && !existsSync(inRoot('js', `${source}.ts`))) rmSync(join(PKG, name));
  }
}

/** Compiles js/ into pkg/ and writes what npm needs beside it. */
export async function buildPackage() {
  await step('JavaScript', async () => {
    mkdirSync(PKG, { recursive: true });
    await run(TSC, ['-p', 'tsconfig.build.json'], { quiet: true });
    removeStale();
  });
  writeFileSync(join(PKG, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE']) {
    copyFileSync(inRoot(name), join(PKG, name));
  }
}
