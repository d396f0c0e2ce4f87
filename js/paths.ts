// Where the package's files lie: the one place with `import.meta.url`. Bundlers look for exactly `new URL('…', import.meta.url)` and
// `new Worker(new URL('…', import.meta.url), …)`, copy the file and rewrite the address. Node's worker is in `paths-node.ts`, so that no
// bundle for a page has it.
import type { Modules } from './wasm.js';

/** The two files of a module. */
export interface ModuleUrls {
  glue: string;
  binary: string;
}

/**
 * Where the module `kind` lies: under `base`, or beside this file. The URLs are spelled out so that bundlers see the files,
 * copy them as they are and rewrite the addresses.
 */
export function moduleUrls(kind: keyof Modules, base: string | undefined): ModuleUrls {
  if (base !== undefined) {
    return { glue: new URL(`${kind}/gamma.js`, base).href, binary: new URL(`${kind}/gamma_bg.wasm`, base).href };
  }
  switch (kind) {
    case 'gpu':
      return {
        glue: new URL('./wasm/gpu/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/gpu/gamma_bg.wasm', import.meta.url).href,
      };
    case 'cpu':
      return {
        glue: new URL('./wasm/cpu/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/cpu/gamma_bg.wasm', import.meta.url).href,
      };
    case 'cpu-relaxed':
      return {
        glue: new URL('./wasm/cpu-relaxed/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/cpu-relaxed/gamma_bg.wasm', import.meta.url).href,
      };
    case 'cpu-threads':
      return {
        glue: new URL('./wasm/cpu-threads/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/cpu-threads/gamma_bg.wasm', import.meta.url).href,
      };
    case 'extras':
      return {
        glue: new URL('./wasm/extras/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/extras/gamma_bg.wasm', import.meta.url).href,
      };
  }
}

/** Where the tokenizer's merges lie: under `base`, or beside this file. */
export function mergesUrl(base: string | undefined): string {
  if (base !== undefined) return new URL('clip_merges.txt', base).href;
  return new URL('./wasm/clip_merges.txt', import.meta.url).href;
}

/** Where Gamma-Lite, the model of the package, lies: under `base`, or beside this file. */
export function modelUrl(base: string | undefined): string {
  if (base !== undefined) return new URL('gamma-lite.safetensors', base).href;
  return new URL('./wasm/gamma-lite.safetensors', import.meta.url).href;
}

/** Starts the worker that owns the engine. */
export const startWorker = (): Worker =>
  new Worker(new URL('./worker/browser.js', import.meta.url), { type: 'module', name: 'gamma' });

/** Starts a worker that is a thread of an engine. */
export const startThread = (): Worker =>
  new Worker(new URL('./worker/thread.js', import.meta.url), { type: 'module', name: 'gamma helper' });

/**
 * The address of a script of the package, where that lies on another origin, such as a CDN; else undefined. Only where the files lie as they
 * were published: a bundler has its own names.
 */
export function onAnotherOrigin(script: 'worker/browser.js' | 'worker/thread.js'): string | undefined {
  const { origin, pathname } = new URL(import.meta.url);
  if (origin === globalThis.location?.origin || !pathname.endsWith('/paths.js')) return undefined;
  return origin + pathname.replace(/paths\.js$/, script);
}
