// `gamma score --serve`, by paths and in frames, beside plain `gamma score`, in turn: photos a second, bits, memory.
//   node bench/service.mjs PHOTOS [--gamma PATH] [--count 2000] [--runs 3]
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { optionsOf, refuse } from '../scripts/lib/options.mjs';
import { peak } from './processes.mjs';

const { values, positionals } = optionsOf({
  allowPositionals: true,
  options: {
    gamma: { type: 'string', default: 'target/release/gamma' },
    count: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
  },
});
const [place] = positionals;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * Runs the command; gives each line of its output to `line`, and its seconds and peak of memory, that after a tenth
 * too.
 */
async function run(words, lines, input, line) {
  const begin = performance.now();
  const child = spawn(values.gamma, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  const feeding = (async () => {
    for await (const part of input) {
      if (!child.stdin.write(part)) await new Promise((resolve) => child.stdin.once('drain', resolve));
    }
    child.stdin.end();
  })();
  let [count, early, late] = [0, 0, 0];
  for await (const text of createInterface({ input: child.stdout })) {
    line(JSON.parse(text));
    count += 1;
    if (count === Math.ceil(lines / 10)) early = peak(child.pid);
    if (count % 50 === 0 || count === lines) late = Math.max(late, peak(child.pid));
  }
  await feeding;
  return { seconds: (performance.now() - begin) / 1e3, count, early, late };
}

const MAX_ARGUMENTS = 2000;

async function stream() {
  const all = readdirSync(place).map((name) => join(place, name));
  const photos = all.filter((path) => /\.(jpe?g|png|webp|bmp)$/i.test(path));
  const count = Number(values.count);
  const paths = Array.from({ length: count }, (_, at) => photos[at % photos.length]);
  const words = ['score', '--weights', 'default'];
  const said = ({ score, levels, error }) => JSON.stringify({ score, levels, error: error?.code });
  const lines = (json) => paths.map((path, id) => `${JSON.stringify(json(path, id))}\n`);
  function* frames() {
    for (const [id, path] of paths.entries()) {
      const json = Buffer.from(JSON.stringify({ id }));
      const photo = readFileSync(path);
      const head = Buffer.alloc(8);
      head.writeUInt32LE(json.length, 0);
      head.writeUInt32LE(photo.length, 4);
      yield Buffer.concat([head, json, photo]);
    }
  }
  const expected = new Map();
  const cases = {
    // As few processes as the length of a command line allows.
    async plain() {
      const sum = { seconds: 0, count: 0, early: 0, late: 0 };
      for (let at = 0; at < count; at += MAX_ARGUMENTS) {
        const some = paths.slice(at, at + MAX_ARGUMENTS);
        const found = await run([...words, '--json', ...some], some.length, [], (row) =>
          expected.set(row.image, said(row)),
        );
        sum.seconds += found.seconds;
        sum.count += found.count;
        sum.early ||= found.early;
        sum.late = Math.max(sum.late, found.late);
      }
      return sum;
    },
    paths: () =>
      served(
        ['--serve'],
        lines((path, id) => ({ id, path })),
      ),
    frames: () => served(['--serve=frames'], frames()),
  };
  async function served(more, input) {
    let [next, other] = [0, 0];
    const found = await run([...words, ...more], count, input, (row) => {
      if (row.id !== next) throw new Error(`answer ${row.id} where ${next} was due`);
      if (said(row) !== expected.get(paths[next])) other += 1;
      next += 1;
    });
    return { ...found, other };
  }
  const rates = { plain: [], paths: [], frames: [] };
  for (let turn = 0; turn < Number(values.runs); turn += 1) {
    for (const [name, work] of Object.entries(cases)) {
      const { seconds, count: answers, early, late, other } = await work();
      rates[name].push(answers / seconds);
      const bits = other === undefined ? '' : `, ${other} results other than the plain command's`;
      const memory = `peak ${megabytes(early)} after a tenth, ${megabytes(late)} at the end`;
      console.log(
        `${name}: ${answers} of ${count} in ${seconds.toFixed(1)} s, ${(answers / seconds).toFixed(2)}/s, ${memory}${bits}`,
      );
    }
  }
  for (const name of ['paths', 'frames']) {
    const ratios = rates[name].map((rate, at) => rate / rates.plain[at]);
    const spread = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
    console.log(`${name} against plain: median ${median(ratios).toFixed(3)}, ${spread}`);
  }
}

if (!place) refuse('PHOTOS, a folder, is missing.');
await stream();
