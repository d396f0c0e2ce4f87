/// <reference lib="esnext.disposable" preserve="true" />
// The class behind `Gamma`, the same in a browser and under Node.
import { type CallSignal, callSignal, reasonOf } from './abort.js';
import type { JobOptions } from './engine.js';
import { GammaError, toGammaError } from './error.js';
import type { Loaded, Opening } from './opening.js';
import {
  ALL_SCENES,
  checkCache,
  checkCall,
  checkDevice,
  checkPrecision,
  checkThreads,
  jobOptions,
  sceneOf,
} from './options.js';
import type { Platform } from './platform.js';
import type { WireAssessment, WirePhoto } from './protocol.js';
import { type Member, type Place, SharedModel } from './shared.js';
import { Taken } from './taken.js';
import type {
  Assessment,
  Assessments,
  DeviceInfo,
  LoadOptions,
  MemoryUse,
  ModelInfo,
  ModelSource,
  PhotoResult,
  Scene,
  ScoreOptions,
} from './types.js';

/** An engine of this handle's own in a worker, and what it offers. */
interface Seat extends Place {
  readonly scenes: readonly Scene[];
}

let lastEngine = 0;

/** What a call asks of the engine, checked. */
interface Order {
  readonly scene: string;
  readonly job: JobOptions;
  readonly index: number;
  readonly onProgress: ScoreOptions['onProgress'];
}

/** A loaded model, ready to score photos of kind `P`; the entries of this package derive `Gamma` from it. */
export class GammaBase<P, W> {
  readonly #platform: Platform<P, W>;
  readonly #opening: Opening;
  readonly #member: Member;
  /** Aborted by `dispose`. */
  readonly #life = new AbortController();
  #shared: SharedModel | undefined;
  #source: ModelSource | undefined;
  #seat: Seat | undefined;
  /** Scenes that were added, to add them again in a new worker. */
  readonly #added = new Map<string, string>();

