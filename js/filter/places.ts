// How near pictures are, for the order in which they are worked at.
import type { Picture } from './picture.js';
import { distanceOf } from './shown.js';
import { Speed } from './speed.js';

/** Milliseconds for which a measured place is good. */
const LASTS = 80;
/** How much farther pictures count that lie where the page is not scrolled to. */
const BEHIND = 3;
/** Pixels by which a picture without any estimate comes before one with. */
const ESTIMATED = 600;
/** The same while the page is scrolled: an estimate does where there is no time, nothing at all does not. */
const ESTIMATED_SCROLLED = 1e6;

/**
 * While the page is scrolled, pictures that can be seen already count as this far: those that are about to come into
 * sight can still be in time. Without it a device that is too slow would be late with all of them.
 */
const SEEN = 250;
/** Milliseconds after an event of scrolling for which the page counts as scrolled. */
const SCROLL_LASTS = 150;

/** Measures places, and follows where the page is scrolled to. */
export class Places {
  #lastTop = 0;
  #scrollsUp = false;
  #scrolled = -Infinity;
  readonly #speed = new Speed();

  scrolled({ target }: Event): void {
    const scrolls = (target as Partial<Document>).scrollingElement ?? (target as Partial<Element>);
    const { scrollTop: top = 0 } = scrolls;
    this.#scrollsUp = top < this.#lastTop;
    this.#lastTop = top;
    this.#scrolled = performance.now();
    this.#speed.scrolled(target, top, this.#scrolled);
  }

  /** CSS pixels that the page is scrolled a second, downwards above 0; 0 for jumps. */
  get speed(): number {
    return this.#speed.now;
  }

  /** Whether the page is being scrolled. */
  get isScrolled(): boolean {
    return performance.now() - this.#scrolled < SCROLL_LASTS;
  }

  /** CSS pixels to go until the picture is in sight, more or less. */
  of(picture: Picture): number {
    const now = performance.now();
    if (now - picture.place.at > LASTS) {
      const { pixels, below } = distanceOf(picture.element);
      const isBehind = pixels > 0 && below === this.#scrollsUp;
      const isSeen = pixels === 0 && this.isScrolled;
      picture.place = { at: now, value: isSeen ? SEEN : pixels * (isBehind ? BEHIND : 1) };
    }
    if (!picture.found) return picture.place.value;
    return picture.place.value + (this.isScrolled ? ESTIMATED_SCROLLED : ESTIMATED);
  }
}
