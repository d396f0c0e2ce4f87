// target/status.json: the state of the modules, for the page to show.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PKG, REPORTS } from './paths.mjs';

/** Whether a module has been built, now or earlier. */
export const isBuilt = (kind) => existsSync(join(PKG, 'wasm', kind, 'gamma_bg.wasm'));

/** Keeps `{ modules: { cpu: 'ready' | 'building' | 'failed', ... }, message }` in target/status.json. */
export class Status {
  #modules;
  #message = '';

  /** All of `pending` are `building`; the others are `ready` if they lie there from an earlier build. */
  constructor(kinds, pending) {
    const state = (kind) => (pending.includes(kind) ? 'building' : isBuilt(kind) ? 'ready' : 'failed');
    this.#modules = Object.fromEntries(kinds.map((kind) => [kind, state(kind)]));
    this.#write();
  }

  set(kind, state, message = '') {
    this.#modules[kind] = state;
    this.#message = message;
    this.#write();
  }

  /** What was left unfinished has failed. */
  close(message) {
    for (const [kind, state] of Object.entries(this.#modules)) {
      if (state === 'building') this.#modules[kind] = isBuilt(kind) ? 'ready' : 'failed';
    }
    this.#message = message;
    this.#write();
  }

  #write() {
    mkdirSync(REPORTS, { recursive: true });
    const path = join(REPORTS, 'status.json');
    // Renamed into place, so that a reader never sees half of it.
    writeFileSync(`${path}.new`, `${JSON.stringify({ modules: this.#modules, message: this.#message })}\n`);
    renameSync(`${path}.new`, path);
  }
}
