// Standard output and standard error: whole lines, and how far the run is where a person looks on.

const CLEAR = '\r\x1b[2K';
const CELLS = 20;

/** How many photos are done, on the terminal behind standard error; elsewhere nothing is shown. */
export class Progress {
  readonly #shown = process.stderr.isTTY === true;
  readonly #begin = performance.now();
  #done = 0;

  constructor(readonly total: number) {}

  get seconds(): number {
    return (performance.now() - this.#begin) / 1e3;
  }

  /** Says that a photo is done with. */
  next(): void {
    this.#done += 1;
    this.draw();
  }

  draw(): void {
    if (!this.#shown) return;
    const cells = Math.round((CELLS * this.#done) / this.total);
    const rate = this.#done / Math.max(this.seconds, 1e-9);
    const left = rate > 0 ? `  ${rate.toFixed(2)} photos/s  ${Math.ceil((this.total - this.#done) / rate)} s left` : '';
    const bar = '█'.repeat(cells) + '░'.repeat(CELLS - cells);
    process.stderr.write(`${CLEAR}photos ${bar}  ${this.#done} of ${this.total}${left}`);
  }

  /** Takes the bar off the terminal. */
  clear(): void {
    if (this.#shown) process.stderr.write(CLEAR);
  }
}

/** Writes `gamma: message` to standard error. */
export function complain(message: string): void {
  process.stderr.write(`gamma: ${message}\n`);
}

/** Writes whole lines to standard output; waits while it takes no more. */
export function print(lines: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(lines, (error) => (error ? reject(error) : resolve()));
  });
}
