// How fast a page is scrolled.

/** Milliseconds that are looked back. */
const WINDOW = 1000;
/** Milliseconds of scrolling that tell a speed: a jump to another place is none. */
const LEAST = 250;

/** Measures the speed of what is scrolled. */
export class Speed {
  #scroller: EventTarget | null = null;
  #samples: { at: number; top: number }[] = [];

  /** `target` is scrolled to `top` at `now`, in milliseconds from any beginning. */
  scrolled(target: EventTarget | null, top: number, now: number): void {
    if (target !== this.#scroller) this.#samples = [];
    this.#scroller = target;
    this.#samples.push({ at: now, top });
    while (now - (this.#samples[0]?.at ?? now) > WINDOW) this.#samples.shift();
  }

  /** CSS pixels a second, downwards above 0. */
  get now(): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < LEAST) return 0;
    return ((last.top - first.top) / (last.at - first.at)) * 1000;
  }
}
