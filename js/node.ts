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
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { noCache } from './cache.js';
import { planDevices, wasmFeatures } from './devices.js';
import { GammaError, isTrap, messageOf, throwIfAborted, toGammaError } from './error.js';
import { GammaBase } from './gamma.js';
import type { Platform, Port } from './platform.js';
import type { FromWorker, WirePhoto } from './protocol.js';
import { isConstant, isLasting, isPixelSource, noPhoto, readBlob, readUrl, takeBytes, takePixels } from './take.js';
import type { Bytes, LoadOptions as LoadOptionsOf, ModelCache, PixelSource } from './types.js';
import { isBytes, weightsSource } from './weights.js';

export { GammaError, type GammaErrorCode } from './error.js';
export type {
  Assessment,
  Assessments,
  Bytes,
  CacheEntry,
  CacheEstimate,
  CacheMode,
  CropPolicy,
  CropScore,
  DeviceInfo,
  DeviceKind,
  Estimate,
  Levels,
  LoadProgress,
  MemoryUse,
  ModelCache,
  ModelInfo,
  ModelSource,
  ModuleKind,
  Origin,
  PhotoResult,
  PixelSource,
  Precision,
  Preparation,
  Scene,
  ScoreAllOptions,
  ScoreOptions,
  ScoreProgress,
} from './types.js';

/** A photo: a path, a URL (`file:`, `http:`, `https:`, `data:`), a Blob, encoded bytes, or pixels. */
export type Photo = string | URL | Blob | Bytes | PixelSource;

/**
 * A model: the path or URL of a safetensors file, of an index (`*.index.json`) or of a folder; a Blob, or several that are
 * Files; bytes; or a stream of them, which can be read only once. The URL of a folder ends with a slash.
 */
export type Weights = string | URL | Blob | Iterable<Blob> | Bytes | ReadableStream<Uint8Array> | Readable;

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
    return GammaBase.start(() => new Gamma(platform, options), options);
  }
}

/** One for all, so that models are shared. */
const platform: Platform<Photo, Weights> = {
  spawn,
  cores: availableParallelism,
  devices: (choice) => planDevices(choice, { gpu: async () => NO_GPU, wasm: wasmFeatures }),
  weights: (weights, base) =>
    weightsSource(weights instanceof Readable ? Readable.toWeb(weights) : weights, addressOf, base),
  base: (wasm) => `${addressOf(wasm).replace(/\/?([?#].*)?$/s, '')}/`,
  isLasting,
  isConstant,
  photo: takePhoto,
};

const NO_GPU = { found: false, reason: 'Node does not offer it' } as const;

/** A path as a file URL; URLs stay as they are. A one-letter scheme is a drive of Windows. */
function addressOf(place: string | URL): string {
  if (place instanceof URL) return place.href;
  return /^[a-z][a-z0-9+.-]+:/i.test(place) ? place : pathToFileURL(resolve(place)).href;
}

async function takePhoto(photo: Photo, signal: AbortSignal): Promise<WirePhoto> {
  throwIfAborted(signal);
  if (typeof photo === 'string' || photo instanceof URL) {
    const address = addressOf(photo);
    return address.startsWith('file:') ? readPath(fileURLToPath(address), signal) : readUrl(address, signal);
  }
  if (photo instanceof Blob) return readBlob(photo);
  if (isBytes(photo)) return takeBytes(photo);
  if (isPixelSource(photo)) return takePixels(photo);
  throw noPhoto(photo, 'a path, URL, Blob, bytes, or an object with width, height and data');
}

async function readPath(path: string, signal: AbortSignal): Promise<WirePhoto> {
  try {
    return takeBytes(await readFile(path, { signal }));
  } catch (error) {
    throwIfAborted(signal);
    throw new GammaError('io', `the photo could not be read: ${messageOf(error)}`, { cause: error });
  }
}

function spawn(): Port {
  // Without the process's own flags: a thread refuses some of them, like --input-type.
  const worker = new Worker(new URL('./node-worker.js', import.meta.url), { name: 'gamma', execArgv: [] });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen: (onMessage, onDeath) => {
      worker.on('message', (message: FromWorker) => onMessage(message));
      worker.on('messageerror', () => onDeath(new GammaError('worker', 'a message of the worker could not be read')));
      worker.on('error', (error) => {
        onDeath(
          isTrap(error)
            ? toGammaError(error, 'wasm')
            : new GammaError('worker', `the worker failed: ${messageOf(error)}`),
        );
      });
      worker.on('exit', (status) => onDeath(new GammaError('worker', `the worker ended with status ${status}`)));
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate();
    },
  };
}
