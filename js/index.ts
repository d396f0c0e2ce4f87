/**
 * Scores photos with the Gamma image quality model, on WebGPU or the CPU, in a worker of the page.
 *
 * Nothing runs when this module is imported, and nothing is fetched from a host that the caller did not name.
 *
 * @example
 * ```ts
 * import { Gamma } from 'gamma-wasm';
 * const gamma = await Gamma.load({ weights: '/models/gamma.safetensors' });
 * const { score, percent } = await gamma.score(file);
 * await gamma.dispose();
 * ```
 *
 * @module
 */
import { browserPlatform } from './browser.js';
import { GammaBase } from './gamma.js';
import type { Photo } from './photo.js';
import type { LoadOptions as LoadOptionsOf } from './types.js';
import type { Weights } from './weights.js';

export { GammaError, type GammaErrorCode } from './error.js';
export type { Photo } from './photo.js';
export type {
  Assessment,
  Assessments,
  Bytes,
  CropPolicy,
  CropScore,
  DeviceInfo,
  DeviceKind,
  Levels,
  LoadProgress,
  ModelInfo,
  ModuleKind,
  PhotoResult,
  PixelSource,
  Scene,
  ScoreOptions,
  ScoreProgress,
} from './types.js';
export type { Weights } from './weights.js';

/** Options of {@link Gamma.load}. */
export type LoadOptions = LoadOptionsOf<Weights>;

/** A loaded model, ready to score photos. */
export class Gamma extends GammaBase<Photo, Weights> {
  /**
   * Loads the engine and a model in a worker.
   *
   * @throws {GammaError} `weights-none` without `weights`; `http`, `network`, `weights-*`, `tensor-*` or `config` for a file
   * that cannot be used; `device` if the device asked for is not there; `aborted` by `options.signal`.
   */
  static load(options: LoadOptions = {}): Promise<Gamma> {
    return GammaBase.start(() => new Gamma(browserPlatform(), options), options);
  }
}
