/// <reference lib="esnext.disposable" preserve="true" />
// The class behind `Gamma`, the same in a browser and under Node.
import { type CallSignal, callSignal, reasonOf } from './abort.js';
import { crewSize } from './crew.js';
import { GammaError, toGammaError } from './error.js';
import { inOrder } from './in-order.js';
import type { Where } from './lanes.js';
import type { Loaded, Opening } from './opening.js';
import {
  ALL_SCENES,
  checkCache,
  checkCall,
  checkDevice,
  checkPrecision,
  checkPreviews,
  checkWorkers,
  jobOptions,
  sceneOf,
} from './options.js';
import type { Platform } from './platform.js';
import { type Answer, compute, type Order, recall, type Subject } from './scoring.js';
import { type Seat, Seats } from './seats.js';
import { type Member, SharedModel } from './shared.js';
import type { Rest } from './shelf.js';
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
  ScoreAllOptions,
  ScoreOptions,
} from './types.js';

/** A photo of `scoreAll`, and what the first pass over all of them left to do. */
interface Item<Q> {
  readonly index: number;
  readonly photo: Q;
  readonly rest?: Rest | undefined;
}

/** What comes of an item in one pass. */
interface Outcome<Q> {
  readonly result: PhotoResult<Q, Assessment | Assessments>;
  readonly rest?: Rest | undefined;
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
  readonly #workers: number | undefined;
  readonly #seats = new Seats();

