// What a browser lacks, found without the package.
import type { Tab } from './tab.ts';

/** A module with a function that uses relaxed SIMD. */
const RELAXED = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
];

/** Why the module with relaxed SIMD cannot run in a page; undefined if it can. */
export async function whyWithoutRelaxed(page: Tab): Promise<string | undefined> {
  const valid = await page.evaluate((bytes) => WebAssembly.validate(Uint8Array.from(bytes)), RELAXED);
  return valid ? undefined : 'the browser has no relaxed SIMD';
}

/** Why the module with threads, which has relaxed SIMD too, cannot run in a page; undefined if it can. */
export async function whyWithoutThreads(page: Tab): Promise<string | undefined> {
  if (!(await page.evaluate(() => crossOriginIsolated))) return 'the page is not cross-origin isolated';
  return whyWithoutRelaxed(page);
}

/** Why nothing can be kept on the device; undefined if it can. */
export function whyWithoutStore(page: Tab): Promise<string | undefined> {
  return page.evaluate(async () => {
    if (navigator.storage?.getDirectory === undefined) return 'the browser has no private file system';
    return navigator.storage.getDirectory().then(
      () => undefined,
      (error) => `the browser refuses its private file system: ${error}`,
    );
  });
}
