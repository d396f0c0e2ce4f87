// npm run test:engines [-- --only ray,spark] [--photos 300] [--kills 2] [--seed 1]: the recipes of docs/scale.md with the real engines. Sets up
// Ray, Spark and Java by itself, kills workers and drivers in the middle, and compares each row with what the command says of the photo.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { install, installable } from '../../scripts/lib/debian.mjs';
import { inRoot, TARGET } from '../../scripts/lib/paths.mjs';
import { capture, run } from '../../scripts/lib/run.mjs';
import { duration, Failure, main, say, step } from '../../scripts/lib/say.mjs';
import { Environment } from '../../scripts/lib/venv.mjs';
import { buildWheel } from '../../scripts/wheel.mjs';
import { Driver } from './driver.mjs';

const PACKAGES = ['ray[data]>=2.50,<3', 'pyspark>=4,<5', 'pandas', 'pillow'];
const JAVA = ['openjdk-17-jre-headless', 'default-jre-headless'];
/** Runs of an engine that may fail without a kill. */
const MOST_STARTS = 2;
const FOLDER = join(TARGET, 'engines');

/** The recipes of docs/scale.md, by the names in their first lines. */
function writeRecipes() {
  const text = readFileSync(inRoot('docs/scale.md'), 'utf8');
  for (const [, code, name] of text.matchAll(/```python\n(# (\w+\.py) .*?)```/gs))
    writeFileSync(join(FOLDER, name), code);
}

async function java() {
  if ((await capture('java', ['-version'])).code === 0) return;
  for (const name of JAVA) if (await installable([name])) return install([name]);
  throw new Failure('Spark needs Java, and apt-get has none.');
}

/** Random numbers that are the same for the same seed, 0 to 1. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'ray,spark' },
    photos: { type: 'string', default: '300' },
    kills: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    wheel: { type: 'string' },
  },
});
let [passed, failed] = [0, 0];

/** Runs a recipe until it ends by itself, with as many kills as asked for, and checks its rows. */
async function engine(name, environment) {
  const out = join(FOLDER, `out-${name}`);
  const shards = readdirSync(join(FOLDER, 'made/shards')).map((shard) => join(FOLDER, 'made/shards', shard));
  const draw = random(Number(values.seed));
  const python = environment.program('python');
  let kills = Number(values.kills);
  let begin = performance.now();
  let starts = 0;
  // Without kills first, then rounds until all kills are done.
  for (let round = 0; round === 0 || kills > 0; round += 1) {
    rmSync(out, { recursive: true, force: true });
    begin = performance.now();
    const done = { worker: 0, driver: 0 };
    for (let ended = false; !ended; ) {
      const driver = new Driver(python, [join(FOLDER, `score_with_${name}.py`), out, ...shards]);
      while (round > 0 && kills > 0) {
        const victim = kills % 2 === 0 ? 'worker' : 'driver';
        if (!(await driver.kill(victim, draw))) break;
        kills -= 1;
        done[victim] += 1;
        if (victim === 'driver') break;
      }
      try {
        ended = await driver.end();
      } catch (error) {
        // Ray gives itself 30 s to start, which a busy machine may take: as its users would, it is run again.
        starts += 1;
        if (starts > MOST_STARTS) throw error;
        say(`${error.message.split('\n').findLast((line) => line.trim() !== '')}: once more`);
      }
    }
    const check = await capture(python, [inRoot('tests/engines/check.py'), out, join(FOLDER, 'expected.jsonl')]);
    const took = duration(performance.now() - begin);
    say(`${name}, ${done.worker} workers and ${done.driver} drivers killed, ${took}: ${check.stdout.trim()}`);
    if (check.code === 0) passed += 1;
    else failed += 1;
    if (check.code !== 0) say(check.stderr);
    if (check.code !== 0 || (round > 0 && done.worker + done.driver === 0)) return;
  }
}

await main(async () => {
  mkdirSync(FOLDER, { recursive: true });
  try {
    const environment = new Environment('engines', 'venv');
    await environment.make({ keep: true });
    await step('Ray, Spark', () => environment.install(...PACKAGES));
    if (values.only.includes('spark')) await java();
    const wheel = values.wheel === undefined ? await buildWheel() : resolve(values.wheel);
    await environment.install('--force-reinstall', '--no-deps', wheel);
    writeRecipes();
    const python = environment.program('python');
    const made = join(FOLDER, 'made');
    await step(`${values.photos} photos`, () => run(python, [inRoot('tests/engines/photos.py'), made, values.photos]));
    const begin = performance.now();
    // Some are broken on purpose, which the status tells.
    const plain = await capture(environment.program('gamma'), ['score', '--json', join(made, 'photos')]);
    writeFileSync(join(FOLDER, 'expected.jsonl'), plain.stdout);
    say(`gamma score: ${duration(performance.now() - begin)} on ${cpus().length} cores`);
    for (const name of values.only.split(',')) {
      if (!existsSync(join(FOLDER, `score_with_${name}.py`)))
        throw new Failure(`docs/scale.md has no recipe for ${name}.`);
      await step(name, () => engine(name, environment));
    }
  } catch (error) {
    failed += 1;
    throw error;
  } finally {
    say(`\n${passed} passed, ${failed} failed`);
    if (failed > 0) process.exitCode = 1;
  }
});
