// How fast a load goes, and how long it will still take.

/** Rates older than this hardly count, in milliseconds. */
const MEMORY = 5_000;
/** Nothing is foretold before. */
const WARM_UP = 1_000;
/** Shorter steps are put together. */
const STEP = 200;

/** A smoothed rate of bytes. */
export class Pace {
  #start: number | undefined;
  #at = 0;
  #bytes = 0;
  #rate: number | undefined;

  /** Notes that `bytes` were there at the time `now`, in milliseconds. */
  note(bytes: number, now: number): void {
    if (this.#start === undefined || bytes < this.#bytes) {
      this.#start = now;
      this.#at = now;
      this.#bytes = bytes;
      this.#rate = undefined;
      return;
    }
    const elapsed = now - this.#at;
    if (elapsed < STEP) return;
    const rate = (bytes - this.#bytes) / elapsed;
    // As if the rate were measured all the time: a long step counts for more than a short one.
    const weight = 1 - Math.exp(-elapsed / MEMORY);
    this.#rate = this.#rate === undefined ? rate : this.#rate + weight * (rate - this.#rate);
    this.#at = now;
    this.#bytes = bytes;
  }

  /** Seconds until `total` bytes are there; undefined while that cannot be told. */
  secondsLeft(total: number, now: number): number | undefined {
    if (this.#start === undefined || !this.#rate || now - this.#start < WARM_UP) return undefined;
    const left = total - this.#bytes - this.#rate * (now - this.#at);
    return Math.max(0, left / this.#rate / 1000);
  }
}