  protected constructor(platform: Platform<P, W>, options: LoadOptions<W>) {
    checkCall(options);
    this.#platform = platform;
    this.#workers = checkWorkers(options.workers);
    const base = options.wasm === undefined ? undefined : platform.base(options.wasm);
    this.#opening = {
      platform: platform as Platform<never, never>,
      choice: checkDevice(options.device),
      cache: checkCache(options.cache),
      precision: checkPrecision(options.precision),
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
      const order = this.#order(options, 0, false);
      const subject = this.#subject(photo, call);
      if (!this.#platform.isLasting(photo)) subject.taken.begin();
      try {
        const { assessment } = await this.#turn(call, 'first', (seat, loaded) =>
          this.#answer(order, subject, photo, seat, loaded, call),
        );
        return assessment;
      } finally {
        subject.taken.drop();
      }
    });
  }

  /**
   * Scores photos, several at a time where {@link LoadOptions.workers} lets it, and yields their results in order. A photo that fails yields
   * its error and the rest goes on. While as many photos as there are workers are computed, the next one is read; no more than that
   * is held in memory.
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
  async *scoreAll<Q extends P>(
    photos: Iterable<Q> | AsyncIterable<Q>,
    options: ScoreAllOptions = {},
  ): AsyncGenerator<PhotoResult<Q, Assessment | Assessments>, void, void> {
    checkCall(options);
    const previews = checkPreviews(options.previews);
    this.#order(options, 0, false);
    const left: Item<Q>[] = [];
    let index = 0;
    const item = (photo: Q): Item<Q> => ({ index: index++, photo });
    yield* this.#pass(mapped(iterate(photos), item), options, previews ? left : undefined);
    if (left.length > 0) yield* this.#pass(left[Symbol.iterator](), options, undefined);
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
      await this.#turn(call, 'first', ({ client }) => this.#seats.add(client, id, template, call.signal));
    });
  }

  /**
   * Tells how much memory the model takes, in its turn.
   *
   * @throws {GammaError} `aborted`, `disposed`.
   */
  async memory(options: { signal?: AbortSignal | undefined } = {}): Promise<MemoryUse> {
    return this.#call(options, (call) =>
      this.#turn(call, 'first', async ({ client }) => {
        // The others are asked while they compute. One that dies meanwhile has no memory.
        const others = this.#now.workers.filter((worker) => worker.client !== client);
        const sizes = await Promise.all([
          client.request('memory', {}, { signal: call.signal }),
          ...others.map((other) => other.client.request('memory', {}).catch(() => undefined)),
        ]);
        const living = sizes.filter((size) => size !== undefined);
        return { wasm: living.reduce((sum, { wasm }) => sum + wasm, 0), workers: living.length };
      }),
    );
  }

  /**
   * Lets go of the model; after the last Gamma that shares it, its workers end and their memory is free. Calls that wait, and
   * later ones, reject with code `disposed`.
   */
  async dispose(): Promise<void> {
    await this.#end(new GammaError('disposed', 'this Gamma was disposed of'));
  }

  /** {@link dispose}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  get #now(): { loaded: Loaded; scenes: readonly Scene[]; source: ModelSource; workers: readonly Loaded[] } {
    const shared = this.#shared;
    const { scenes } = this.#seats;
    if (!shared?.loaded || !scenes || !this.#source) throw new GammaError('disposed', 'this Gamma was disposed of');
    return { loaded: shared.loaded, scenes, source: this.#source, workers: shared.workers };
  }

  async #join(call: CallSignal): Promise<void> {
    const shared = SharedModel.join(this.#opening, this.#member);
    this.#shared = shared;
    const { loaded, already } = await shared.ready(this.#member);
    await this.#turn(call, 'first', async () => {});
    this.#source = already ? { ...loaded.source, from: 'memory' } : loaded.source;
  }

  async #end(error: GammaError): Promise<void> {
    if (!this.#life.signal.aborted) this.#life.abort(error);
    await this.#shared?.leave(this.#member, error, this.#seats.places);
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

  #order(options: ScoreOptions, index: number, preview: boolean): Order {
    if (this.#life.signal.aborted) throw reasonOf(this.#life.signal);
    return {
      scene: sceneOf(options, this.#now.scenes),
      job: jobOptions(options),
      index,
      preview,
      onProgress: options.onProgress,
    };
  }

  #subject(photo: P, call: CallSignal, rest?: Rest): Subject {
    return {
      taken: new Taken(() => this.#platform.photo(photo, call.signal)),
      constant: this.#platform.isConstant(photo) ? Object(photo) : undefined,
      rest,
    };
  }

  /** One pass over photos. With a list `left`, the first crops do for now, and the photos that have more of them go on to that list. */
  async *#pass<Q extends P>(
    items: AsyncIterator<Item<Q>> | Iterator<Item<Q>>,
    options: ScoreOptions,
    left: Item<Q>[] | undefined,
  ): AsyncGenerator<PhotoResult<Q, Assessment | Assessments>, void, void> {
    // Ends the work under way when the caller leaves the loop.
    const gone = new AbortController();
    const call = callSignal(options.signal, this.#life.signal, gone.signal);
    const workers = this.#workers ?? crewSize(this.#now.loaded, this.#platform.cores());
    // One more is read. Results that wait for those before them are few, too.
    const window = { active: workers + 1, taken: 3 * workers - 1 };
    const begin = async (item: Item<Q>, place: number): Promise<Outcome<Q>> => {
      const preview = left !== undefined && this.#platform.isLasting(item.photo);
      const order = this.#order(options, item.index, preview);
      if (place > 0) this.#shared?.hire(Math.min(workers, place + 1), place === 1);
      return this.#outcome(order, item, workers > 1 ? 'any' : 'first', call);
    };
    try {
      for await (const { result, rest } of inOrder(items, window, begin, call.race)) {
        if (rest) left?.push({ index: result.index, photo: result.photo, rest });
        yield result;
      }
    } finally {
      gone.abort();
      call.release();
    }
  }

  /** What becomes of one of many photos; only what ends the whole run is thrown. */
  async #outcome<Q extends P>(
    order: Order,
    { index, photo, rest }: Item<Q>,
    where: Where,
    call: CallSignal,
  ): Promise<Outcome<Q>> {
    const subject = this.#subject(photo, call, rest);
    let reached = false;
    const work = (seat: Seat, loaded: Loaded) => {
      reached = true;
      return this.#answer(order, subject, photo, seat, loaded, call);
    };
    try {
      let answer = this.#recall(order, subject);
      if (!answer) {
        subject.taken.begin();
        answer = await call.race(this.#turn(call, where, work));
      }
      return { result: { index, photo, assessment: answer.assessment, final: !answer.rest }, rest: answer.rest };
    } catch (error) {
      if (call.signal.aborted) throw reasonOf(call.signal);
      // Not the photo's fault: there is no engine.
      if (!reached) throw error;
      return { result: { index, photo, error: toGammaError(error, 'worker'), final: true } };
    } finally {
      subject.taken.drop();
    }
  }

  #recall(order: Order, subject: Subject): Answer | undefined {
    return this.#shared && recall(order, subject, this.#shared.shelf, this.#seats);
  }

  async #answer(
    order: Order,
    subject: Subject,
    photo: P,
    seat: Seat,
    loaded: Loaded,
    call: CallSignal,
  ): Promise<Answer> {
    const shared = this.#joined;
    // A GPU may be lost on the way and a worker of several may die: the photo is needed again then.
    const again = loaded.device.kind === 'webgpu' || (shared.workers.length > 1 && !this.#platform.isLasting(photo));
    return this.#recall(order, subject) ?? compute(order, subject, again, shared.shelf, seat, loaded, call);
  }

  get #joined(): SharedModel {
    if (!this.#shared) throw new GammaError('disposed', 'this Gamma was disposed of');
    return this.#shared;
  }

  /** Waits until a worker is free and there is one, then runs `work` with this handle's engine there. */
  #turn<T>(call: CallSignal, where: Where, work: (seat: Seat, loaded: Loaded) => Promise<T>): Promise<T> {
    const turn = async (loaded: Loaded, spare: boolean) => {
      let seat: Seat;
      try {
        seat = await this.#seats.at(loaded.client, call.signal);
      } catch (error) {
        // A worker that cannot have this handle's scenes is of no use to it; another one will do.
        if (spare && !call.signal.aborted) await loaded.client.close(toGammaError(error, 'worker'));
        throw error;
      }
      return work(seat, loaded);
    };
    return quiet((async () => this.#joined.run(call.signal, where, turn))());
  }
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

/** The items of an iterator, each turned into another; closing it closes the iterator. */
function mapped<T, R>(items: AsyncIterator<T> | Iterator<T>, turn: (item: T) => R): AsyncIterator<R> {
  return {
    next: async () => {
      const step = await items.next();
      return step.done ? { done: true, value: undefined } : { done: false, value: turn(step.value) };
    },
    return: async () => {
      await items.return?.();
      return { done: true, value: undefined };
    },
  };
}
