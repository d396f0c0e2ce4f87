// Which picture is worked at next: the nearest one, within a budget of pictures a second. Knows no elements, and sets a
// timer only while something waits.

/** Something to do. */
export interface Job {
  /** Where it stands in the line, asked for when a place is free: the lowest number is next. */
  place(): number;
  /** Whether it takes long: others do not wait for many of those. */
  readonly long?: boolean | undefined;
  /** Does it. The queue waits for the end; what it rejects with is the job's own affair. */
  run(): Promise<void>;
}

/** What a queue is made with. */
export interface QueueSettings {
  /** Jobs at a time. */
  readonly parallel: number;
  /** Long ones among them; as many unless told. */
  readonly long?: number | undefined;
  /** Jobs begun in a second. */
  readonly perSecond: number;
  /** The same while the page is scrolled. */
  readonly scrolling: number;
  /** Milliseconds from any beginning. */
  readonly now?: (() => number) | undefined;
  /** Calls back after some milliseconds; gives what undoes that. */
  readonly later?: ((callback: () => void, milliseconds: number) => () => void) | undefined;
}

/** Milliseconds after an event of scrolling for which the page counts as scrolled. */
const SCROLL_LASTS = 150;

/** After a rest, jobs of this part of a second may begin at once. */
const BURST = 0.25;

function after(callback: () => void, milliseconds: number): () => void {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
}

/** Jobs that wait. */
export class Queue {
  readonly #settings: QueueSettings;
  readonly #now: () => number;
  readonly #later: (callback: () => void, milliseconds: number) => () => void;
  readonly #waiting = new Set<Job>();
  #running = 0;
  #runningLong = 0;
  #paused = false;
  #ended = false;
  /** What is left of the budget, in jobs, at {@link #counted}. */
  #credit: number;
  #counted: number;
  #scrolled = -Infinity;
  #cancel: (() => void) | undefined;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
    this.#now = settings.now ?? (() => performance.now());
    this.#later = settings.later ?? after;
    this.#credit = this.#most;
    this.#counted = this.#now();
  }

  /** Jobs that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  add(job: Job): void {
    if (this.#ended) return;
    this.#waiting.add(job);
    this.#soon();
  }

  /** Takes a job that waits out of the line. */
  remove(job: Job): void {
    this.#waiting.delete(job);
    if (this.#waiting.size === 0) this.#stopTimer();
  }

  /** The page was scrolled just now. */
  scrolled(): void {
    this.#refill();
    this.#scrolled = this.#now();
  }

  pause(): void {
    this.#paused = true;
    this.#stopTimer();
  }

  resume(): void {
    this.#paused = false;
    this.#soon();
  }

  /** Begins nothing any more. */
  end(): void {
    this.#ended = true;
    this.#waiting.clear();
    this.#stopTimer();
  }

  get #perSecond(): number {
    const { perSecond, scrolling } = this.#settings;
    return this.#now() - this.#scrolled < SCROLL_LASTS ? Math.min(scrolling, perSecond) : perSecond;
  }

  get #most(): number {
    return Math.max(1, this.#perSecond * BURST);
  }

  #refill(): void {
    const now = this.#now();
    this.#credit = Math.min(this.#most, this.#credit + ((now - this.#counted) / 1000) * this.#perSecond);
    this.#counted = now;
  }

  #stopTimer(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Looks again once those that come together have all come: the nearest of them is to be the first. */
  #soon(): void {
    if (!this.#cancel) this.#wait(0);
  }

  #wait(milliseconds: number): void {
    if (this.#paused || this.#ended || this.#waiting.size === 0) return;
    this.#cancel = this.#later(() => {
      this.#cancel = undefined;
      this.#begin();
    }, milliseconds);
  }

  #begin(): void {
    this.#refill();
    while (!this.#paused && this.#running < this.#settings.parallel && this.#waiting.size > 0) {
      if (this.#credit < 1) {
        if (!this.#cancel) this.#wait(Math.ceil(((1 - this.#credit) / this.#perSecond) * 1000));
        return;
      }
      const next = this.#nearest();
      if (!next) return;
      this.#credit -= 1;
      this.#start(next);
    }
  }

  #nearest(): Job | undefined {
    const mayBeLong = this.#runningLong < (this.#settings.long ?? this.#settings.parallel);
    let nearest: Job | undefined;
    let least = Infinity;
    for (const job of this.#waiting) {
      if (job.long && !mayBeLong) continue;
      const place = job.place();
      if (nearest && place >= least) continue;
      nearest = job;
      least = place;
    }
    return nearest;
  }

  #start(job: Job): void {
    this.#waiting.delete(job);
    const long = job.long ? 1 : 0;
    this.#running += 1;
    this.#runningLong += long;
    const done = () => {
      this.#running -= 1;
      this.#runningLong -= long;
      if (!this.#cancel) this.#begin();
    };
    job.run().then(done, done);
  }
}
