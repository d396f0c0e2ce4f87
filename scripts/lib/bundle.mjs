// JavaScript of the package as few files: bundlers copy a worker without what it imports, and a page without a bundler asks for each.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot, PKG } from './paths.mjs';

/** Entries of js/ that each become one file of the package. Workers are minified, since some bundlers copy them as they are. */
const ENTRIES = [
  { name: 'index' },
  { name: 'node', platform: 'node' },
  { name: 'worker', input: 'worker/browser', minify: true },
  { name: 'node-worker', input: 'worker/node', platform: 'node' },
  { name: 'command/main', platform: 'node', external: ['../node.js'] },
  // They take the engine from the package's own entry, so that a page has it once.
  { name: 'filter/index', beside: true },
  { name: 'element/index', beside: true },
  { name: 'check/index', beside: true },
  { name: 'verify/index', beside: true },
];

/** The files of the package that are made from js/. */
export const BUNDLES = ENTRIES.map(({ name }) => `${name}.js`);

/**
 * Leaves the engine to the package's own entry. `GammaError` is that entry's, too: with a class of its own in each file callers could not
 * tell it by `instanceof`.
 */
const ENGINE = {
  name: 'engine',
  resolveId: (id) => (/^\.\.\/(index|error)\.js$/.test(id) ? { id: '../index.js', external: true } : undefined),
};

/** The text of `file`, made of the module `input` and what it imports. */
export async function bundle(
  input,
  file,
  { platform = 'browser', format = 'esm', minify = false, plugins = [], external = [], beside = false },
) {
  // Set-up installs it before it is needed.
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input,
    platform,
    plugins: beside ? [...plugins, ENGINE] : plugins,
    external: [/^node:/, ...external],
    checks: { eval: false },
  });
  try {
    const { output } = await build.generate({ file, format, minify, codeSplitting: false });
    return output[0].code;
  } finally {
    await build.close();
  }
}

function writeChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Bundles js/ into pkg/. */
export async function bundleJs() {
  for (const { name, input = name, ...options } of ENTRIES) {
    const file = join(PKG, `${name}.js`);
    writeChanged(file, await bundle(inRoot('js', `${input}.ts`), file, options));
  }
}

/**
 * The glue of a module, minified. It also hands its exports over as it runs, for bundlers that make a script without exports of a file
 * that is imported by its address (Parcel); js/wasm.ts takes them.
 */
export function bundleGlue(path) {
  const entry = `import * as glue from ${JSON.stringify(path)};
export * from ${JSON.stringify(path)};
export { default } from ${JSON.stringify(path)};
globalThis[Symbol.for('gamma-wasm.glue')]?.(glue);`;
  const virtual = {
    name: 'glue-entry',
    resolveId: (id) => (id === 'glue-entry' ? id : undefined),
    load: (id) => (id === 'glue-entry' ? entry : undefined),
  };
  return bundle('glue-entry', path, { minify: true, plugins: [virtual] });
}
