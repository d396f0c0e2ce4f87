// How pictures look: marks on their elements, the style sheets that give marks their meaning, badges.
import { Badges } from './badges.js';
import type { Picture } from './picture.js';
import type { Verdict } from './rule.js';
import { type Mark, Sheets } from './sheets.js';
import { MARK } from './watch.js';

/** How often a mark is put back that the page took away: a page that always does it would keep the browser busy. */
const MOST_LOST = 100;

/** The looks of one filter's pictures. */
export class Appearance {
  readonly #sheets: Sheets;
  readonly #badges = new Badges();
  readonly #marked = new Set<Element>();
  readonly #hasVeil: boolean;

  /** `veil`: milliseconds for which unjudged pictures are hidden at most; undefined if they are not. */
  constructor(veil: number | undefined) {
    this.#sheets = new Sheets(veil);
    this.#hasVeil = veil !== undefined;
  }

  adopt(tree: Document | ShadowRoot): void {
    this.#sheets.adopt(tree);
  }

  setVeil(on: boolean): void {
    this.#sheets.setVeil(on);
  }

  /** Does what the verdict says. */
  act(picture: Picture, { action, label }: Verdict): void {
    if (action === 'none') {
      this.show(picture);
      return;
    }
    // A filter would blur what the element contains, too.
    const isBackground = picture.shown.kind === 'background' && action !== 'badge';
    this.set(picture, isBackground ? 'no-background' : action);
    if (action === 'badge') this.#badges.show(picture.element, label);
  }

  /** Shows the picture as it is. */
  show(picture: Picture): void {
    this.set(picture, this.#hasVeil ? 'seen' : undefined);
  }

  /** Hides the picture until it is judged, if there is a veil; from now on the veil's time counts anew. */
  wait(picture: Picture): void {
    if (this.#hasVeil && picture.mark === undefined) this.set(picture, 'wait');
  }

  set(picture: Picture, mark: Mark | undefined): void {
    const { element } = picture;
    picture.mark = mark;
    if (mark !== 'badge') this.#badges.hide(element);
    if (mark === undefined) {
      this.#marked.delete(element);
      if (element.hasAttribute(MARK)) element.removeAttribute(MARK);
    } else {
      this.#marked.add(element);
      if (element.getAttribute(MARK) !== mark) element.setAttribute(MARK, mark);
    }
  }

  /** Puts the mark back if the page took it away. */
  keep(picture: Picture): void {
    const { element, mark } = picture;
    if ((element.getAttribute(MARK) ?? undefined) === mark || picture.marksLost >= MOST_LOST) return;
    picture.marksLost += 1;
    if (mark === undefined) element.removeAttribute(MARK);
    else element.setAttribute(MARK, mark);
  }

  /** Elements may be at other places now. */
  moved(): void {
    this.#badges.move();
    this.#sheets.sweep();
  }

  dispose(): void {
    for (const element of this.#marked) element.removeAttribute(MARK);
    this.#marked.clear();
    this.#badges.dispose();
    this.#sheets.dispose();
  }
}
