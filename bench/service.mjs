// `gamma score --serve` beside plain `gamma score`: photos a second, bits, memory; and `--listen` under many clients.
//   node bench/service.mjs stream PHOTOS [--gamma PATH] [--count 2000] [--runs 3]
//   node bench/service.mjs listen PHOTO [--gamma PATH] [--clients 200] [--seconds 60]
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { peak, resident } from './processes.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gamma: { type: 'string', default: 'target/release/gamma' },
    count: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
    clients: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
  },
});
const [kind, place] = positionals;
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

/** A request by hand, so that it can be slow or malformed. Gives the status, or 0 for none. */
function ask(port, request, { pace = 0, part = 1024, leave = Number.POSITIVE_INFINITY } = {}) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const done = () => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 0));
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('error', () => {});
    socket.on('close', done);
    socket.on('connect', async () => {
      if (pace === 0) socket.write(request);
      for (let at = 0; pace > 0 && at < Math.min(request.length, leave) && !socket.destroyed; at += part) {
        socket.write(request.subarray(at, at + part));
        await new Promise((next) => setTimeout(next, pace));
      }
      if (leave < request.length) socket.destroy();
    });
  });
}

async function listen() {
  const child = spawn(values.gamma, ['score', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'inherit', 'pipe'] });
  const first = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  const port = Number(/:(\d+)$/.exec((await first.next()).value)?.[1]);
  const photo = readFileSync(place);
  const post = (body, length = body.length) =>
    Buffer.concat([
      Buffer.from(`POST /score HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`),
      body,
    ]);
  const kinds = {
    good: () => ask(port, post(photo)),
    slow: () => ask(port, post(photo), { pace: 20, part: Math.ceil(photo.length / 40) }),
    leaves: () => ask(port, post(photo), { pace: 5, leave: photo.length / 2 }),
    'no photo': () => ask(port, post(Buffer.from('no photo'))),
    'too large': () => ask(port, post(Buffer.alloc(1000), 1e9)),
    malformed: () => ask(port, Buffer.from('POST /score HTTP/1.1\r\nContent-Length: many\r\n\r\n')),
    unknown: () => ask(port, Buffer.from('POST /score?size=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')),
  };
  const names = Object.keys(kinds);
  const counts = {};
  const end = performance.now() + 1e3 * Number(values.seconds);
  const memory = [];
  const watch = setInterval(() => memory.push(resident(child.pid)), 1000);
  const client = async (number) => {
    // Half of the clients send good photos.
    const name = number % 2 === 0 ? 'good' : names[((number - 1) / 2) % names.length];
    while (performance.now() < end) {
      const status = await kinds[name]();
      counts[`${name} ${status}`] = (counts[`${name} ${status}`] ?? 0) + 1;
      if (status === 429) await new Promise((next) => setTimeout(next, 100));
    }
  };
  await Promise.all(Array.from({ length: Number(values.clients) }, (_, number) => client(number)));
  clearInterval(watch);
  const alive = await ask(port, Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
  console.log(counts);
  const at = (share) => megabytes(memory[Math.floor(share * (memory.length - 1))] ?? 0);
  console.log(
    `memory: ${at(0.1)} after a tenth, ${at(0.5)} at half, ${at(1)} at the end; peak ${megabytes(peak(child.pid))}`,
  );
  child.kill('SIGTERM');
  const status = await new Promise((resolve) => child.on('exit', resolve));
  console.log(`healthz ${alive}, exit status ${status}`);
}

if (kind === 'stream' && place) await stream();
else if (kind === 'listen' && place) await listen();
else throw new Error('node bench/service.mjs stream FOLDER, or listen PHOTO');
