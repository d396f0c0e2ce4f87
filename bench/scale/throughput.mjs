// npm run bench:scale [-- --photos 10000] [--crops N] [--only serve,ray,spark] [--rounds 1] [--wheel FILE]: photos a second of `gamma score`, of
// `gamma score --serve` and of the recipes of docs/scale.md with Ray and Spark, one after the other over the same made photos; processor time,
// memory, and whether all rows are the same to the bit. Of Linux. Crops as the model has them take half an hour a side; `--crops 1` a quarter of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { Failure, main, say, step } from '../../scripts/lib/say.mjs';
import { Driver } from '../../tests/engines/driver.mjs';
import { differences } from '../../tests/engines/rows.mjs';
import { environmentOf, FOLDER, madePhotos, writeRecipes } from '../../tests/engines/setup.mjs';
import { Watch } from './watch.mjs';

/** As many as photos.py makes shards. */
const PARTS = 5;

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '10000' },
    crops: { type: 'string' },
    only: { type: 'string', default: 'serve,ray,spark' },
    rounds: { type: 'string', default: '1' },
    wheel: { type: 'string' },
  },
});
const count = Number(values.photos);
const crops = values.crops === undefined ? [] : ['--crops', values.crops];
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The recipes, with the crops that were asked for. */
function change(code) {
  if (values.crops === undefined || !code.includes('gamma_wasm')) return code;
  const changed = code.replaceAll('Scorer(workers=1)', `Scorer(workers=1, crops=${values.crops})`);
  if (changed === code) throw new Failure('The recipes make their scorer otherwise than this script knows.');
  return changed;
}

/** Runs the command and gives its `lines` and its `marks`. */
async function command(program, words, input) {
  const child = spawn(program, ['score', ...words, ...crops], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = [];
  const watch = new Watch(child.pid, PARTS, () => Math.floor((PARTS * lines.length) / count));
  const feeding = pipeline(Readable.from(input), child.stdin);
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  })();
  // Its status tells of the broken photos.
  await Promise.all([feeding, reading, once(child, 'exit')]);
  return { lines, marks: watch.stop() };
}

const sides = {
  plain: async (environment, made) => {
    const { lines, marks } = await command(environment.program('gamma'), ['--json', join(made, 'photos')], []);
    writeFileSync(join(FOLDER, 'expected.jsonl'), `${lines.join('\n')}\n`);
    return { marks, lines };
  },
  serve: async (environment, made, expected) => {
    const paths = readdirSync(join(made, 'photos')).map((name) => join(made, 'photos', name));
    const requests = paths.map((path) => `${JSON.stringify({ path })}\n`);
    const { lines, marks } = await command(environment.program('gamma'), ['--serve'], requests);
    return { marks, ...differences(lines.join('\n'), expected.join('\n')) };
  },
  ray: engine('ray'),
  spark: engine('spark'),
};

/** A side that is a recipe. */
function engine(name) {
  return async (environment, made) => {
    const out = join(FOLDER, `bench-${name}`);
    rmSync(out, { recursive: true, force: true });
    const python = environment.program('python');
    const shards = readdirSync(join(made, 'shards')).map((shard) => join(made, 'shards', shard));
    const driver = new Driver(python, [join(FOLDER, 'bench', `score_with_${name}.py`), out, ...shards]);
    const done = () => (existsSync(out) ? readdirSync(out).filter((shard) => !shard.startsWith('_')).length : 0);
    const watch = new Watch(driver.pid, PARTS, done);
    await driver.end();
    const marks = watch.stop();
    const check = await capture(python, [inRoot('tests/engines/check.py'), out, join(FOLDER, 'expected.jsonl')]);
    return { marks, said: check.stdout.trim() + check.stderr, wrong: check.code !== 0 };
  };
}

/** Photos a second of each part. */
const rates = (marks) => marks.map(({ seconds }, at) => count / PARTS / (seconds - (marks[at - 1]?.seconds ?? 0)));

function report(name, { marks, said }, plain) {
  const { seconds, processor } = marks.at(-1);
  const pace = `${(count / seconds).toFixed(2)} photos/s in ${seconds.toFixed(0)} s`;
  const memory = marks.map(({ own }) => (own / 1e6).toFixed(0)).join(', ');
  say(`${name}: ${pace}, ${((1e3 * processor) / count).toFixed(1)} ms of a processor a photo`);
  say(
    `  MB at most in each fifth: ${memory}; shared: ${marks.map(({ shared }) => (shared / 1e6).toFixed(0)).join(', ')}`,
  );
  if (plain === undefined) return;
  const [ours, theirs] = [rates(marks), rates(plain.marks)];
  const parts = ours.map((rate, at) => rate / theirs[at]);
  const whole = plain.marks.at(-1).seconds / seconds;
  const spread = `fifths ${Math.min(...parts).toFixed(3)} to ${Math.max(...parts).toFixed(3)}, median ${median(parts).toFixed(3)}`;
  const cost = plain.marks.at(-1).processor / processor;
  say(
    `  against the plain command: ${whole.toFixed(3)} with its start (${spread}); by processor time ${cost.toFixed(3)}`,
  );
  say(`  ${said}`);
}

await main(async () => {
  const environment = await environmentOf(values.wheel);
  writeRecipes(join(FOLDER, 'bench'), change);
  const made = await madePhotos(environment, count);
  say(`${availableParallelism()} cores`);
  let wrong = false;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const plain = await step('plain', () => sides.plain(environment, made));
    report('plain', plain);
    for (const name of values.only.split(',')) {
      const found = await step(name, () => sides[name](environment, made, plain.lines));
      report(name, found, plain);
      wrong ||= found.wrong;
    }
  }
  if (wrong) throw new Failure('Not all rows are those of the plain command.');
});
