import type * as Package from 'gamma-wasm';

/** What the page uses of the package. */
export type Api = typeof Package;

let failures = 0;

/**
 * Loads the package from the `pkg/` folder beside the page, at run time: it is served as it is published, so that its
 * worker and WebAssembly files are found where they are, and the page can come up before they are built.
 */
export async function loadPackage(): Promise<Api> {
  const address = new URL('pkg/index.js', document.baseURI);
  // A browser remembers a module that failed to load under its address, so another try needs another address.
  if (failures > 0) address.searchParams.set('try', String(failures));
  try {
    return (await import(/* @vite-ignore */ address.href)) as Api;
  } catch (error) {
    failures += 1;
    throw error;
  }
}
