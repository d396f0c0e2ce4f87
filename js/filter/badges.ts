// Badges on pictures. They lie in a layer of their own above the page: nothing is added beside a picture, so nothing of
// the page moves and no framework finds a node that it does not know.
import { adopt } from './sheets.js';

const STYLE = `
:host {
  all: initial; position: absolute; top: 0; left: 0; width: 0; height: 0; pointer-events: none;
  z-index: 2147483646;
}
span {
  position: absolute; top: 0; left: 0; padding: 2px 6px; border-radius: 4px; white-space: nowrap;
  font: 600 12px/1.3 system-ui, sans-serif; color: #fff; background: rgb(20 20 20 / 82%);
}
`;

/** Pixels between a picture's corner and its badge. */
const INSET = 6;

/** The layer of one document. */
interface Layer {
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
}

/** The badges of one filter. */
export class Badges {
  readonly #badges = new Map<Element, HTMLElement>();
  readonly #layers = new Map<Document, Layer>();
  readonly #sizes = new ResizeObserver(() => this.move());
  #frame: number | undefined;

  /** Puts a badge on a picture, or changes its text. */
  show(element: Element, text: string): void {
    const badge = this.#badges.get(element) ?? this.#add(element);
    badge.textContent = text;
    this.move();
  }

  hide(element: Element): void {
    const badge = this.#badges.get(element);
    if (!badge) return;
    badge.remove();
    this.#badges.delete(element);
    this.#sizes.unobserve(element);
    if (this.#badges.size === 0) this.#clear();
  }

  /** Puts all badges where their pictures are now, in the next frame. */
  move(): void {
    if (this.#badges.size === 0) return;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      const origins = new Map([...this.#layers].map(([page, { host }]) => [page, host.getBoundingClientRect()]));
      // All is read before anything is written: one layout, not one for each badge.
      const places = [...this.#badges].map(([element, badge]) => {
        const box = element.getBoundingClientRect();
        const origin = origins.get(element.ownerDocument);
        return { badge, box, left: box.left - (origin?.left ?? 0), top: box.top - (origin?.top ?? 0) };
      });
      for (const { badge, box, left, top } of places) {
        badge.hidden = box.width === 0 || box.height === 0;
        // A transform is no shift of the layout.
        badge.style.transform = `translate(${Math.round(left + INSET)}px, ${Math.round(top + INSET)}px)`;
      }
    });
  }

  dispose(): void {
    for (const element of [...this.#badges.keys()]) this.hide(element);
    this.#clear();
    this.#sizes.disconnect();
  }

  #add(element: Element): HTMLElement {
    const badge = element.ownerDocument.createElement('span');
    // A screen reader meets the picture's own text; what the filter knows is told to `onVerdict`.
    badge.setAttribute('aria-hidden', 'true');
    this.#layer(element.ownerDocument).root.append(badge);
    this.#badges.set(element, badge);
    this.#sizes.observe(element);
    return badge;
  }

  #layer(page: Document): Layer {
    const known = this.#layers.get(page);
    if (known?.host.isConnected) return known;
    const host = known?.host ?? page.createElement('gamma-filter-badges');
    const root = known?.root ?? host.attachShadow({ mode: 'closed' });
    if (!known) adopt(root, STYLE);
    page.documentElement.append(host);
    this.#sizes.observe(page.documentElement);
    const layer = { host, root };
    this.#layers.set(page, layer);
    return layer;
  }

  #clear(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    for (const [page, { host }] of this.#layers) {
      this.#sizes.unobserve(page.documentElement);
      host.remove();
    }
    this.#layers.clear();
  }
}
