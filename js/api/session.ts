// One user's share in a loaded model: its engines, what it asks of them, and its end.
import { type CallSignal, callSignal, reasonOf } from '../abort.js';
import { GammaError, toGammaError } from '../error.js';
import { type Ahead, Taken } from '../photo/pending.js';
import { Seats } from '../pool/engines.js';
import type { Loaded, Opening } from '../pool/open.js';
import type { Platform } from '../pool/platform.js';
import { type Member, SharedModel } from '../pool/shared-model.js';
import { crewSize } from '../pool/size.js';
import type { EngineTask, Where } from '../pool/task.js';
import type { WirePhoto } from '../protocol.js';
import type { LoadProgress, MemoryUse, ModelSource, Scene, ScoreOptions } from '../types.js';
import { checkCall, jobOptions, sceneOf } from './options.js';
import { roomIn } from './room.js';
import {
  type Answer,
  correction,
  type Order,
  type Remainder,
  recall,
  ScoreTask,
  type Subject,
  type Wanted,
} from './score-one.js';
import { AddScene, Join, MeasureMemory } from './tasks.js';

/** What is known of the model while the handle has it. */
interface Now {
  readonly shared: SharedModel;
  readonly loaded: Loaded;
  readonly source: ModelSource;
  readonly scenes: readonly Scene[];
}

/** What a `Gamma` does behind its surface. */
export class Handle<P> {
  readonly #platform: Platform<P, never>;
  readonly #opening: Opening;
  readonly #asked: number | undefined;
  readonly #member: Member;
  /** Aborted by the end. */
  readonly #life = new AbortController();
  readonly #seats = new Seats();
  #shared: SharedModel | undefined;
  #source: ModelSource | undefined;

  /** `workers`: those that many photos may take, if the caller says. */
  constructor(
    platform: Platform<P, never>,
    opening: Opening,
    workers: number | undefined,
    onProgress: ((progress: LoadProgress) => void) | undefined,
  ) {
    this.#platform = platform;
    this.#opening = opening;
    this.#asked = workers;
    this.#member = { signal: this.#life.signal, onProgress };
  }

  /** Ends with the handle. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /** The model; throws `disposed` where there is none. */
  get now(): Now {
    const { scenes } = this.#seats;
    const source = this.#source;
    const loaded = this.#shared?.loaded;
    if (!this.#shared || !loaded || !source || !scenes) throw disposed();
    return { shared: this.#shared, loaded, source, scenes };
  }

  /** Bytes that photos may take which a run keeps between two passes, unless the caller says. */
  get room(): number {
    return roomIn(this.#platform.memory());
  }

  /** The most workers that many photos take. */
  get workers(): number {
    return this.#asked ?? crewSize(this.now.loaded, this.#platform.cores());
  }

  /** Loads the model, or takes part in one that is loaded. */
  async join(call: CallSignal): Promise<void> {
    const shared = SharedModel.join(this.#opening, this.#member);
    this.#shared = shared;
    const { loaded, already } = await shared.ready(this.#member);
    await this.#ask(new Join(call.signal, this.#seats));
    this.#source = already ? { ...loaded.source, from: 'memory' } : loaded.source;
  }

  /** Rejects all calls with `error`, and lets go of the model. */
  async end(error: GammaError): Promise<void> {
    if (!this.#life.signal.aborted) this.#life.abort(error);
    await this.#shared?.leave(this.#member, error, this.#seats.places);
  }

  /** Runs a public call: its errors are GammaErrors, and it ends as soon as it is aborted. */
  async call<T>(options: { signal?: AbortSignal | undefined }, work: (call: CallSignal) => Promise<T>): Promise<T> {
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

  /** What is asked, checked. */
  order(options: ScoreOptions, index: number, wanted: Wanted = {}): Order {
    if (this.#life.signal.aborted) throw reasonOf(this.#life.signal);
    const job = jobOptions(options);
    const { onProgress } = options;
    const onCorrected = correction(index, onProgress);
    return { scene: sceneOf(options, this.now.scenes), job, index, ...wanted, onProgress, onCorrected };
  }

  /** A photo for a call to ask about. */
  subject(given: P, call: CallSignal, rest?: Remainder, ahead?: Ahead): Subject {
    const photo = this.#pinned(given);
    const read = (): Promise<WirePhoto> => {
      const kept = rest?.photo?.take();
      return kept ? Promise.resolve(kept) : this.#platform.photo(photo, call.signal);
    };
    return {
      taken: new Taken(read, ahead),
      lasting: this.#platform.isLasting(photo),
      constant: this.#platform.isConstant(photo) ? Object(photo) : undefined,
      rest,
    };
  }

  /** A photo whose turn may come when a URL object says something else, or the page has another address. */
  #pinned(photo: P): P {
    if (!(typeof photo === 'string' || photo instanceof URL)) return photo;
    try {
      return this.#platform.address(photo) as P;
    } catch {
      // What is no address is told when it is read.
      return photo;
    }
  }

  /** What is known already. */
  recall(order: Order, subject: Subject): Answer | undefined {
    return recall(order, subject, this.now.shared.shelf, this.#seats);
  }

  /** Has a photo scored, by what is known when its turn comes or by a worker. */
  score(order: Order, subject: Subject, where: Where, call: CallSignal): ScoreTask {
    const user = { seats: this.#seats, shared: this.now.shared, life: this.#life.signal };
    const task = new ScoreTask(order, subject, where, call, user);
    this.#ask(task);
    return task;
  }

  /** Waits until what a GPU scored is checked, or computed anew. */
  settle(): Promise<void> {
    return this.now.shared.spotChecks.settle();
  }

  /** Adds a scene. */
  addScene(id: string, template: string, call: CallSignal): Promise<void> {
    return this.#ask(new AddScene(call.signal, this.#seats, id, template));
  }

  /** Memory of all workers. */
  memory(call: CallSignal): Promise<MemoryUse> {
    return this.#ask(new MeasureMemory(call.signal, this.#seats, this.now.shared));
  }

  /** Has the workers do what `make` makes. */
  ask<T>(make: (seats: Seats) => EngineTask<T>): Promise<T> {
    return this.#ask(make(this.#seats));
  }

  #ask<T>(task: EngineTask<T>): Promise<T> {
    if (!this.#shared) throw disposed();
    this.#shared.take(task);
    return task.answer;
  }
}

const disposed = () => new GammaError('disposed', 'this Gamma was disposed of');
