/// <reference lib="esnext.disposable" preserve="true" />
// The class behind `Gamma`, the same in a browser and under Node.
import { type CallSignal, callSignal, reasonOf } from './abort.js';
import { Client, callBack } from './client.js';
import type { JobOptions } from './engine.js';
import { GammaError, toGammaError } from './error.js';
import { ALL_SCENES, checkCall, checkDevice, jobOptions, sceneOf } from './options.js';
import type { Candidate, Platform } from './platform.js';
import type { RequestName, WireAssessment } from './protocol.js';
import { Taken } from './taken.js';
import type {
  Assessment,
  Assessments,
  DeviceInfo,
  DeviceKind,
  LoadOptions,
  LoadProgress,
  ModelInfo,
  PhotoResult,
  Scene,
  ScoreOptions,
} from './types.js';
import type { WeightsSource } from './weights.js';

/** A worker with a loaded model. */
interface Loaded {
  readonly client: Client;
  readonly device: DeviceInfo;
  readonly model: ModelInfo;
  readonly scenes: readonly Scene[];
}

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
  readonly #choice: 'auto' | DeviceKind;
  readonly #weights: WeightsSource;
  readonly #base: string | undefined;
  /** Aborted by `dispose`. */
  readonly #life = new AbortController();
  /** The worker, also while it is loading. */
  #client: Client | undefined;
  #loaded: Loaded | undefined;
  #streamUsed = false;
  /** Scenes that were added, to add them again to a new worker. */
  readonly #added = new Map<string, string>();
  /** Settles when the engine is free for the next call. */
  #tail: Promise<unknown> = Promise.resolve();

  protected constructor(platform: Platform<P, W>, options: LoadOptions<W>) {
    checkCall(options);
    this.#platform = platform;
    this.#choice = checkDevice(options.device);
    this.#weights = platform.weights(options.weights);
    this.#base = options.wasm === undefined ? undefined : platform.base(options.wasm);
  }

  /** Loads what `create` makes; a failure leaves nothing behind. */
  protected static async start<P, W, G extends GammaBase<P, W>>(create: () => G, options: LoadOptions<W>): Promise<G> {
    const gamma = create();
    const call = callSignal(options.signal, gamma.#life.signal);
    try {
      gamma.#loaded = await call.race(gamma.#open(options.onProgress, call.signal));
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
    return this.#now.device;
  }

  /** What is known about the model. */
  get model(): ModelInfo {
    return this.#now.model;
  }

  /** The scenes that photos can be scored under, those that were added included. */
  get scenes(): readonly Scene[] {
    return this.#now.scenes;
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
      const taken = this.#platform.isLasting(photo) ? undefined : this.#take(photo, call);
      try {
        return await this.#compute(order, () => taken ?? this.#take(photo, call), call);
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
        await call.race(this.#ready());
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
      await this.#inTurn(call, async (loaded) => {
        const body = { scene: id, template };
        const { scenes } = await loaded.client.request('add-scene', body, { signal: call.signal });
        this.#added.set(id, template);
        this.#loaded = { ...loaded, scenes };
      });
    });
  }

  /** Ends the worker and frees its memory. Calls that wait, and later ones, reject with code `disposed`. */
  async dispose(): Promise<void> {
    await this.#end(new GammaError('disposed', 'this Gamma was disposed of'));
  }

  /** {@link dispose}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  get #now(): Loaded {
    if (!this.#loaded) throw new GammaError('disposed', 'this Gamma was disposed of');
    return this.#loaded;
  }

  async #end(error: GammaError): Promise<void> {
    if (!this.#life.signal.aborted) this.#life.abort(error);
    await this.#client?.close(error);
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
      scene: sceneOf(options, this.#now.scenes),
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
    return this.#inTurn(call, async ({ client, device }) => {
      const replies = await photo().send(call, (wire) =>
        client.request(
          'score',
          { photo: wire, scenes: scene === ALL_SCENES ? [] : [scene], options: job },
          {
            transfer: [wire.kind === 'bytes' ? wire.bytes : wire.kind === 'rgba' ? wire.data : wire.bitmap],
            signal: call.signal,
            onProgress: ({ loaded, total = 0 }) => {
              if (!call.signal.aborted) onProgress?.({ index, done: loaded, total });
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

  /** Waits until the engine is free and there is one, then runs `work`. The next call waits for `work`, aborted or not. */
  #inTurn<T>(call: CallSignal, work: (loaded: Loaded) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      if (call.signal.aborted) throw reasonOf(call.signal);
      const loaded = await this.#restored();
      if (call.signal.aborted) throw reasonOf(call.signal);
      return work(loaded);
    });
    this.#tail = turn.catch(() => {});
    return quiet(turn);
  }

  /** Waits for the engine's turn and starts it afresh if it died. */
  async #ready(): Promise<void> {
    const turn = this.#tail.then(() => this.#restored());
    this.#tail = turn.catch(() => {});
    await turn;
  }

  async #restored(): Promise<Loaded> {
    if (this.#life.signal.aborted) throw reasonOf(this.#life.signal);
    if (this.#now.client.death) this.#loaded = await this.#open(undefined, this.#life.signal);
    return this.#now;
  }

  /** Tries one device after the other until a worker has a model. */
  async #open(onProgress: LoadOptions<W>['onProgress'], signal: AbortSignal): Promise<Loaded> {
    if (this.#weights.once && this.#streamUsed) {
      throw new GammaError(
        'weights-none',
        'the engine has to be loaded again, but its weights came from a stream, which can be read only once: call Gamma.load anew, or pass a URL, Blob or bytes',
      );
    }
    const { candidates, notes } = await this.#platform.devices(this.#choice);
    const refused: string[] = [...notes];
    for (const [index, candidate] of candidates.entries()) {
      if (signal.aborted) throw reasonOf(signal);
      const client = new Client(this.#platform.spawn());
      this.#client = client;
      const stage: { name: RequestName } = { name: 'open' };
      try {
        return await this.#try(candidate, client, refused, stage, onProgress, signal);
      } catch (error) {
        const failure = signal.aborted ? reasonOf(signal) : toGammaError(error, 'worker');
        await client.close(failure);
        // Whatever goes wrong with a module or a device is a reason to try the next one; a bad model file is not.
        const another = stage.name === 'open' || ['device', 'wasm', 'worker'].includes(failure.code);
        const last = index === candidates.length - 1 || (this.#weights.once && this.#streamUsed);
        if (signal.aborted || last || !another) throw failure;
        refused.push(refusal(candidate, failure));
      }
    }
    throw new GammaError('device', refused.join(' ') || 'no device can run the engine');
  }

  async #try(
    { module, acceptSoftware, kind, reason }: Candidate,
    client: Client,
    refused: readonly string[],
    stage: { name: RequestName },
    onProgress: LoadOptions<W>['onProgress'],
    signal: AbortSignal,
  ): Promise<Loaded> {
    const follow = {
      signal,
      onProgress: (progress: unknown) => {
        if (!signal.aborted && onProgress) callBack(() => onProgress(progress as LoadProgress));
      },
    };
    const opened = await client.request('open', { module, base: this.#base }, follow);
    if (opened.software && !acceptSoftware) {
      throw new GammaError('device', `the GPU is only emulated (${opened.name})`);
    }
    stage.name = 'load';
    this.#streamUsed = true;
    const feed = this.#weights.feed?.();
    const { model, scenes } = await client.request('load', { weights: this.#weights.wire }, { ...follow, feed });
    let offered = scenes;
    for (const [scene, template] of this.#added) {
      offered = (await client.request('add-scene', { scene, template }, { signal })).scenes;
    }
    const device: DeviceInfo = {
      kind,
      module,
      name: opened.name,
      software: opened.software,
      reason: [...refused, reason].join(' '),
    };
    return { client, device, model, scenes: offered };
  }
}

/** Why a device was passed over, for people. A module that did not come is no fault of the device: its address helps nobody. */
function refusal({ module }: Candidate, failure: GammaError): string {
  if (failure.code === 'http' || failure.code === 'network') return `${NAMES[module]}: its module is not there.`;
  return `${NAMES[module]} was tried and refused: ${failure.message}.`;
}

const NAMES = { gpu: 'WebGPU', cpu: 'The CPU', 'cpu-relaxed': 'The CPU with relaxed SIMD' } as const;

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
