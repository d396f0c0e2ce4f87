// The bytes of a picture that the page shows, mostly out of the browser's cache.
import { GammaError } from '../error.js';
import { bitmapOf } from '../photo/bitmap.js';

/** Milliseconds for which an answer is waited for. */
const PATIENCE = 15_000;

/** Reads pictures, and remembers which origins do not let it. */
export class Reader {
  readonly #refused = new Set<string>();

  /**
   * The file at `address`; of an `<img>` whose file cannot be had any more, such as that of an address which was
   * revoked, what it shows.
   *
   * @throws {GammaError} `photo-tainted` where another origin does not allow to read it; `http`, `network`, `aborted`.
   */
  async read(address: string, element: Element, signal: AbortSignal): Promise<Blob | ImageBitmap> {
    try {
      return await this.#fetch(address, element, signal);
    } catch (error) {
      if (signal.aborted) throw new GammaError('aborted', 'the picture is not asked for any more', { cause: error });
      const image = element as HTMLImageElement;
      const isShown = element.tagName.toUpperCase() === 'IMG' && image.currentSrc === address && image.complete;
      if (!isShown || isElsewhere(address)) throw error;
      return bitmapOf(image);
    }
  }

  async #fetch(address: string, element: Element, signal: AbortSignal): Promise<Blob> {
    const elsewhere = isElsewhere(address);
    const { origin } = new URL(address);
    const credentials =
      (element as Partial<HTMLImageElement>).crossOrigin === 'use-credentials' ? 'include' : 'same-origin';
    const get = (cache: RequestCache) => fetchInTime(address, { cache, credentials, mode: 'cors' }, signal);
    try {
      const blob = await get('force-cache').catch((error: unknown) => {
        // What the cache has was fetched for an element, perhaps without the header that allows to read it.
        if (!elsewhere || signal.aborted || !(error instanceof TypeError) || this.#refused.has(origin)) throw error;
        return get('no-cache');
      });
      if (elsewhere) this.#refused.delete(origin);
      return blob;
    } catch (error) {
      if (error instanceof GammaError) throw error;
      if (elsewhere && error instanceof TypeError && navigator.onLine) {
        this.#refused.add(origin);
        throw new GammaError('photo-tainted', `${origin} does not allow this page to read its pictures`, {
          cause: error,
        });
      }
      throw new GammaError('network', `the picture could not be read: ${String(error)}`, { cause: error });
    }
  }
}

async function fetchInTime(address: string, init: RequestInit, signal: AbortSignal): Promise<Blob> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener('abort', abort);
  const timer = setTimeout(abort, PATIENCE);
  try {
    const response = await fetch(address, { ...init, signal: controller.signal });
    if (!response.ok) throw new GammaError('http', `the picture's server answered with ${response.status}`);
    return await response.blob();
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function isElsewhere(address: string): boolean {
  const { protocol, origin } = new URL(address);
  return /^https?:$/.test(protocol) && origin !== globalThis.location?.origin;
}