  protected constructor(platform: Platform<P, W>, options: LoadOptions<W>) {
    checkCall(options);
    this.#platform = platform;
    const base = options.wasm === undefined ? undefined : platform.base(options.wasm);
    this.#opening = {
      platform: platform as Platform<never, never>,
      choice: checkDevice(options.device),
      cache: checkCache(options.cache),
      precision: checkPrecision(options.precision),
      threads: checkThreads(options.threads),
      weights: platform.weights(options.weights, base),
      base,
    };
    this.#member = { signal: this.#life.signal, onProgress: options.onProgress };
  }

  /** Loads what `create` makes; a failure leaves nothing behind. */
  protected static async start<P, W, G extends GammaBase<P, W>>(create: () => G, options: LoadOptions<W>): Promise<G> {
    const gamma = create();
    const call = callSignal(options.signal, gamma.#life.signal);
    try {
      if (call.signal.aborted) throw reasonOf(call.signal);
      await call.race(gamma.#join(call));
      return gamma;
    } catch (error) {
      const failure = toGammaError(error, 'worker');
      await gamma.#end(failure);
      throw failure;
    } finally {
      call.release();
    }
  }

  /** The device in use, and why it was taken. It may change when the engine had to be started afresh. */
  get device(): DeviceInfo {
    return this.#now.loaded.device;
  }

  /** What is known about the model. */
  get model(): ModelInfo {
    return this.#now.loaded.model;
  }

  /** Where the model came from, and whether it is kept on this device. */
  get source(): ModelSource {
    return this.#now.source;
  }

  /** The scenes that photos can be scored under, those that were added included. */
  get scenes(): readonly Scene[] {
    return this.#now.seat.scenes;
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
    return this.#call(options, async (call) => {
      const order = this.#order(options, 0);
      let taken = this.#platform.isLasting(photo) ? undefined : this.#take(photo, call);
      const take = () => {
        taken ??= this.#take(photo, call);
        return taken;
      };
      try {
        return await this.#compute(order, take, call);
      } finally {
        taken?.drop();
      }
    });
  }

  /**
   * Scores photos one after the other and yields their results in order. A photo that fails yields its error and the rest
   * goes on. While one photo is computed, the next one is read; no more than that is held in memory.
   *
   * @throws {GammaError} `scene-unknown` or `option` before the first photo; `aborted`, `disposed`; an engine that could
   * not be started afresh; what `photos` itself throws.
   */
  scoreAll<Q extends P>(
    photos: Iterable<Q> | AsyncIterable<Q>,
    options: ScoreOptions & { scene: 'all' },
  ): AsyncGenerator<PhotoResult<Q, Assessments>, void, void>;
  scoreAll<Q extends P>(
    photos: Iterable<Q> | AsyncIterable<Q>,
    options?: ScoreOptions,
  ): AsyncGenerator<PhotoResult<Q>, void, void>;
  async *scoreAll<Q extends P>(
    photos: Iterable<Q> | AsyncIterable<Q>,
    options: ScoreOptions = {},
  ): AsyncGenerator<PhotoResult<Q, Assessment | Assessments>, void, void> {
    checkCall(options);
    this.#order(options, 0);
    // Ends the reading ahead when the caller leaves the loop.
    const left = new AbortController();
    const call = callSignal(options.signal, this.#life.signal, left.signal);
    const iterator = iterate(photos);
    let exhausted = false;
    const next = async () => {
      // An iterator that throws has ended, too.
      exhausted = true;
      const step = await iterator.next();
      if (step.done) return undefined;
      exhausted = false;
      return { photo: step.value, taken: this.#take(step.value, call) };
    };
    let ahead = quiet(next());
    try {
      for (let index = 0; ; index++) {
        const current = await call.race(ahead);
        if (!current) return;
        const { photo, taken } = current;
        await call.race(this.#inTurn(call, async () => {}));
        // One ahead and no more, so that at most two photos are in memory.
        ahead = quiet(next());
        let result: PhotoResult<Q, Assessment | Assessments>;
        try {
          const work = this.#compute(this.#order(options, index), () => taken, call);
          result = { index, photo, assessment: await call.race(work) };
        } catch (error) {
          if (call.signal.aborted) throw reasonOf(call.signal);
          result = { index, photo, error: toGammaError(error, 'worker') };
        } finally {
          taken.drop();
        }
        yield result;
      }
    } finally {
      left.abort();
      call.release();
      // Not awaited: a source that is waiting for its next photo would keep the caller waiting, too.
      quiet(
        ahead.then(async (unused) => {
          unused?.taken.drop();
          if (!exhausted) await iterator.return?.();
        }),
      );
    }
  }

  /**
   * Adds a scene, for models with a text tower.
   *
   * @param id What `ScoreOptions.scene` will take.
   * @param template The prompt with `{level}` in it once, like `{level} product photo`.
   * @throws {GammaError} `scene-invalid`; `config` for a model without a text tower; `aborted`, `disposed`.
   */
  async addScene(id: string, template: string, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#call(options, async (call) => {
      for (const [name, value] of Object.entries({ id, template })) {
        if (typeof value !== 'string') throw new GammaError('option', `option \`${name}\`: expected a string`);
      }
      if (id === ALL_SCENES) throw new GammaError('scene-invalid', 'scene `all`: the id stands for every scene');
      await this.#inTurn(call, async ({ client, engine }) => {
        const body = { engine, scene: id, template };
        const { scenes } = await client.request('add-scene', body, { signal: call.signal });
        this.#added.set(id, template);
        this.#seat = { client, engine, scenes };
      });
    });
  }

  /**
   * Tells how much memory the model takes, in its turn.
   *
   * @throws {GammaError} `aborted`, `disposed`.
   */
  async memory(options: { signal?: AbortSignal | undefined } = {}): Promise<MemoryUse> {
    return this.#call(options, (call) =>
      this.#inTurn(call, ({ client, engine }) => client.request('memory', { engine }, { signal: call.signal })),
    );
  }

  /**
   * Lets go of the model; after the last Gamma that shares it, the worker ends and its memory is free. Calls that wait, and
   * later ones, reject with code `disposed`.
   */
  async dispose(): Promise<void> {
    await this.#end(new GammaError('disposed', 'this Gamma was disposed of'));
  }

  /** {@link dispose}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  get #now(): { loaded: Loaded; seat: Seat; source: ModelSource } {
    const loaded = this.#shared?.loaded;
    if (!loaded || !this.#seat || !this.#source) throw new GammaError('disposed', 'this Gamma was disposed of');
    return { loaded, seat: this.#seat, source: this.#source };
  }

  async #join(call: CallSignal): Promise<void> {
    const shared = SharedModel.join(this.#opening, this.#member);
    this.#shared = shared;
    const { loaded, already } = await shared.ready(this.#member);
    await this.#inTurn(call, async () => {});
    this.#source = already ? { ...loaded.source, from: 'memory' } : loaded.source;
  }

  async #end(error: GammaError): Promise<void> {
    if (!this.#life.signal.aborted) this.#life.abort(error);
    await this.#shared?.leave(this.#member, error, this.#seat);
  }

  /** Runs a public call: its errors are GammaErrors, and it ends as soon as it is aborted. */
  async #call<T>(options: { signal?: AbortSignal | undefined }, work: (call: CallSignal) => Promise<T>): Promise<T> {
    checkCall(options);
    const call = callSignal(this.#life.signal, options.signal);
    try {
      if (call.signal.aborted) throw reasonOf(call.signal);
      return await call.race(work(call));
    } catch (error) {
      throw toGammaError(error, 'worker');
    } finally {
      call.release();
    }
  }

  #order(options: ScoreOptions, index: number): Order {
    if (this.#life.signal.aborted) throw reasonOf(this.#life.signal);
    return {
      scene: sceneOf(options, this.#now.seat.scenes),
      job: jobOptions(options),
      index,
      onProgress: options.onProgress,
    };
  }

  #take(photo: P, call: CallSignal): Taken {
    return new Taken(this.#platform.photo(photo, call.signal));
  }

  async #compute(order: Order, photo: () => Taken, call: CallSignal): Promise<Assessment | Assessments> {
    const { scene, job, index, onProgress } = order;
    return this.#inTurn(call, async ({ client, engine }, { device }) => {
      const keep = device.kind === 'webgpu';
      const replies = await photo().send(call, keep, (wire) =>
        client.request(
          'score',
          { engine, photo: wire, scenes: scene === ALL_SCENES ? [] : [scene], options: job },
          {
            // A GPU may be lost on the way, and the photo is needed again then: its worker gets a copy.
            transfer: keep ? [] : [content(wire)],
            signal: call.signal,
            onProgress: (progress) => {
              if (progress.phase !== 'crops' || call.signal.aborted) return;
              const { loaded: done, total, estimate } = progress;
              onProgress?.({ index, done, total, estimate });
            },
          },
        ),
      );
      const finish = (reply: WireAssessment): Assessment => ({ ...reply, device: device.kind });
      if (scene === ALL_SCENES) return Object.fromEntries(replies.map((reply) => [reply.scene, finish(reply)]));
      const [reply] = replies;
      if (!reply) throw new GammaError('worker', 'the worker answered without an assessment');
      return finish(reply);
    });
  }

  /** Waits until the engine is free and there is one, then runs `work`. */
  #inTurn<T>(call: CallSignal, work: (seat: Seat, loaded: Loaded) => Promise<T>): Promise<T> {
    const shared = this.#shared;
    if (!shared) throw new GammaError('disposed', 'this Gamma was disposed of');
    return quiet(shared.inTurn(call.signal, async (loaded) => work(await this.#seated(loaded, call.signal), loaded)));
  }

  /** This handle's engine in the worker, which has the scenes that were added. A new worker has none yet. */
  async #seated({ client }: Loaded, signal: AbortSignal): Promise<Seat> {
    if (this.#seat?.client === client) return this.#seat;
    lastEngine += 1;
    const engine = lastEngine;
    let { scenes } = await client.request('share', { engine }, { signal });
    for (const [scene, template] of this.#added) {
      ({ scenes } = await client.request('add-scene', { engine, scene, template }, { signal }));
    }
    this.#seat = { client, engine, scenes };
    return this.#seat;
  }
}

/** What of a photo can be handed over instead of copied. */
function content(wire: WirePhoto): object {
  if (wire.kind === 'bytes') return wire.bytes;
  return wire.kind === 'rgba' ? wire.data : wire.bitmap;
}

/** Keeps a rejection that is looked at later, or never, from being reported as unhandled. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> | Iterator<T> {
  if (items !== null && items !== undefined) {
    if (Symbol.asyncIterator in Object(items)) return (items as AsyncIterable<T>)[Symbol.asyncIterator]();
    if (typeof items !== 'string' && Symbol.iterator in Object(items)) return (items as Iterable<T>)[Symbol.iterator]();
  }
  throw new GammaError('option', 'option `photos`: expected an array or another iterable of photos');
}
