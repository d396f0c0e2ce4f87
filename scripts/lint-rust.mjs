// npm run lint:rust [-- wgpu modules …]: clippy and rustdoc over every package of Rust, feature and target; `npm test` lints the workspace alone.
// Minutes: burn-wgpu and the modules have dependencies of their own.
import { join } from 'node:path';
import { KINDS, SIMD } from './lib/modules.mjs';
import { inRoot, TARGET } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { Failure, main, say, step } from './lib/say.mjs';
import { Tally } from './lib/tally.mjs';
import { setup } from './setup.mjs';

const WEB = ['--target', 'wasm32-unknown-unknown'];

/** Each group: the packages, with the words for cargo. */
const groups = () => ({
  workspace: [['.', '--workspace', '--all-targets', '--features', 'web,listen']],
  wgpu: [['.', '--all-targets', '--features', 'wgpu,listen']],
  packages: [
    ['stand-ins/burn-flex', '--all-targets', '--features', 'webgpu'],
    ['webgpu', '--all-targets', '--features', 'faults,native'],
    ['tests/fuzz', '--all-targets'],
    ['tools/wasm-bindgen', '--all-targets'],
    ['modules', '--all-targets', '--features', 'native-gpu'],
  ],
  // What each module is made of, for the browser.
  modules: [...KINDS, 'cpu,debug', 'gpu-bench'].map((features) => ['modules', ...WEB, '--features', features]),
});

/**
 * What `cargo clippy` is to a package of the workspace, for those of this repository that modules/ depends on, too: cargo lets
 * clippy see members alone.
 */
const ALL = {
  RUSTC_WRAPPER: 'clippy-driver',
  CLIPPY_ARGS: ['-D', 'warnings'].map((word) => `${word}__CLIPPY_HACKERY__`).join(''),
};

async function lint([folder, ...words], { toolchain: { cargo, args, env } }) {
  const web = words.includes(WEB[1]);
  const common = ['--locked', '--manifest-path', inRoot(folder, 'Cargo.toml'), ...words];
  // The modules' own flags let a stable compiler take what it takes on no stable release.
  const flags = web ? { ...env, RUSTFLAGS: SIMD, RUSTC_BOOTSTRAP: '1' } : {};
  const [program, ...more] = web ? [cargo, ...args] : ['cargo'];
  if (folder === 'modules') {
    const own = ['--target-dir', join(TARGET, 'lint')];
    await run(program, ['check', ...common, ...more, ...own], { env: { ...flags, ...ALL } });
  } else {
    await run(program, ['clippy', ...common, ...more, '--target-dir', TARGET, '--', '-D', 'warnings'], { env: flags });
  }
  const documented = common.filter((word) => word !== '--all-targets');
  const doc = ['doc', '--no-deps', '--document-private-items', ...documented, ...more, '--target-dir', TARGET];
  if (folder === 'modules') doc.push('-p', 'gamma-module', '-p', 'gamma-wasm');
  // A module has not all that the texts link to.
  const links = folder === 'modules' ? ' -A rustdoc::broken-intra-doc-links' : '';
  await run(program, doc, { env: { ...flags, RUSTDOCFLAGS: `-D warnings${links}` } });
}

await main(async () => {
  const all = groups();
  const words = process.argv.slice(2);
  const unknown = words.filter((word) => !(word in all));
  if (unknown.length > 0)
    throw new Failure(`There is no ${unknown.join(', ')}: choose among ${Object.keys(all).join(', ')}.`);
  const ready = await setup({ wasm: true, lint: true });
  const tally = new Tally();
  await tally.close(async () => {
    for (const subject of (words.length > 0 ? words : Object.keys(all)).flatMap((name) => all[name])) {
      try {
        await step(subject.join(' '), () => lint(subject, ready));
        tally.note(true);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        say(error.message);
        tally.note(false);
      }
    }
  });
});
