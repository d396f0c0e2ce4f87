/**
 * Scores photos with the Gamma image quality model, on WebGPU or the CPU, in a worker of the page.
 *
 * Nothing runs when this module is imported, and nothing is fetched but the package's own files and what the caller names.
 *
 * @example
 * ```ts
 * import { Gamma } from 'gamma-wasm';
 * const gamma = await Gamma.load(); // Gamma-Lite, the small model of this package
 * const { score, percent } = await gamma.score(file);
 * await gamma.dispose();
 * ```
 *
 * @module
 */

import { GammaBase } from './api/gamma.js';
import { browserCache } from './model/store/cache.js';
import type { Photo } from './photo/photo.js';
import { browserPlatform, type Weights } from './pool/browser.js';
import type { LoadOptions as LoadOptionsOf, ModelCache } from './types.js';

export type { Difference } from './api/compare.js';
export type { Grouped, GroupOptions, PhotoGroup } from './api/group.js';
export type { PhotoResult } from './api/score-many.js';
export { GammaError, type GammaErrorCode } from './error.js';
export { faultText } from './findings.js';
export type { Photo } from './photo/photo.js';
export type { Weights } from './pool/browser.js';
export type * from './types.js';

/** Options of {@link Gamma.load}. */
export type LoadOptions = LoadOptionsOf<Weights>;

/** A loaded model, ready to score photos. */
export class Gamma extends GammaBase<Photo, Weights> {
  /** The models that are kept on this device, so that they load without the network. */
  static readonly cache: ModelCache = browserCache;

  /**
   * Loads the engine and a model in a worker. The same model, asked for again in the same way while it is loaded or
   * loading, shares its worker and its memory with the first; each has its own scenes and its own end. Without `weights` it
   * is Gamma-Lite, the small model of this package.
   *
   * @throws {GammaError} `http-*`, `network*`, `weights-*`, `header-*`, `shard-*`,
   * `tensor-*` or `config` for a model that cannot be had or used; `device` if the device asked for is not there; `aborted`
   * by `options.signal`.
   */
  static load(options: LoadOptions = {}): Promise<Gamma> {
    return GammaBase.start(() => new Gamma(browserPlatform(), options), options);
  }
}
