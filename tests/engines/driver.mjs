// A driver of an engine, with the processes below it.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds within which a kill comes after the workers have begun, or after the last kill. */
const SOON = 6000;

/** Every process, with its parent and its command. */
function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        // The name in brackets may have spaces.
        return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), command }];
      } catch {
        return [];
      }
    });
}

/** A driver of an engine. */
export class Driver {
  #child;
  #ended;
  #said = '';
  #killed = false;

  constructor(python, args) {
    this.#child = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (text) => {
        this.#said = (this.#said + text).slice(-10_000);
      });
    }
    this.#ended = new Promise((done) => {
      this.#child.on('exit', (code) => done(code));
    });
  }

  get #running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The processes of the command that score for it. */
  #commands() {
    const all = processes();
    const below = new Set([this.#child.pid]);
    for (let grown = -1; grown !== below.size; ) {
      grown = below.size;
      for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
    }
    return all.filter(({ pid, command }) => below.has(pid) && command.includes('--serve=frames'));
  }

  /** Kills the driver, or a worker: the Python process above a command. Says whether it could: not if all ended before. */
  async kill(victim, draw) {
    while (this.#running && this.#commands().length === 0) await sleep(50);
    await sleep(draw() * SOON);
    const commands = this.#commands();
    if (!this.#running) return false;
    const chosen = commands[Math.floor(draw() * commands.length)];
    if (victim === 'worker' && chosen === undefined) return this.kill(victim, draw);
    process.kill(victim === 'driver' ? this.#child.pid : chosen.parent, 'SIGKILL');
    this.#killed = victim === 'driver';
    return true;
  }

  /** Waits for its end; says whether it came by itself. Throws if the recipe failed. */
  async end() {
    const code = await this.#ended;
    if (this.#killed) return false;
    if (code !== 0) throw new Error(`the driver ended with ${code}:\n${this.#said}`);
    return true;
  }
}
