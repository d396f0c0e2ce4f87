// npm run test:python [-- --wheel FILE]: the Python wheel as its users have it. Builds it, installs it in a fresh virtual environment, runs
// the samples of python/README.md, then the package's tests with NumPy and Arrow, and checks its types.
import { cpSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { countPython, settle } from '../../scripts/lib/count.mjs';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { inRoot, TARGET } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { duration, Failure, main, say } from '../../scripts/lib/say.mjs';
import { Tally } from '../../scripts/lib/tally.mjs';
import { Environment } from '../../scripts/lib/venv.mjs';
import { buildWheel } from '../../scripts/wheel.mjs';

/** The wheel's largest size in bytes. */
const MOST = 15_000_000;
const FOLDER = join(TARGET, 'python', 'samples');

/** Milliseconds that something took. */
async function timed(what) {
  const begin = performance.now();
  const value = await what();
  return { value, took: performance.now() - begin };
}

/** Blocks of Python in the wheel's README. */
const samples = () =>
  [...readFileSync(inRoot('python/README.md'), 'utf8').matchAll(/```python\n(.*?)```/gs)].map(([, code]) => code);

const tally = new Tally();
function expect(name, holds, otherwise = '') {
  if (!holds) throw new Failure(`${name}: no. ${otherwise}`);
  say(`${name}: yes`);
  tally.note(true);
}

async function test(wheel) {
  const { size } = statSync(wheel);
  expect(`the wheel has at most ${MOST / 1e6} MB (${(size / 1e6).toFixed(2)})`, size <= MOST);

  const environment = new Environment('python', 'fresh');
  await environment.make();
  const install = await timed(() => environment.install('--no-index', wheel));
  const installed = await capture(environment.program('python'), ['-m', 'pip', 'list', '--format=freeze']);
  const others = installed.stdout
    .split('\n')
    .filter((line) => line && !/^(pip|setuptools|wheel|gamma-wasm)==/.test(line));
  expect(`it needs nothing else (pip install: ${duration(install.took)})`, others.length === 0, others.join(', '));

  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const name of ['a.jpg', 'b.jpg']) cpSync(inRoot('www/samples/dog.jpg'), join(FOLDER, name));
  const command = await capture(environment.program('gamma'), ['score', '--json', 'a.jpg'], { cwd: FOLDER });
  const expected = JSON.parse(command.stdout).score;
  const [first, ...more] = samples();
  const lines = first.split('\n').filter((line) => line.trim() !== '');
  const run = (code) => capture(environment.program('python'), ['-c', code], { cwd: FOLDER });
  const score = await timed(() => run(first));
  const printed = score.value.stdout.trim();
  expect(
    `three lines score photos as the command does (${duration(score.took)})`,
    lines.length === 3 && printed === `[${expected}, ${expected}]`,
    `They print ${printed}, the command ${expected}. ${score.value.stderr}`,
  );

  await environment.install('numpy', 'pyarrow', 'mypy');
  for (const [at, sample] of more.entries()) {
    const { code, stderr } = await run(sample);
    expect(`sample ${at + 2} of python/README.md runs`, code === 0, stderr);
  }
  const python = environment.program('python');
  const types = await capture(python, ['-m', 'mypy', '--strict', 'src/gamma_wasm'], { cwd: inRoot('python') });
  expect('types hold (mypy --strict)', types.code === 0, types.stdout);
  const use = await capture(python, ['-m', 'mypy', '--strict', 'tests/typed.py'], { cwd: inRoot('python') });
  expect('types reach those who use the package', use.code === 0, use.stdout);

  const args = ['-m', 'unittest', 'discover', '-v', 'tests'];
  const env = { PYTHONDONTWRITEBYTECODE: '1', GAMMA: '' };
  const tests = await capture(python, args, { cwd: inRoot('python'), env });
  say(tests.stdout + tests.stderr);
  return settle(countPython(tests.stderr), tests.code === 0);
}

await main(async () => {
  const { values } = optionsOf({ options: { wheel: { type: 'string' } } });
  await tally.close(async () => {
    const tests = await test(values.wheel === undefined ? await buildWheel() : resolve(values.wheel));
    tally.passed += tests.passed;
    tally.failed += tests.failed;
    if (tests.skipped > 0) throw new Failure('With NumPy and Arrow no test is skipped.');
  });
});
