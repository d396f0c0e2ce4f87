// Processor time and memory of a program and all processes below it, while it works.
import { below, memory } from '../../tests/engines/processes.mjs';

/** Milliseconds between two looks. */
const EVERY = 1000;

/**
 * Watches process `pid` from its start. `progress()` gives how many of `parts` are done; what there is at the end of each
 * is kept.
 */
export class Watch {
  #pid;
  #progress;
  #parts;
  #begin = performance.now();
  /** Seconds of a processor by process; what a process had after the last look at it is missing. */
  #processor = new Map();
  #peak = { own: 0, shared: 0 };
  #timer;
  /** After each part: `seconds`, `processor` seconds, and the largest `own` and `shared` memory within it, in bytes. */
  marks = [];

  constructor(pid, parts, progress) {
    this.#pid = pid;
    this.#parts = parts;
    this.#progress = progress;
    this.#timer = setInterval(() => this.look(), EVERY);
  }

  look() {
    let [own, shared] = [0, 0];
    for (const { pid, processor } of below(this.#pid)) {
      this.#processor.set(pid, processor);
      const found = memory(pid);
      own += found.own;
      // The store of an engine is one, whoever has mapped it.
      shared = Math.max(shared, found.shared);
    }
    this.#peak = { own: Math.max(this.#peak.own, own), shared: Math.max(this.#peak.shared, shared) };
    while (this.marks.length < Math.min(this.#progress(), this.#parts)) this.#mark();
  }

  #mark() {
    const processor = [...this.#processor.values()].reduce((sum, each) => sum + each, 0);
    this.marks.push({ seconds: (performance.now() - this.#begin) / 1e3, processor, ...this.#peak });
    this.#peak = { own: 0, shared: 0 };
  }

  /** The end of it. */
  stop() {
    clearInterval(this.#timer);
    while (this.marks.length < this.#parts) this.#mark();
    const last = this.marks.at(-1);
    last.seconds = (performance.now() - this.#begin) / 1e3;
    return this.marks;
  }
}
