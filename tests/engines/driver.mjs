// A driver of an engine, with the processes below it.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { below, marked } from './processes.mjs';

/** Milliseconds within which a kill comes after the workers have begun, or after the last kill. */
const SOON = 6000;

/** The variable by which the processes of a run are known, also after their parents have died. */
const MARK = 'GAMMA_ENGINES_RUN';

/** Whether a process is the command that scores. */
const scores = ({ command }) => command.some((word) => word === '--serve' || word === '--serve=frames');

/** Ends what killed drivers have left behind. */
function sweep() {
  for (const { pid } of marked(`${MARK}=${process.pid}`)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

process.on('exit', sweep);

/** A driver of an engine. */
export class Driver {
  #child;
  #ended;
  #said = '';
  #killed = false;
  #fragile;

  /** `fragile`: it ends when a command below it dies. */
  constructor(program, args, { env = {}, fragile = false } = {}) {
    this.#fragile = fragile;
    // Ray makes its workers yield to all else on the machine, which no other side of a comparison does.
    const all = { ...process.env, RAY_worker_niceness: '0', ...env, [MARK]: String(process.pid) };
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: all });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (text) => {
        this.#said = (this.#said + text).slice(-10_000);
      });
    }
    this.#ended = new Promise((done) => {
      this.#child.on('exit', (code) => done(code));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Kills the driver, a worker (the Python process above a command) or a command. Says whether it could: not if all ended before. */
  async kill(victim, draw) {
    let commands = [];
    while (this.running && commands.length === 0) {
      await sleep(50);
      commands = below(this.pid).filter(scores);
    }
    await sleep(draw() * SOON);
    commands = below(this.pid).filter(scores);
    if (!this.running) return false;
    const chosen = commands[Math.floor(draw() * commands.length)];
    if (victim !== 'driver' && chosen === undefined) return this.kill(victim, draw);
    const pid = { driver: () => this.pid, worker: () => chosen.parent, command: () => chosen.pid }[victim]();
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended between the look and the kill.
      return this.kill(victim, draw);
    }
    this.#killed ||= victim === 'driver' || this.#fragile;
    return true;
  }

  /** Waits for its end; says whether it came by itself. Throws if the recipe failed. */
  async end() {
    const code = await this.#ended;
    if (code === 0) return true;
    if (this.#killed) return false;
    throw new Error(`the driver ended with ${code}:\n${this.#said}`);
  }
}
