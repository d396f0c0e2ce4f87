// npm run test:listen [-- --clients 200] [--seconds 60] [--gamma FILE]: `gamma score --listen` under many clients at once on loopback, slow and
// malformed ones among them. Each has the answer that is due to its kind, scores are those of the plain command to the bit, the server neither ends
// nor grows, and afterwards it is as well as before. Of Linux. Builds the command with `--features listen` unless one is named.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { peak, resident } from '../../bench/processes.mjs';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture, run } from '../../scripts/lib/run.mjs';
import { Failure, main, say } from '../../scripts/lib/say.mjs';
import { Tally } from '../../scripts/lib/tally.mjs';
import { get, KINDS } from './clients.mjs';

const { values } = optionsOf({
  options: {
    clients: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    gamma: { type: 'string' },
  },
});
const PHOTO = inRoot('www/samples/dog.jpg');
/** Most bytes by which the server may grow from a third of the time to the end. */
const GROWTH = 20e6;
/** Clients that stall; more than `--queue` would leave no room for others while they do. */
const STALLING = 2;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

const tally = new Tally();
function expect(what, holds, otherwise = '') {
  say(`${what}: ${holds ? 'yes' : `no. ${otherwise}`}`);
  tally.note(holds);
}

/** The kind of client `number`: half of them are good. */
function kindOf(number) {
  if (number < STALLING) return 'stalls';
  const bad = Object.keys(KINDS).filter((name) => name !== 'good' && name !== 'stalls');
  return number % 2 === 0 ? 'good' : bad[((number - 1) / 2) % bad.length];
}

async function command() {
  if (values.gamma !== undefined) return values.gamma;
  await run('cargo', ['build', '--release', '--features', 'listen', '--bin', 'gamma']);
  return inRoot('target/release/gamma');
}

async function test() {
  const gamma = await command();
  const plain = JSON.parse((await capture(gamma, ['score', '--json', PHOTO])).stdout);
  const bits = ({ score, levels, spread, crops }) => JSON.stringify({ score, levels, spread, crops });
  const child = spawn(gamma, ['score', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'inherit', 'pipe'] });
  const ended = once(child, 'exit');
  const said = createInterface({ input: child.stderr });
  const [line] = await once(said, 'line');
  const port = Number(/:(\d+)$/.exec(line)?.[1]);
  const photo = readFileSync(PHOTO);
  const files = () => readdirSync(`/proc/${child.pid}/fd`).length;
  const before = files();

  const counts = {};
  const wrong = [];
  const seconds = Number(values.seconds);
  const end = performance.now() + 1e3 * seconds;
  const memory = [];
  const watch = async () => {
    while (performance.now() < end) {
      memory.push(resident(child.pid));
      const { status } = await get(port, '/healthz');
      if (status !== 200) wrong.push(`/healthz: ${status}`);
      await sleep(1000);
    }
  };
  const client = async (number) => {
    const name = kindOf(number);
    while (performance.now() < end) {
      const { status, body } = await KINDS[name].ask(port, photo);
      counts[`${name}: ${status}`] = (counts[`${name}: ${status}`] ?? 0) + 1;
      if (!KINDS[name].answers.includes(status)) wrong.push(`${name}: ${status}`);
      if (status === 200 && bits(JSON.parse(body)) !== bits(plain)) wrong.push(`${name}: ${body}`);
      // As the answer asks for; sooner, so that there is no rest.
      if (status === 429 || status === 0) await sleep(100);
    }
  };
  const clients = Array.from({ length: Number(values.clients) }, (_, number) => client(number));
  await Promise.all([watch(), ...clients]);

  say(
    Object.entries(counts)
      .sort()
      .map((entry) => `  ${entry.join(' x ')}`)
      .join('\n'),
  );
  expect('every client has an answer of its kind', wrong.length === 0, [...new Set(wrong)].slice(0, 10).join('; '));
  const seen = new Set(Object.keys(counts).map((key) => Number(key.split(': ')[1])));
  for (const status of [200, 400, 413, 429]) expect(`there are answers with ${status}`, seen.has(status));
  const [third, last] = [memory[Math.floor(memory.length / 3)], memory.at(-1)];
  const grown = `${megabytes(third)} after a third of ${seconds} s, ${megabytes(last)} at the end, peak ${megabytes(peak(child.pid))}`;
  expect(`memory stays (${grown})`, last - third < GROWTH);
  const metrics = (await get(port, '/metrics')).body;
  const metric = (name) =>
    Number(
      metrics
        .split('\n')
        .find((text) => text.startsWith(`${name} `))
        ?.split(' ')
        .at(-1),
    );
  const answered = Object.entries(counts).reduce((sum, [key, times]) => sum + (key.endsWith(': 200') ? times : 0), 0);
  const scored = metric('gamma_photos_total{result="scored"}');
  expect(`it has scored what clients were answered (${answered})`, scored === answered, `It says ${scored}.`);
  expect('nothing is under way', metric('gamma_photos_under_way') === 0);
  // Its own connection and this look's.
  expect('all connections are closed', files() <= before + 2, `${files()} files are open, ${before} were.`);
  const again = await KINDS.good.ask(port, photo);
  expect('it scores as before', again.status === 200 && bits(JSON.parse(again.body)) === bits(plain));
  child.kill('SIGTERM');
  expect('it ends with status 0', (await ended)[0] === 0);
}

await main(async () => {
  await tally.close(test);
  if (tally.failed > 0) throw new Failure('Not as it should be.');
});
