// What a photo costs by its size: processor time of `gamma score --serve` with one worker, photo by photo. Other work on the machine hardly counts.
//   node bench/scale/cost.mjs FOLDER... [--gamma PATH] [--limit 200] [--json FILE]
// Each folder has photos of one size. FILE gets megapixels, bytes and the milliseconds of each photo, for simulate.mjs.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { optionsOf } from '../../scripts/lib/options.mjs';

const { values, positionals } = optionsOf({
  allowPositionals: true,
  options: {
    gamma: { type: 'string', default: 'target/release/gamma' },
    limit: { type: 'string', default: '200' },
    json: { type: 'string' },
  },
});

/** Milliseconds that the threads of a process have had a processor, exactly. */
function processorTime(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** Asks for one photo after the other; gives each answer with its milliseconds. */
async function* costs(paths) {
  const child = spawn(values.gamma, ['score', '--serve', '--workers', '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (path) => {
    child.stdin.write(`${JSON.stringify({ path })}\n`);
    return JSON.parse((await answers.next()).value);
  };
  // The first one has the model's first use in it.
  await ask(paths[0]);
  for (const path of paths) {
    const before = processorTime(child.pid);
    const answer = await ask(path);
    yield { path, answer, milliseconds: processorTime(child.pid) - before };
  }
  child.stdin.end();
}

const at = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.floor(share * (numbers.length - 1))];
const report = [];
for (const folder of positionals) {
  const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
  const paths = names.slice(0, Number(values.limit)).map((name) => join(folder, name));
  const [milliseconds, bytes, megapixels] = [[], [], []];
  for await (const { path, answer, milliseconds: took } of costs(paths)) {
    if (answer.error) continue;
    milliseconds.push(Number(took.toFixed(1)));
    bytes.push(statSync(path).size);
    // The size of the file's picture, of the size at which the model looks at it.
    megapixels.push((answer.width * answer.height) / answer.scale ** 2 / 1e6);
  }
  const row = {
    name: basename(folder),
    photos: milliseconds.length,
    megapixels: at(megapixels, 0.5),
    bytes: at(bytes, 0.5),
  };
  report.push({ ...row, milliseconds });
  const [low, median, high] = [0.05, 0.5, 0.95].map((share) => at(milliseconds, share).toFixed(0));
  const size = `${row.megapixels.toFixed(2)} megapixels, ${(row.bytes / 1e3).toFixed(0)} kB`;
  console.log(`${row.name}: ${row.photos} photos of ${size}: ${median} ms of a core (5%: ${low}, 95%: ${high})`);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(report)}\n`);
