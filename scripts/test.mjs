// npm test [-- options]: every check, one after the other, to the end; a table; `N passed, N failed`.
//   --only GROUPS   these tests alone, with commas between them: lint, rust, js, browser, packaging
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { countCargo, countNode, countPlain, countPython, countVitest, settle } from './lib/count.mjs';
import { buildModule, KINDS } from './lib/modules.mjs';
import { optionsOf, refuse } from './lib/options.mjs';
import { buildPackage, TSC } from './lib/package.mjs';
import { inRoot, REPORTS, TARGET } from './lib/paths.mjs';
import { capture, run } from './lib/run.mjs';
import { duration, elapsed, Failure, main, say } from './lib/say.mjs';
import { Status } from './lib/status.mjs';
import { setup } from './setup.mjs';

const bin = (name) => inRoot('node_modules/.bin', process.platform === 'win32' ? `${name}.cmd` : name);

/** A step that counts as one test: it passes or it does not. */
const check = (group, title, command, args, options) => ({
  group: [group],
  title,
  async action() {
    await run(command, args, options);
    return { passed: 1, failed: 0, skipped: 0 };
  },
});

/** Runs Vitest and counts by its JSON report. */
function vitest(group, title, args, { before, reporter } = {}) {
  return {
    group: [group],
    title,
    async action() {
      before?.();
      mkdirSync(REPORTS, { recursive: true });
      const report = join(REPORTS, `vitest-${group}.json`);
      rmSync(report, { force: true });
      const reporters = ['default', 'json', ...(reporter ? [reporter] : [])].map((name) => `--reporter=${name}`);
      reporters.push(`--outputFile.json=${report}`);
      const env = process.stdout.isTTY ? {} : { NO_COLOR: '1' };
      let failure;
      await run(bin('vitest'), ['run', ...args, ...reporters], { env }).catch((error) => {
        failure = error;
      });
      if (!existsSync(report)) throw failure ?? new Failure('Vitest wrote no report.');
      return settle(countVitest(readFileSync(report, 'utf8')), failure === undefined);
    },
  };
}

/** Runs tests in sight of the person, and counts by what the runner printed. */
const counted = (group, title, count, command, args, env) => ({
  group: [group],
  title,
  async action() {
    try {
      return settle(count(await run(command, args, { tee: true, env })), true);
    } catch (error) {
      if (error.stdout === undefined) throw error;
      return settle(count(error.stdout), false);
    }
  },
});

/** `cargo test` with further `words`, to the last test. Packages in one call share what is compiled. */
const cargoTest = (title, words, env) =>
  counted('rust', title, countCargo, 'cargo', ['test', '--no-fail-fast', ...words.split(' ')], {
    CARGO_TARGET_DIR: TARGET,
    ...env,
  });

/** The command that the Rust tests built. */
const GAMMA = join(TARGET, 'debug', 'gamma');

/** The Python package on that command. */
const python = {
  group: ['rust'],
  title: 'tests of the Python package',
  async action() {
    const env = { GAMMA, PYTHONPATH: 'src', PYTHONDONTWRITEBYTECODE: '1' };
    const args = ['-m', 'unittest', 'discover', '-v', 'tests'];
    const { code, stdout, stderr } = await capture('python3', args, { cwd: inRoot('python'), env });
    if (code === 127) {
      say('skipped: there is no python3');
      return { passed: 0, failed: 0, skipped: 1 };
    }
    say(stdout + stderr);
    return settle(countPython(stderr), code === 0);
  },
};

/** Builds the package; the tests of the other steps run what is published. */
const build = (ready) => ({
  group: ['js', 'browser', 'packaging'],
  title: 'build of the npm package',
  async action() {
    const status = new Status(KINDS, KINDS);
    try {
      await buildPackage();
      for (const kind of KINDS) {
        await buildModule(kind, ready);
        status.set(kind, 'ready');
      }
    } finally {
      status.close('');
    }
    return { passed: 1, failed: 0, skipped: 0 };
  },
});

/** Packages of Rust outside the workspace of the repository's own `Cargo.toml`. */
const RUST_PACKAGES = ['modules', 'tests/fuzz', 'tools/wasm-bindgen'];

