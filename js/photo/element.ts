// Which picture an `<img>` is asked to show. Its own `currentSrc` names the picture before that one until the browser has looked
// at what was changed, and until the next one is loaded.
import { throwIfAborted } from '../error.js';

/** The attributes that choose the picture. `sizes` of `auto` depends on the layout. */
type Choice = Record<'media' | 'type' | 'srcset' | 'sizes' | 'src' | 'crossorigin' | 'referrerpolicy', string | null>;

/** Of an `<img>` and of the `<source>` elements beside it. */
const ATTRIBUTES = ['src', 'srcset', 'sizes', 'media', 'type'];

/** Equal as long as an `<img>` shows the same picture. `currentSrc` follows the attributes a microtask later, so they are part of it. */
export function signatureOf(image: HTMLImageElement): string {
  const asked = candidatesOf(image).map((element) => ATTRIBUTES.map((name) => element.getAttribute(name)));
  return JSON.stringify([image.currentSrc, asked]);
}

/** What an `<img>` was asked to show at a moment, whatever becomes of it. */
export class AskedPicture {
  readonly #image: HTMLImageElement;
  /** Of its candidates. */
  readonly #choices: readonly Choice[];
  /** The one address that it can be; undefined if the browser chooses among several, empty if there is none. */
  readonly address: string | undefined;

  constructor(image: HTMLImageElement) {
    this.#image = image;
    this.#choices = choicesOf(image);
    const own = this.#choices.at(-1);
    const several = this.#choices.some(({ srcset }) => srcset?.trim());
    this.address = several ? undefined : own?.src?.trim() ? image.src : '';
  }

  /** The address that the browser chose, or would choose for an image that it has not begun to load; empty if there is none. */
  async chosen(signal: AbortSignal): Promise<string> {
    if (this.address !== undefined) return this.address;
    // The browser looks at changed attributes when the task that changed them has ended.
    await new Promise((resolve) => setTimeout(resolve));
    throwIfAborted(signal);
    const { currentSrc, complete } = this.#image;
    if (this.#unchanged && complete && currentSrc) return currentSrc;
    return (await this.#load(signal)).currentSrc;
  }

  /** An element that shows the picture at `address`; undefined if none does. */
  async shown(address: string, signal: AbortSignal): Promise<HTMLImageElement | undefined> {
    const shows = (image: HTMLImageElement) =>
      image.complete && image.naturalWidth > 0 && image.currentSrc === address ? image : undefined;
    return (this.#unchanged && shows(this.#image)) || shows(await this.#load(signal));
  }

  get #unchanged(): boolean {
    const now = choicesOf(this.#image);
    return JSON.stringify(now) === JSON.stringify(this.#choices);
  }

  /** An image of its own that is asked for the same and loads at once; also if that fails. */
  async #load(signal: AbortSignal): Promise<HTMLImageElement> {
    const { ownerDocument } = this.#image;
    const picture = ownerDocument.createElement('picture');
    let image: HTMLImageElement | undefined;
    for (const [index, choice] of this.#choices.entries()) {
      const last = index === this.#choices.length - 1;
      const element = ownerDocument.createElement(last ? 'img' : 'source');
      for (const [name, value] of Object.entries(choice)) if (value !== null) element.setAttribute(name, value);
      if (last) image = element as HTMLImageElement;
      picture.append(element);
    }
    const copy = image ?? this.#image;
    await new Promise<void>((resolve) => {
      const end = () => {
        for (const type of ['load', 'error']) copy.removeEventListener(type, end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      for (const type of ['load', 'error']) copy.addEventListener(type, end);
      signal.addEventListener('abort', end);
    });
    throwIfAborted(signal);
    return copy;
  }
}

/** The `<source>` elements that count, and the image itself at the end. */
function candidatesOf(image: HTMLImageElement): Element[] {
  const elements: Element[] = [image];
  if (image.parentElement?.localName === 'picture') {
    for (let before = image.previousElementSibling; before; before = before.previousElementSibling) {
      if (before.localName === 'source') elements.unshift(before);
    }
  }
  return elements;
}

function choicesOf(image: HTMLImageElement): Choice[] {
  return candidatesOf(image).map((element): Choice => {
    const get = (name: string) => element.getAttribute(name);
    const sizes = get('sizes');
    return {
      media: get('media'),
      type: get('type'),
      srcset: get('srcset'),
      // An image outside of the page has no layout from which a width could follow.
      sizes: /^\s*auto\b/i.test(sizes ?? '') && image.clientWidth > 0 ? `${image.clientWidth}px` : sizes,
      src: element === image ? get('src') : null,
      crossorigin: get('crossorigin'),
      referrerpolicy: get('referrerpolicy'),
    };
  });
}
