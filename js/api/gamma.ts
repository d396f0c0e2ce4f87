/// <reference lib="esnext.disposable" preserve="true" />
// The class behind `Gamma`, the same in a browser and under Node.
import { callSignal, reasonOf } from '../abort.js';
import { withAddressOf } from '../ai-weights.js';
import { GammaError, toGammaError } from '../error.js';
import type { Platform } from '../pool/platform.js';
import type {
  Assessment,
  Assessments,
  DeviceInfo,
  LoadOptions,
  MemoryUse,
  ModelInfo,
  ModelSource,
  Scene,
  ScoreAllOptions,
  ScoreOptions,
} from '../types.js';
import { compare, type Difference } from './compare.js';
import { type Grouped, type GroupOptions, groupPhotos } from './group.js';
import {
  ALL_SCENES,
  checkCache,
  checkCall,
  checkDevice,
  checkPrecision,
  checkThreads,
  checkWorkers,
} from './options.js';
import { type PhotoResult, scoreMany } from './score-many.js';
import { Handle } from './session.js';

/** The address of a folder: with a slash at its end, and nothing after it. */
const asFolder = (url: string): string => `${url.replace(/\/?([?#].*)?$/s, '')}/`;

/** A loaded model, ready to score photos of kind `P`; the entries of this package derive `Gamma` from it. */
export class GammaBase<P, W> {
  readonly #handle: Handle<P>;

  protected constructor(platform: Platform<P, W>, options: LoadOptions<W>) {
    checkCall(options);
    const base = options.wasm === undefined ? undefined : asFolder(platform.address(options.wasm));
    const workers = checkWorkers(options.workers);
    const opening = {
      platform: platform as Platform<never, never>,
      choice: checkDevice(options.device),
      cache: checkCache(options.cache),
      precision: checkPrecision(options.precision),
      // Workers that compute at the same time take the cores; threads beside them would have none.
      threads: checkThreads(options.threads ?? ((workers ?? 1) > 1 ? 1 : undefined)),
      weights: platform.weights(options.weights, base),
      base,
      worker: options.worker === undefined ? undefined : platform.address(options.worker),
    };
    this.#handle = new Handle(platform as Platform<P, never>, opening, workers, options.onProgress);
  }

  /** Loads what `create` makes; a failure leaves nothing behind. */
  protected static async start<P, W, G extends GammaBase<P, W>>(create: () => G, options: LoadOptions<W>): Promise<G> {
    const gamma = create();
    const handle = gamma.#handle;
    const call = callSignal(options.signal, handle.signal);
    try {
      if (call.signal.aborted) throw reasonOf(call.signal);
      await call.race(handle.join(call));
      return gamma;
    } catch (error) {
      const failure = withAddressOf(options.weights, toGammaError(error, 'worker'));
      await handle.end(failure);
      throw failure;
    } finally {
      call.release();
    }
  }

  /** The device in use, and why it was taken. It may change when the engine had to be started afresh. */
  get device(): DeviceInfo {
    return this.#handle.now.loaded.device;
  }

  /** What is known about the model. */
  get model(): ModelInfo {
    return this.#handle.now.loaded.model;
  }

  /** Where the model came from, and whether it is kept on this device. */
  get source(): ModelSource {
    return this.#handle.now.source;
  }

  /** The scenes that photos can be scored under, those that were added included. */
  get scenes(): readonly Scene[] {
    return this.#handle.now.scenes;
  }

  /**
   * Scores one photo. Calls wait for each other in their order; the pixels of a canvas, video, bitmap or buffer are taken
   * when `score` is called, URLs and Blobs are read when their turn comes.
   *
   * @throws {GammaError} `image-*`, `photo-*`, `http` or `network` for the photo; `scene-unknown`, `option`, `aborted`,
   * `disposed`; `wasm`, `device` or `worker` if the engine failed: the next call starts it afresh.
   */
  score(photo: P, options: ScoreOptions & { scene: 'all' }): Promise<Assessments>;
  score(photo: P, options?: ScoreOptions): Promise<Assessment>;
  async score(photo: P, options: ScoreOptions = {}): Promise<Assessment | Assessments> {
    const handle = this.#handle;
    return handle.call(options, async (call) => {
      const order = handle.order(options, 0);
      const subject = handle.subject(photo, call);
      if (!subject.lasting) subject.taken.begin();
      try {
        return (await handle.score(order, subject, 'first', call).answer).assessment;
      } finally {
        subject.taken.drop();
      }
    });
  }

