// The package's further entries, from the `pkg/` folder beside the page: they are served as they are published.
import type * as Check from 'gamma-wasm/check';
import type * as Element from 'gamma-wasm/element';
import type * as Filter from 'gamma-wasm/filter';
import { byId } from './dom.ts';

interface Entries {
  check: typeof Check;
  element: typeof Element;
  filter: typeof Filter;
}

/** Loads an entry; where it is not built, the page says so. */
export async function loadEntry<Name extends keyof Entries>(name: Name): Promise<Entries[Name]> {
  const address = new URL(`pkg/${name}/index.js`, document.baseURI);
  try {
    return (await import(/* @vite-ignore */ address.href)) as Entries[Name];
  } catch (error) {
    byId('main').prepend('The package is not built: run npm start.');
    throw error;
  }
}

/** Addresses of the samples, where the build has put them. */
export const SAMPLES = Object.entries(
  import.meta.glob<string>('./samples/*.{jpg,webp}', { query: '?url', import: 'default', eager: true }),
).map(([path, address]) => ({ name: path.split('/').at(-1) ?? '', address }));
