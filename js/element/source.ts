// Which photo a `<gamma-score>` is about.
import { signatureOf } from '../photo/element.js';
import type { Photo } from '../photo/photo.js';

/** A photo to be scored. */
export interface Source {
  readonly photo: Photo;
  /** Equal as long as it is the same photo. */
  readonly key: unknown;
  /** The image that shows it, if one does. */
  readonly image?: HTMLImageElement | undefined;
}

/** What an image shows: a source, `wait` until it has loaded, `broken` if it cannot. */
export function sourceOfImage(image: HTMLImageElement): Source | 'wait' | 'broken' {
  const { currentSrc, complete, naturalWidth } = image;
  if (!complete || currentSrc === '') return 'wait';
  if (naturalWidth === 0) return 'broken';
  return { photo: image, key: signatureOf(image), image };
}

/** Tells when an image may show something else. */
export class ImageWatch {
  readonly #changed: () => void;
  readonly #observer: MutationObserver;
  #image: HTMLImageElement | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#observer = new MutationObserver(changed);
  }

  /** Watches this image and no other. */
  watch(image: HTMLImageElement | undefined): void {
    if (image === this.#image) return;
    this.end();
    this.#image = image;
    if (!image) return;
    const attributeFilter = ['src', 'srcset', 'sizes'];
    this.#observer.observe(image, { attributes: true, attributeFilter });
    image.addEventListener('load', this.#changed);
    image.addEventListener('error', this.#changed);
  }

  end(): void {
    this.#observer.disconnect();
    this.#image?.removeEventListener('load', this.#changed);
    this.#image?.removeEventListener('error', this.#changed);
    this.#image = undefined;
  }
}