  /**
   * Scores photos, several at a time where {@link LoadOptions.workers} lets it, and yields their results in order. A photo that fails yields
   * its error and the rest goes on. While as many photos as there are workers are computed, as many more are read; no more than that
   * is held in memory, but for what {@link ScoreAllOptions.previews} keeps.
   *
   * @throws {GammaError} `scene-unknown` or `option` before the first photo; `aborted`, `disposed`; an engine that could
   * not be started afresh; what `photos` itself throws.
   */
  scoreAll<Q extends P>(
    photos: Iterable<Q> | AsyncIterable<Q>,
    options: ScoreAllOptions & { scene: 'all' },
  ): AsyncGenerator<PhotoResult<Q, Assessments>, void, void>;
  scoreAll<Q extends P>(
    photos: Iterable<Q> | AsyncIterable<Q>,
    options?: ScoreAllOptions,
  ): AsyncGenerator<PhotoResult<Q>, void, void>;
  scoreAll<Q extends P>(
    photos: Iterable<Q> | AsyncIterable<Q>,
    options: ScoreAllOptions = {},
  ): AsyncGenerator<PhotoResult<Q, Assessment | Assessments>, void, void> {
    return scoreMany(this.#handle, photos, options);
  }

  /**
   * Puts photos together that are of the same: bursts, near-duplicates, and sets that are only worth something whole. It reads each photo and
   * computes about as much as for one crop; scores are not needed for it. Until it ends it holds some 50 kB of each photo.
   *
   * Files tell when and by which camera they were taken; photos of the same time, and those without one, follow one another as they were given.
   * Only those within a minute of each other are compared.
   *
   * @throws {GammaError} `option`; `aborted`, `disposed`; an engine that could not be started afresh; what `photos` itself throws.
   */
  async group<Q extends P>(photos: Iterable<Q> | AsyncIterable<Q>, options: GroupOptions = {}): Promise<Grouped<Q>> {
    return this.#handle.call(options, () => groupPhotos(this.#handle, photos, options));
  }

  /**
   * Says whether people would find the first photo better or worse than the second: of pairs that it decides, at least three in four are right for
   * photos that the model has not learned from; of closer scores it says `no difference`.
   *
   * @throws {GammaError} `option` for assessments under different scenes, or if the model does not state its reliability.
   */
  compare(first: Assessment, second: Assessment): Difference {
    return compare(this.scenes, first, second);
  }

  /**
   * Adds a scene, for models with a text tower.
   *
   * @param id What `ScoreOptions.scene` will take.
   * @param template The prompt with `{level}` in it once, like `{level} product photo`.
   * @throws {GammaError} `scene-invalid`; `config` for a model without a text tower; `aborted`, `disposed`.
   */
  async addScene(id: string, template: string, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#handle.call(options, async (call) => {
      for (const [name, value] of Object.entries({ id, template })) {
        if (typeof value !== 'string') throw new GammaError('option', `option \`${name}\`: expected a string`);
      }
      if (id === ALL_SCENES) throw new GammaError('scene-invalid', 'scene `all`: the id stands for every scene');
      await this.#handle.addScene(id, template, call);
    });
  }

  /**
   * Tells how much memory the model takes, in its turn.
   *
   * @throws {GammaError} `aborted`, `disposed`.
   */
  async memory(options: { signal?: AbortSignal | undefined } = {}): Promise<MemoryUse> {
    return this.#handle.call(options, (call) => this.#handle.memory(call));
  }

  /**
   * Lets go of the model; after the last Gamma that shares it, its workers end and their memory is free. Calls that wait, and
   * later ones, reject with code `disposed`.
   */
  async dispose(): Promise<void> {
    await this.#handle.end(new GammaError('disposed', 'this Gamma was disposed of'));
  }

  /** {@link dispose}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}
