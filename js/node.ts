/**
 * Scores photos with the Gamma image quality model under Node, on the CPU, in a worker thread. The same API as in a page.
 *
 * @example
 * ```ts
 * import { Gamma } from 'gamma-wasm/node';
 * const gamma = await Gamma.load(); // Gamma-Lite, the small model of this package
 * for await (const { photo, assessment, error } of gamma.scoreAll(['a.jpg', 'b.jpg'])) console.log(photo, assessment?.score ?? error);
 * await gamma.dispose();
 * ```
 *
 * @module
 */
import { GammaBase } from './api/gamma.js';
import { noCache } from './model/store/cache.js';
import { nodePlatform, type Photo, type Weights } from './pool/node.js';
import type { LoadOptions as LoadOptionsOf, ModelCache } from './types.js';

export type { Difference } from './api/compare.js';
export type { Grouped, GroupOptions, PhotoGroup } from './api/group.js';
export type { PhotoResult } from './api/score-many.js';
export { GammaError, type GammaErrorCode } from './error.js';
export { faultText } from './findings.js';
export type { Photo, Weights } from './pool/node.js';
export type * from './types.js';

/** Options of {@link Gamma.load}. `device` is `auto` or `cpu`: there is no WebGPU under Node. */
export type LoadOptions = LoadOptionsOf<Weights>;

/** A loaded model, ready to score photos. */
export class Gamma extends GammaBase<Photo, Weights> {
  /** Under Node nothing is kept: the list is empty. */
  static readonly cache: ModelCache = noCache;

  /**
   * Loads the engine and a model in a worker thread. The thread does not keep the process alive while it has nothing to do.
   * The same model, asked for again in the same way while it is loaded or loading, shares thread and memory with the first.
   * Without `weights` it is Gamma-Lite, the small model of this package.
   *
   * @throws {GammaError} `io`, `http-*`, `network*`, `weights-*`, `header-*`, `shard-*`,
   * `tensor-*` or `config` for a model that cannot be had or used; `device` for WebGPU; `aborted` by `options.signal`.
   */
  static load(options: LoadOptions = {}): Promise<Gamma> {
    return GammaBase.start(() => new Gamma(nodePlatform, options), options);
  }
}
