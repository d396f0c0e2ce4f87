// Processor time and memory of a program and all processes below it, while it works.
import { below, memory } from '../../tests/engines/processes.mjs';

/** Milliseconds between two looks. */
const EVERY = 1000;
const QUARTERS = 4;

/** Watches process `pid` and those below it from its start. */
export class Watch {
  #pid;
  #begin = performance.now();
  /** Seconds of a processor by process; what a process had after the last look at it is missing. */
  #processor = new Map();
  #looks = [];
  #timer;

  constructor(pid) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), EVERY);
  }

  get #seconds() {
    return (performance.now() - this.#begin) / 1e3;
  }

  #look() {
    let [own, shared] = [0, 0];
    for (const { pid, processor } of below(this.#pid)) {
      this.#processor.set(pid, processor);
      const found = memory(pid);
      own += found.own;
      // The store of an engine is one, whoever has mapped it.
      shared = Math.max(shared, found.shared);
    }
    this.#looks.push({ seconds: this.#seconds, own, shared });
  }

  /** The end: its `seconds`, those of a `processor`, and the largest `own` and `shared` bytes of each quarter of the time. */
  stop() {
    clearInterval(this.#timer);
    const seconds = this.#seconds;
    const processor = [...this.#processor.values()].reduce((sum, each) => sum + each, 0);
    const most = (name) =>
      Array.from({ length: QUARTERS }, (_, at) =>
        this.#looks
          .filter((look) => Math.floor((QUARTERS * look.seconds) / seconds) === at)
          .reduce((largest, look) => Math.max(largest, look[name]), 0),
      );
    return { seconds, processor, own: most('own'), shared: most('shared') };
  }
}
