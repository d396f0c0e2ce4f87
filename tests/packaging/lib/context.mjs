// What a case can do in its folder. Whatever it starts ends with it.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from '../../../scripts/lib/run.mjs';
import { Failure } from '../../../scripts/lib/say.mjs';
import { open, PHOTOS } from './browser.mjs';
import { packageFolder, workFolder } from './install.mjs';
import { freePort, proxy, serve } from './serve.mjs';
import { weigh } from './weigh.mjs';

/** Versions of Node that cases run under, from npm's packages of binaries. */
export const NODES = { 20: '20.19.6', 22: '22.23.3', 24: '24.21.0', 26: '26.12.1' };

/** The path of a Node of `major`, and of its folder. */
export async function nodeBinary(major) {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  return join(await packageFolder({ [name]: NODES[major] }, name), 'bin/node');
}

const QUIET = {
  CI: '1',
  NO_COLOR: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
};

/** A line of a bundler's output that complains about this package. */
const COMPLAINT = /^(?=.*\b(warn|warning|error)\b)(?=.*(gamma|\bworker\.js|import\.meta|critical dependency)).*$/gim;

/** The context of one case: `definition` is what its case.mjs exports, `source` its folder, `reference` the right scores by module. */
export async function caseContext({ definition, source, tarball, reference }) {
  const { packages = {}, node, scoresOf } = definition;
  const folder = await workFolder(source, packages, tarball);
  const endings = [];
  const path = node ? `${dirname(await nodeBinary(node))}:${process.env.PATH}` : process.env.PATH;
  const env = { ...QUIET, PATH: path };
  const bin = (name) => join(folder, 'node_modules/.bin', name);

  const copyPhotos = (to) => {
    for (const [name, file] of Object.entries(PHOTOS)) {
      mkdirSync(dirname(join(folder, to, name)), { recursive: true });
      cpSync(file, join(folder, to, name));
    }
  };

  /** Fails for output in which a bundler complains about this package. */
  const checkOutput = (text) => {
    const lines = text.match(COMPLAINT) ?? [];
    if (lines.length > 0) throw new Failure(`the bundler complains:\n${lines.join('\n')}`);
  };

  /** Fails unless these are the scores of the plain page, bit by bit. */
  const check = ({ error, complaints = [], module, reason, scores }) => {
    if (error) throw new Failure([error, ...complaints].join('\n'));
    if (complaints.length > 0) throw new Failure(`the page complains:\n${complaints.join('\n')}`);
    const expected = reference?.[scoresOf ?? module];
    if (!reference) return;
    if (!expected)
      throw new Failure(`scored by the module ${module}, which the plain page has no scores of: ${reason}`);
    const same = scores.length === expected.length && scores.every((score, index) => Object.is(score, expected[index]));
    if (!same) throw new Failure(`scores by ${module}: ${scores.join(' ')}\nthe plain page's: ${expected.join(' ')}`);
  };

  const start = async (inside, options) => {
    const server = await serve(inside.startsWith('/') ? inside : join(folder, inside), options);
    endings.push(server.close);
    return server;
  };

  const output = async (file, ...args) => {
    const { code, stdout, stderr } = await capture(file, args, { cwd: folder, env, timeout: 120_000 });
    if (code !== 0) throw new Failure(`${file} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
    return { stdout, stderr };
  };

  return {
    folder,
    tarball,
    check,
    /** Runs a command of node_modules/.bin to its end; gives its output. */
    async bin(name, ...args) {
      const { code, stdout, stderr, timedOut } = await capture(bin(name), args, { cwd: folder, env, timeout: 300_000 });
      if (code !== 0) throw new Failure(`${name} ended with ${timedOut ? 'a time-out' : code}:\n${stdout}\n${stderr}`);
      checkOutput(`${stdout}\n${stderr}`);
      return stdout;
    },
    /** Runs a program to its end; gives its output. */
    output,
    /** Runs a program, such as a Node of npm's, which prints what `report` leaves as JSON in its last line. */
    async program(file, ...args) {
      copyPhotos('.');
      const { stdout, stderr } = await output(file, ...args);
      check({ ...JSON.parse(stdout.trim().split('\n').at(-1)), complaints: stderr ? [stderr] : [] });
    },
    /** Starts a server of node_modules/.bin on a free port (`PORT` in `args`) and waits until it answers; gives its URL. */
    async start(name, ...args) {
      const port = await freePort();
      const filled = args.map((arg) => arg.replace('PORT', port));
      const child = spawn(bin(name), filled, {
        cwd: folder,
        env: { ...process.env, ...env, PORT: String(port), HOST: '127.0.0.1' },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: process.platform !== 'win32',
      });
      let output = '';
      let ended = false;
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
      child.on('error', (error) => (output += error.message));
      child.on('exit', () => (ended = true));
      endings.push(() => {
        if (!ended) process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      });
      const url = `http://127.0.0.1:${port}/`;
      for (let tries = 0; ; tries++) {
        const answer = await fetch(url).catch(() => undefined);
        if (answer?.ok) return { url, html: await answer.text(), output: () => output };
        if (ended || tries > 600) throw new Failure(`${name} does not serve (${answer?.status}):\n${output}`);
        await new Promise((done) => setTimeout(done, 100));
      }
    },
    /** Serves a folder inside the case's, or one by its absolute path. */
    serve: start,
    /** Opens a page; gives what `open` gives. */
    result: open,
    /** Opens a page and checks its scores. */
    async page(url, options) {
      check(await open(url, options));
    },
    /** Opens a page of a running server and checks its scores; gives what was downloaded. */
    async siteOf(url) {
      const server = await proxy(url);
      endings.push(server.close);
      check(await open(server.url));
      return weigh(server.sent);
    },
    /** Serves `inside`, opens its page, checks its scores; gives what was downloaded. */
    async site(inside, options) {
      const server = await start(inside, options);
      check(await open(server.url));
      return weigh(server.sent);
    },
    checkOutput,
    /** Fails unless a page as the server rendered it has this text. */
    expectText(html, text) {
      if (!html.includes(text)) throw new Failure(`the server rendered a page without "${text}":\n${html}`);
    },
    /** Copies files of the case, or of the package in node_modules. */
    copy(from, to) {
      mkdirSync(dirname(join(folder, to)), { recursive: true });
      cpSync(join(folder, from), join(folder, to), { recursive: true });
    },
    copyPhotos,
    onEnd: (action) => endings.push(action),
    async end(keep) {
      for (const action of endings.reverse()) await action();
      if (!keep && existsSync(folder)) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
