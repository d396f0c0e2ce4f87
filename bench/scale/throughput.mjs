// npm run bench:scale [-- --photos 10000] [--crops N] [--only serve,ray,spark] [--rounds 1] [--wheel FILE]: photos a second of `gamma score`, of
// `gamma score --serve` and of the recipes of docs/scale.md with Ray and Spark, one after the other over the same made photos, which are one shard;
// processor time, memory, and whether all rows are the same to the bit. Of Linux. A side takes ten minutes on two cores; with `--crops 1` two.
// `--only ray-idle`: what Ray takes for itself, with workers that sleep as long as the plain command has taken for a photo.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { Failure, main, say, step } from '../../scripts/lib/say.mjs';
import { Driver } from '../../tests/engines/driver.mjs';
import { differences } from '../../tests/engines/rows.mjs';
import { environmentOf, FOLDER, madePhotos, writeRecipes } from '../../tests/engines/setup.mjs';
import { Watch } from './watch.mjs';

const { values } = optionsOf({
  options: {
    photos: { type: 'string', default: '10000' },
    crops: { type: 'string' },
    only: { type: 'string', default: 'serve,ray,spark' },
    rounds: { type: 'string', default: '1' },
    wheel: { type: 'string' },
  },
});
const EXPECTED = join(FOLDER, 'bench', 'expected.jsonl');
const count = Number(values.photos);
/** Those that the recipe for Ray has unless told. */
const WORKERS = 2;
const crops = values.crops === undefined ? [] : ['--crops', values.crops];
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The recipes, with the crops that were asked for. */
function change(code) {
  if (values.crops === undefined || !code.includes('gamma_wasm')) return code;
  return replaced(code, 'Scorer(workers=1)', `Scorer(workers=1, crops=${values.crops})`);
}

/** A recipe with other `words` in the place of `known`. */
function replaced(code, known, words) {
  const changed = code.replaceAll(known, words);
  if (changed === code) throw new Failure(`A recipe has no \`${known.trim()}\`, which this script knows.`);
  return changed;
}

/** Runs the command and gives its `lines` and what was `watched`. */
async function command(program, words, input) {
  const child = spawn(program, ['score', ...words, ...crops], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = [];
  const watch = new Watch(child.pid);
  const feeding = pipeline(Readable.from(input), child.stdin);
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  })();
  // Its status tells of the broken photos.
  await Promise.all([feeding, reading, once(child, 'exit')]);
  return { lines, watched: watch.stop() };
}

const sides = {
  plain: async (environment, made) => {
    const { lines, watched } = await command(environment.program('gamma'), ['--json', join(made, 'photos')], []);
    writeFileSync(EXPECTED, `${lines.join('\n')}\n`);
    return { watched, lines };
  },
  serve: async (environment, made, { lines: expected }) => {
    const paths = readdirSync(join(made, 'photos')).map((name) => join(made, 'photos', name));
    const requests = paths.map((path) => `${JSON.stringify({ path })}\n`);
    const { lines, watched } = await command(environment.program('gamma'), ['--serve'], requests);
    return { watched, ...differences(lines.join('\n'), expected.join('\n')) };
  },
  ray: engine('ray'),
  spark: engine('spark'),
  'ray-idle': async (environment, made, { watched }) => {
    const pace = (watched.seconds * WORKERS) / count;
    writeFileSync(recipeOf('ray-idle'), asleep(readFileSync(recipeOf('ray'), 'utf8'), pace));
    return { watched: await watchRecipe(environment, made, 'ray-idle') };
  },
};

/** The recipe for Ray with a scorer that sleeps `pace` seconds a photo. */
function asleep(recipe, pace) {
  const scorer = [
    'import time',
    'class Scorer:',
    '    def __init__(self, **options): pass',
    '    def __call__(self, photos):',
    `        time.sleep(${pace} * len(photos))`,
    '        return pa.table({"error": pa.nulls(len(photos), pa.string())})',
  ];
  return replaced(recipe, 'from gamma_wasm import Scorer\n', `${scorer.join('\n')}\n`);
}

const recipeOf = (name) => join(FOLDER, 'bench', `score_with_${name}.py`);
const rowsOf = (name) => join(FOLDER, `bench-${name}`);

/** Runs the recipe of this name over the made shards, and gives what was watched. */
async function watchRecipe(environment, made, name) {
  const out = rowsOf(name);
  rmSync(out, { recursive: true, force: true });
  const shards = readdirSync(join(made, 'shards')).map((shard) => join(made, 'shards', shard));
  const driver = new Driver(environment.program('python'), [recipeOf(name), out, ...shards]);
  const watch = new Watch(driver.pid);
  await driver.end();
  return watch.stop();
}

/** A side that is a recipe. */
function engine(name) {
  return async (environment, made) => {
    const watched = await watchRecipe(environment, made, name);
    const check = await capture(environment.program('python'), [
      inRoot('tests/engines/check.py'),
      rowsOf(name),
      EXPECTED,
    ]);
    return { watched, said: check.stdout.trim() + check.stderr, wrong: check.code !== 0 };
  };
}

function report(name, { watched, said }) {
  const { seconds, processor, own, shared } = watched;
  const megabytes = (bytes) => bytes.map((each) => (each / 1e6).toFixed(0)).join(', ');
  const pace = `${(count / seconds).toFixed(2)} photos/s in ${seconds.toFixed(0)} s`;
  say(`${name}: ${pace}, ${((1e3 * processor) / count).toFixed(1)} ms of a processor a photo`);
  say(`  MB at most in each quarter of the time: ${megabytes(own)}; shared: ${megabytes(shared)}`);
  if (said) say(`  ${said}`);
}

/** Throughput against that of the plain command, by the clock and by processor time, over all rounds. */
function compare(name, found, plain) {
  const ratio = (key) => {
    const ratios = found.map(({ watched }, at) => plain[at].watched[key] / watched[key]);
    return `${median(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)})`;
  };
  say(`${name} against the plain command: ${ratio('seconds')} with its start; by processor time ${ratio('processor')}`);
}

await main(async () => {
  const environment = await environmentOf(values.wheel);
  writeRecipes(join(FOLDER, 'bench'), change);
  const made = await madePhotos(environment, 'bench-made', count, 'parquet');
  say(`${availableParallelism()} cores`);
  const names = ['plain', ...values.only.split(',')];
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const name of names) {
      const side = await step(name, () => sides[name](environment, made, found.plain.at(-1)));
      report(name, side);
      found[name].push(side);
    }
  }
  for (const name of names.slice(1)) compare(name, found[name], found.plain);
  const wrong = Object.values(found).flatMap((rounds) => rounds.filter((side) => side.wrong));
  if (wrong.length > 0) throw new Failure('Not all rows are those of the plain command.');
});
