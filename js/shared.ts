// A loaded model that several handles may use: one worker, its revival after a crash, and the order of all calls.
import { callSignal, reasonOf } from './abort.js';
import { type Client, callBack } from './client.js';
import type { GammaError } from './error.js';
import { type Loaded, type Opening, openModel } from './opening.js';
import type { LoadProgress } from './types.js';

/** One user of a shared model. */
export interface Member {
  /** Ends with the member. */
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
}

/** The number of an engine in a worker. */
export interface Place {
  readonly client: Client;
  readonly engine: number;
}

/** The models that are loaded or loading, by what they were asked for with; for each platform its own. */
const models = new WeakMap<object, Map<string, SharedModel>>();

/** A model and its worker, for as long as it has members. */
export class SharedModel {
  readonly #opening: Opening;
  readonly #forget: () => void;
  readonly #members = new Set<Member>();
  /** Those who wait for the first loading. */
  readonly #watchers = new Set<Member>();
  /** Aborted when the last member leaves. */
  readonly #life = new AbortController();
  #client: Client | undefined;
  #loaded: Loaded | undefined;
  #first: Promise<Loaded> | undefined;
  #read = false;
  #latest: LoadProgress | undefined;
  /** Settles when the engine is free for the next call. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(opening: Opening, forget: () => void) {
    this.#opening = opening;
    this.#forget = forget;
  }

  /** The model of this opening, a new one unless the same is loaded or loading; `member` becomes one of its users. */
  static join(opening: Opening, member: Member): SharedModel {
    const { platform, choice, weights, base, cache, precision, threads } = opening;
    const known = models.get(platform) ?? new Map<string, SharedModel>();
    models.set(platform, known);
    const key =
      weights.key === undefined ? undefined : [weights.key, choice, precision, threads, base ?? ''].join('\n');
    const existing = key === undefined || cache === 'reload' ? undefined : known.get(key);
    if (existing) {
      existing.#members.add(member);
      return existing;
    }
    const model: SharedModel = new SharedModel(opening, () => {
      if (key !== undefined && known.get(key) === model) known.delete(key);
    });
    if (key !== undefined) known.set(key, model);
    model.#members.add(member);
    return model;
  }

  /** The model, if it was ever loaded; its worker may have died since. */
  get loaded(): Loaded | undefined {
    return this.#loaded;
  }

  /** Waits until the model is loaded for the first time. Whether `member` found it loaded already is told beside it. */
  async ready(member: Member): Promise<{ loaded: Loaded; already: boolean }> {
    if (this.#loaded) {
      if (this.#latest) tell(member, { ...this.#latest, from: 'memory' });
      return { loaded: this.#loaded, already: true };
    }
    if (this.#latest) tell(member, this.#latest);
    this.#watchers.add(member);
    try {
      this.#first ??= this.#open();
      return { loaded: await this.#first, already: false };
    } catch (error) {
      // Nobody shall wait for what has failed; the next load begins anew.
      this.#forget();
      throw error;
    } finally {
      this.#watchers.delete(member);
    }
  }

  /** `member`, whose engine is at `place`, no longer uses the model; after the last one its worker ends. */
  async leave(member: Member, error: GammaError, place: Place | undefined): Promise<void> {
    this.#watchers.delete(member);
    if (!this.#members.delete(member)) return;
    if (this.#members.size === 0) {
      this.#forget();
      this.#life.abort(error);
      await this.#client?.close(error);
    } else if (place) {
      // Not before what it computes just now has come to its end.
      const { client, engine } = place;
      this.#tail = this.#tail.then(() => client.request('release', { engine })).catch(() => {});
    }
  }

  /**
   * Waits until the engine is free and there is one, then runs `work`. The next call of any member waits for `work`,
   * aborted or not. If the GPU is lost meanwhile, the model is loaded again, onto a GPU or the CPU, and `work` runs anew, once.
   */
  inTurn<T>(signal: AbortSignal, work: (loaded: Loaded) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      if (signal.aborted) throw reasonOf(signal);
      const loaded = await this.#restored();
      if (signal.aborted) throw reasonOf(signal);
      try {
        return await work(loaded);
      } catch (error) {
        if (signal.aborted || !this.#lost(loaded)) throw error;
        return work(await this.#restored());
      }
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }

  /** Whether it was the GPU that failed, and the weights can be had again. */
  #lost({ client, device }: Loaded): boolean {
    return device.kind === 'webgpu' && client.death?.code === 'device' && !this.#opening.weights.once;
  }

  /** The loaded model; it is loaded again if its worker died. */
  async #restored(): Promise<Loaded> {
    const { signal } = this.#life;
    if (signal.aborted) throw reasonOf(signal);
    if (!this.#loaded || this.#loaded.client.death) await this.#open();
    if (!this.#loaded) throw reasonOf(signal);
    return this.#loaded;
  }

  async #open(): Promise<Loaded> {
    const call = callSignal(this.#life.signal);
    // What was downloaded anew once is not downloaded again because a worker died.
    const opening =
      this.#loaded && this.#opening.cache === 'reload'
        ? { ...this.#opening, cache: 'default' as const }
        : this.#opening;
    try {
      const work = openModel(opening, this.#read, {
        signal: call.signal,
        onProgress: (progress) => this.#report(progress),
        onClient: (client) => {
          this.#client = client;
        },
        onRead: () => {
          this.#read = true;
        },
      });
      this.#loaded = await call.race(work);
      return this.#loaded;
    } finally {
      call.release();
    }
  }

  #report(progress: LoadProgress): void {
    if (progress.phase === 'weights') this.#latest = progress;
    for (const member of this.#watchers) tell(member, progress);
  }
}

function tell(member: Member, progress: LoadProgress): void {
  const { onProgress, signal } = member;
  if (onProgress && !signal.aborted) callBack(() => onProgress(progress));
}
