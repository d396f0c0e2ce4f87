// npm run build:extension [-- chromium | firefox]: the browser extension in target/extension/, of the package in pkg/.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifest, TARGETS } from '../extension/manifest.mjs';
import { bundle } from './lib/bundle.mjs';
import { buildPackage, MODEL } from './lib/package.mjs';
import { cargoField, inRoot, PKG, REPORTS } from './lib/paths.mjs';
import { Failure, main, say, step } from './lib/say.mjs';

/** The modules that may be loaded. Threads are not: an extension's pages are not isolated. */
const MODULES = ['cpu', 'cpu-relaxed', 'extras', 'gpu'];

/** Files as they are. */
const FILES = ['options/options.html', 'options/options.css', 'engine/offscreen.html'];

/** Scripts of each browser: names and the modules that they are made of. That of pages can have no imports of its own. */
const scripts = (target) => ({
  background: `background/${target}`,
  content: 'content/content',
  options: 'options/options',
  ...(target === 'chromium' && { offscreen: 'engine/offscreen' }),
});

/** The text of the filter's style sheet, which the browser adds to each page. */
async function styles() {
  const code = await bundle(inRoot('js/filter/sheets.ts'), 'sheets.js', {});
  const { styleText } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return styleText();
}

/** Builds the extension for a browser; gives its folder. */
export async function buildExtension(target) {
  const folder = join(REPORTS, 'extension', target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, input] of Object.entries(scripts(target))) {
    const format = name === 'content' ? 'iife' : 'esm';
    const file = join(folder, `${name}.js`);
    writeFileSync(file, await bundle(inRoot('extension', `${input}.ts`), file, { format }));
  }
  writeFileSync(join(folder, 'content.css'), await styles());
  for (const path of FILES) {
    const name = path.split('/').at(-1);
    if (target === 'chromium' || !name.startsWith('offscreen')) cpSync(inRoot('extension', path), join(folder, name));
  }
  cpSync(inRoot('extension/icons'), folder, { recursive: true });
  cpSync(join(PKG, 'worker.js'), join(folder, 'worker.js'));
  for (const kind of MODULES) {
    for (const name of ['gamma.js', 'gamma_bg.wasm']) {
      const from = join(PKG, 'wasm', kind, name);
      if (!existsSync(from)) throw new Failure(`The ${kind} module is missing: npm run build makes it.`);
      cpSync(from, join(folder, 'wasm', kind, name));
    }
  }
  cpSync(join(PKG, 'wasm', MODEL), join(folder, 'wasm', MODEL));
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) cpSync(inRoot(name), join(folder, name));
  const text = JSON.stringify(manifest(target, cargoField('version')), null, 2);
  writeFileSync(join(folder, 'manifest.json'), `${text}\n`);
  return folder;
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  await main(async () => {
    const names = process.argv.slice(2);
    const unknown = names.filter((name) => !TARGETS.includes(name));
    if (unknown.length > 0) throw new Failure(`There is no ${unknown.join(', ')}: choose among ${TARGETS.join(', ')}.`);
    await buildPackage();
    for (const target of names.length > 0 ? names : TARGETS) {
      await step(`extension for ${target}`, () => buildExtension(target));
      say(`target/extension/${target}/`);
    }
  });
}
