// npm run fuzz [-- --targets header,provenance,raw --seconds 600]: throws damaged files at everything that reads untrusted bytes,
// with coverage as the guide. Findings stay in tests/fuzz/artifacts; what the fuzzer learnt, and how many inputs it has tried in all runs, stays in
// target/fuzz, so that a campaign goes on where it ended.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSeeds } from '../tests/fuzz/seeds.mjs';
import { optionsOf } from './lib/options.mjs';
import { inRoot, REPORTS, TARGET } from './lib/paths.mjs';
import { capture, run } from './lib/run.mjs';
import { duration, elapsed, Failure, main, say, step } from './lib/say.mjs';
import { nativeToolchain } from './lib/toolchain.mjs';

const VERSION = '0.13.2';
const FOLDER = inRoot('tests/fuzz');
const ARTIFACTS = join(FOLDER, 'artifacts');
const SEEDS = join(REPORTS, 'fuzz-seeds');

/** Inputs tried so far, by target. */
const TRIED = join(REPORTS, 'fuzz', 'tried.json');

const TARGETS = readdirSync(join(FOLDER, 'targets'))
  .filter((file) => file.endsWith('.rs'))
  .map((file) => file.slice(0, -3));

// Coverage instrumentation is the compiler's own, but cargo-fuzz asks for it with flags that only this allows on a stable
// Rust. No sanitizer: the code is safe Rust, and a panic, a hang or a huge allocation is what is looked for.
const ENV = { RUSTC_BOOTSTRAP: '1', CARGO_TARGET_DIR: join(TARGET, 'fuzz') };
const COMMON = ['--fuzz-dir', FOLDER, '--sanitizer', 'none'];

async function cargoFuzz() {
  const { code, stdout } = await capture('cargo', ['fuzz', '--version']);
  if (code === 0 && stdout.includes(VERSION)) return;
  await run('cargo', ['install', 'cargo-fuzz', '--version', `=${VERSION}`, '--locked']);
}

async function fuzz(target, seconds) {
  const corpus = join(REPORTS, 'fuzz', target);
  for (const folder of [corpus, join(SEEDS, target)]) mkdirSync(folder, { recursive: true });
  const limits = [
    `-max_total_time=${seconds}`,
    '-timeout=20',
    '-rss_limit_mb=2048',
    '-print_final_stats=1',
    '-verbosity=0',
  ];
  const result = await capture(
    'cargo',
    ['fuzz', 'run', ...COMMON, target, corpus, join(SEEDS, target), '--', ...limits],
    { env: ENV },
  );
  const executed = result.stderr.match(/number_of_executed_units: (\d+)/)?.[1] ?? '?';
  const finding = result.stderr.match(/Test unit written to (\S+)/)?.[1];
  if (result.code === 0) return { target, executed, finding: undefined };
  if (finding === undefined) throw new Failure(`${target} could not be run:\n${result.stderr.slice(-2000)}`);
  return { target, executed, finding };
}

/** Adds to what has been tried, and gives the target's inputs in all. */
function count(target, executed) {
  const tried = existsSync(TRIED) ? JSON.parse(readFileSync(TRIED, 'utf8')) : {};
  tried[target] = (tried[target] ?? 0) + (Number(executed) || 0);
  writeFileSync(TRIED, `${JSON.stringify(tried, undefined, 1)}\n`);
  return tried[target];
}

const many = (number) => Number(number).toLocaleString('en');

await main(async () => {
  const { values } = optionsOf({
    options: { targets: { type: 'string', default: TARGETS.join(',') }, seconds: { type: 'string', default: '600' } },
  });
  const targets = values.targets.split(',');
  const unknown = targets.filter((target) => !TARGETS.includes(target));
  if (unknown.length > 0) throw new Failure(`--targets knows ${TARGETS.join(', ')}, not ${unknown.join(', ')}.`);
  if (!/^[1-9]\d{0,5}$/.test(values.seconds)) throw new Failure('--seconds takes a whole number of seconds.');
  await nativeToolchain();
  await step('cargo-fuzz', cargoFuzz);
  writeSeeds(SEEDS);
  await step('fuzz targets', () => run('cargo', ['fuzz', 'build', ...COMMON], { env: ENV }));
  say(`Each of ${targets.join(', ')} for ${duration(1000 * values.seconds)} ...`);
  const findings = [];
  for (const target of targets) {
    const { executed, finding } = await fuzz(target, values.seconds);
    const verdict = finding ? `FINDING ${finding}` : 'no finding';
    say(`  ${target}: ${many(executed)} inputs, ${many(count(target, executed))} in all runs, ${verdict}`);
    if (finding) findings.push(finding);
  }
  say(`${targets.length - findings.length} passed, ${findings.length} failed after ${duration(elapsed())}`);
  if (findings.length > 0) throw new Failure(`Findings lie in ${ARTIFACTS}.`);
});
