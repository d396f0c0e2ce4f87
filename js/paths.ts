// Where the package's own files lie. Every `new URL(…, import.meta.url)` is here, spelled out: bundlers look for exactly these
// expressions, copy the files and rewrite the addresses. The paths are those of the package, whose entries lie beside `wasm/`.

import type { ModuleKind } from './types.js';
import type { EngineUrls, ModuleUrls } from './wasm.js';

/** Some bundlers write addresses without an origin, which a worker could not resolve. */
const absolute = ({ href }: URL): string => new URL(href, globalThis.location?.href).href;

const module = (glue: URL, binary: URL): ModuleUrls => ({ glue: absolute(glue), binary: absolute(binary) });

function packaged(kind: ModuleKind | 'extras'): ModuleUrls {
  switch (kind) {
    case 'gpu':
      return module(
        new URL('./wasm/gpu/gamma.js', import.meta.url),
        new URL('./wasm/gpu/gamma_bg.wasm', import.meta.url),
      );
    case 'cpu':
      return module(
        new URL('./wasm/cpu/gamma.js', import.meta.url),
        new URL('./wasm/cpu/gamma_bg.wasm', import.meta.url),
      );
    case 'cpu-relaxed':
      return module(
        new URL('./wasm/cpu-relaxed/gamma.js', import.meta.url),
        new URL('./wasm/cpu-relaxed/gamma_bg.wasm', import.meta.url),
      );
    case 'cpu-threads':
      return module(
        new URL('./wasm/cpu-threads/gamma.js', import.meta.url),
        new URL('./wasm/cpu-threads/gamma_bg.wasm', import.meta.url),
      );
    case 'extras':
      return module(
        new URL('./wasm/extras/gamma.js', import.meta.url),
        new URL('./wasm/extras/gamma_bg.wasm', import.meta.url),
      );
  }
}

function below(kind: ModuleKind | 'extras', base: string): ModuleUrls {
  return { glue: new URL(`${kind}/gamma.js`, base).href, binary: new URL(`${kind}/gamma_bg.wasm`, base).href };
}

/** The files of an engine of `kind`: below `base`, the folder `wasm/` as an absolute URL, or where the package has them. */
export function engineUrls(kind: ModuleKind, base: string | undefined): EngineUrls {
  if (base !== undefined) {
    const merges = new URL('clip_merges.txt', base).href;
    return { module: below(kind, base), extras: below('extras', base), merges };
  }
  const merges = absolute(new URL('./wasm/clip_merges.txt', import.meta.url));
  return { module: packaged(kind), extras: packaged('extras'), merges };
}

/** The default model, Gamma-Lite: below `base`, or where the package has it. */
export function modelUrl(base: string | undefined): string {
  if (base !== undefined) return new URL('gamma-lite.safetensors', base).href;
  return absolute(new URL('./wasm/gamma-lite.safetensors', import.meta.url));
}

/**
 * A scene file of the package: beside the default model. No `new URL` names it, so that no bundle has it that did not ask for it: it may
 * have another licence than the package.
 */
export const sceneFileUrl = (name: string, base: string | undefined): string => new URL(name, modelUrl(base)).href;

/**
 * The address of the worker where the package lies, as it was published, on another origin than the page's, such as a CDN. Not in a
 * bundle, whose files have other names.
 */
export function workerElsewhere(): string | undefined {
  const binary = new URL(packaged('cpu').binary);
  const elsewhere = /^https?:$/.test(binary.protocol) && binary.origin !== globalThis.location?.origin;
  if (!elsewhere || !binary.pathname.endsWith('/wasm/cpu/gamma_bg.wasm')) return undefined;
  return new URL('../../worker.js', binary).href;
}

/** Starts the package's worker. */
export const startWorker = (): Worker => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
