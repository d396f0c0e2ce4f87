// npm run test:engines [-- --only shell,ray,spark] [--photos 300] [--kills 10] [--seed 1] [--wheel FILE]: the recipes of docs/scale.md with the
// real engines. Sets up Ray, Spark and Java by itself, kills commands, workers and drivers at random moments, starts again what was killed, and
// compares each row with what the command says of the photo. Minutes.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { duration, Failure, main, say, step } from '../../scripts/lib/say.mjs';
import { Tally } from '../../scripts/lib/tally.mjs';
import { Driver } from './driver.mjs';
import { differences } from './rows.mjs';
import { environmentOf, FOLDER, madePhotos, writeRecipes } from './setup.mjs';

/** Runs of an engine that may fail without a kill. */
const MOST_STARTS = 2;

/** Random numbers that are the same for the same seed, 0 to 1. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const { values } = optionsOf({
  options: {
    only: { type: 'string', default: 'shell,ray,spark' },
    photos: { type: 'string', default: '300' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    wheel: { type: 'string' },
  },
});
const tally = new Tally();

/** How an engine is started, what is killed of it, and what is wrong with its rows. */
function engineOf(name, environment, made) {
  const expected = join(FOLDER, 'expected.jsonl');
  if (name === 'shell') {
    const [requests, rows] = ['requests.jsonl', 'rows.jsonl'].map((file) => join(FOLDER, file));
    const paths = readdirSync(join(made, 'photos')).map((file) => join(made, 'photos', file));
    writeFileSync(requests, paths.map((path) => `${JSON.stringify({ path })}\n`).join(''));
    // The command is found as a person's shell finds it.
    const env = { PATH: `${dirname(environment.program('gamma'))}:${process.env.PATH}` };
    return {
      // The command goes on to the end after its driver was killed, so that this is the last kill of a round.
      victims: ['command', 'command', 'command', 'command', 'driver'],
      clear: () => rmSync(rows, { force: true }),
      start: () => new Driver('sh', [join(FOLDER, 'score_in_a_shell.sh'), requests, rows], { env, fragile: true }),
      check: () => differences(readFileSync(rows, 'utf8'), readFileSync(expected, 'utf8')),
    };
  }
  const out = join(FOLDER, `out-${name}`);
  const shards = readdirSync(join(made, 'shards')).map((shard) => join(made, 'shards', shard));
  const python = environment.program('python');
  return {
    victims: ['worker', 'driver', 'command', 'driver'],
    clear: () => rmSync(out, { recursive: true, force: true }),
    start: () => new Driver(python, [join(FOLDER, `score_with_${name}.py`), out, ...shards]),
    check: async () => {
      const check = await capture(python, [inRoot('tests/engines/check.py'), out, expected]);
      return { said: check.stdout.trim() + check.stderr, wrong: check.code !== 0 };
    },
  };
}

/** Runs an engine until it ends by itself, with kills as long as there are some in `left`; gives the number of each kind. */
async function runOnce({ start, victims }, left, draw) {
  const done = {};
  for (let failures = 0; ; ) {
    const driver = start();
    while (left.kills > 0) {
      const victim = victims[left.kills % victims.length];
      if (!(await driver.kill(victim, draw))) break;
      left.kills -= 1;
      done[victim] = (done[victim] ?? 0) + 1;
      if (victim === 'driver') break;
    }
    try {
      if (await driver.end()) return done;
    } catch (error) {
      // Ray gives itself 30 s to start, which a busy machine may take: as its users would, it is run again.
      failures += 1;
      if (failures > MOST_STARTS) throw error;
      say(`${error.message.split('\n').findLast((line) => line.trim() !== '')}: once more`);
    }
  }
}

/** Runs an engine without kills first, then until all kills are done, and checks its rows each time. */
async function test(name, engine) {
  const draw = random(Number(values.seed));
  const left = { kills: 0 };
  for (let round = 0; round === 0 || left.kills > 0; round += 1) {
    engine.clear();
    const begin = performance.now();
    const done = await runOnce(engine, left, draw);
    const { said, wrong } = await engine.check();
    const killed = Object.entries(done).map(([victim, times]) => `${victim} ${times}`);
    const kills = killed.length > 0 ? `killed: ${killed.join(', ')}` : 'no kills';
    say(`${name}, ${kills}, ${duration(performance.now() - begin)}: ${said}`);
    tally.note(!wrong);
    if (wrong) return;
    if (round === 0) left.kills = Number(values.kills);
    else if (killed.length === 0) throw new Failure(`${name} ended before a kill: give it more photos.`);
  }
}

await main(() =>
  tally.close(async () => {
    const environment = await environmentOf(values.wheel);
    const recipes = writeRecipes(FOLDER);
    const made = await madePhotos(environment, 'made', values.photos);
    const begin = performance.now();
    // Some are broken on purpose, which the status tells.
    const plain = await capture(environment.program('gamma'), ['score', '--json', join(made, 'photos')]);
    writeFileSync(join(FOLDER, 'expected.jsonl'), plain.stdout);
    say(`gamma score: ${duration(performance.now() - begin)} on ${availableParallelism()} cores`);
    for (const name of values.only.split(',')) {
      if (!recipes.some((recipe) => recipe.includes(`_${name}.`)))
        throw new Failure(`docs/scale.md has no recipe for ${name}.`);
      await step(name, () => test(name, engineOf(name, environment, made)));
    }
  }),
);