const steps = (ready) => [
  check('lint', 'format and lint of JavaScript, TypeScript, CSS (Biome)', bin('biome'), [
    'check',
    '--error-on-warnings',
  ]),
  check('lint', 'rooms of js/: no circle, at most 8 floors', process.execPath, [inRoot('scripts/rooms.mjs')]),
  check('lint', 'types of the API (tsc)', TSC, ['--noEmit']),
  check('lint', 'types of the page (tsc)', TSC, ['--noEmit', '-p', 'www']),
  check('lint', 'types of the browser tests (tsc)', TSC, ['--noEmit', '-p', 'tests/browser']),
  check('lint', 'types of the extension (tsc)', TSC, ['--noEmit', '-p', 'extension']),
  check('lint', 'types of the tests of the extension (tsc)', TSC, ['--noEmit', '-p', 'tests/extension']),
  {
    group: ['lint'],
    title: 'format of Rust (cargo fmt), every package',
    async action() {
      for (const folder of ['.', ...RUST_PACKAGES]) {
        await run('cargo', ['fmt', '--check', '--manifest-path', inRoot(folder, 'Cargo.toml')]);
      }
      return { passed: 1, failed: 0, skipped: 0 };
    },
  },
  check('lint', 'lint of Rust (clippy)', 'cargo', [
    'clippy',
    '--workspace',
    '--all-targets',
    '--features',
    'web,listen',
    '--',
    '-D',
    'warnings',
  ]),
  // With the HTTP server, which is not in the command unless asked for. The packages left out would bring wgpu and criterion along, and with
  // criterion other features of what all depend on: then nothing else that cargo compiles natively would find its dependencies there.
  cargoTest(
    'Rust tests',
    '--workspace --exclude gamma-webgpu --exclude gamma-kernels-bench --features gamma-wasm/listen',
  ),
  cargoTest(
    'Rust tests of the shaders on this machine',
    '--manifest-path modules/Cargo.toml -p gamma-module -p gamma-webgpu --features gamma-module/native-gpu -- --nocapture',
    { GAMMA },
  ),
  python,
  counted('js', 'tests of the scripts', countNode, process.execPath, [
    '--test',
    '--test-reporter=tap',
    'scripts/tests/scripts.test.mjs',
  ]),
  build(ready),
  vitest('js', 'JavaScript tests under Node', []),
  vitest('browser', 'tests in browsers', ['--config', 'tests/browser/vitest.config.ts'], {
    reporter: './tests/browser/reporter.ts',
    before() {
      if (ready.browserMissing) throw ready.browserMissing;
    },
  }),
  // All cases: npm run test:packaging.
  counted('packaging', 'the packed package in bundlers and runtimes', countPlain, process.execPath, [
    inRoot('tests/packaging/run.mjs'),
    '--quick',
  ]),
];

async function perform({ title, action }) {
  say(`\n── ${title}`);
  const begin = performance.now();
  let counts;
  try {
    counts = await action();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    counts = { passed: 0, failed: 1, skipped: 0 };
  }
  const took = performance.now() - begin;
  say(`── ${title}: ${counts.failed === 0 ? 'passed' : 'FAILED'} after ${duration(took)}`);
  return { title, ...counts, took };
}

function summary(results) {
  const width = Math.max(...results.map(({ title }) => title.length));
  const row = (title, ...cells) =>
    say(`${title.padEnd(width)} ${cells.map((cell) => String(cell).padStart(12)).join('')}`);
  say('');
  row('', 'passed', 'failed', 'skipped', 'time');
  for (const { title, passed, failed, skipped, took } of results) row(title, passed, failed, skipped, duration(took));
  const sum = (name) => results.reduce((total, result) => total + result[name], 0);
  row('', sum('passed'), sum('failed'), sum('skipped'), duration(elapsed()));
  // The last line, in a form that continuous integration reads.
  say(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  if (sum('failed') > 0) process.exitCode = 1;
}

const GROUPS = ['lint', 'rust', 'js', 'browser', 'packaging'];

function chosenGroups(only) {
  const groups = only.split(',');
  const unknown = groups.filter((group) => !GROUPS.includes(group));
  if (unknown.length > 0) refuse(`--only knows no ${unknown.join(', ')}.`);
  return groups;
}

await main(async () => {
  const { values } = optionsOf({ options: { only: { type: 'string', default: GROUPS.join(',') } } });
  const groups = chosenGroups(values.only);
  const has = (...names) => names.some((name) => groups.includes(name));
  let ready;
  try {
    ready = await setup({
      wasm: has('js', 'browser', 'packaging'),
      lint: has('lint'),
      browser: has('browser', 'packaging'),
      gpu: has('rust'),
    });
  } catch (error) {
    say('\n0 passed, 1 failed');
    throw error;
  }
  const results = [];
  for (const step of steps(ready).filter(({ group }) => has(...group))) results.push(await perform(step));
  summary(results);
});
