// Addresses as a page understands them.
import { GammaError } from './error.js';

/** `url` as the page would resolve it. */
export function absolute(url: string | URL): string {
  if (url instanceof URL) return url.href;
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(url, base).href;
  } catch (error) {
    throw new GammaError('network', `"${url.slice(0, 80)}" is not an address`, { cause: error });
  }
}
