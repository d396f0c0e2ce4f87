// A loaded model that several handles may use: its workers, their revival after a crash, and what is kept of photos.
import { callSignal, reasonOf } from '../abort.js';
import { abortedBy, GammaError } from '../error.js';
import type { LoadProgress } from '../types.js';
import { type Client, callBack } from './client.js';
import type { Place } from './engines.js';
import { type Loaded, type Opening, openAnother, openModel, type Watch } from './open.js';
import { Lanes } from './pool.js';
import { Shelf } from './results.js';
import { type Scored, SpotChecks } from './spot-checks.js';
import { type Queued, Release } from './task.js';

/** One user of a shared model. */
export interface Member {
  /** Ends with the member. */
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
}

/** The models that are loaded or loading, by what they were asked for with; for each platform its own. */
const models = new WeakMap<object, Map<string, SharedModel>>();

/** A model and its workers, for as long as it has members. */
export class SharedModel {
  readonly #opening: Opening;
  readonly #forget: () => void;
  readonly #members = new Set<Member>();
  /** Those who wait for the first loading. */
  readonly #watchers = new Set<Member>();
  /** Aborted when the last member leaves. */
  readonly #life = new AbortController();
  /** What was computed of photos, by whichever worker. */
  readonly shelf = new Shelf();
  readonly #lanes = new Lanes(
    () => this.#open(),
    (loaded) => this.#lost(loaded),
  );
  /** Checks of the GPU that computes, if one does. */
  readonly spotChecks = new SpotChecks({
    open: () => this.#openChecker(),
    failed: (verdict, photos) => this.#leaveGpu(verdict, photos),
  });
  /** Why no GPU is taken any more. */
  #noGpu: string | undefined;
  /** Workers that were started and live. */
  #clients: Client[] = [];
  #loaded: Loaded | undefined;
  #first: Promise<Loaded> | undefined;
  #read = false;
  #latest: LoadProgress | undefined;
  /** Workers that are on their way. */
  #hiring = 0;
  /** Whether another worker did not come, or died before it did anything. */
  #unlucky = false;
  #wasted = 0;

  private constructor(opening: Opening, forget: () => void) {
    this.#opening = opening;
    this.#forget = forget;
  }

  /** The model of this opening, a new one unless the same is loaded or loading; `member` becomes one of its users. */
  static join(opening: Opening, member: Member): SharedModel {
    const { platform, choice, weights, base, worker, cache, precision, threads } = opening;
    const known = models.get(platform) ?? new Map<string, SharedModel>();
    models.set(platform, known);
    const key =
      weights.key === undefined
        ? undefined
        : [weights.key, choice, precision, threads, base ?? '', worker ?? ''].join('\n');
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
    return this.#lanes.alive[0] ?? this.#loaded;
  }

  /** Grows when what was computed before is worth nothing: numbers of one generation are not gone on from in another. */
  get generation(): number {
    return this.#noGpu === undefined ? 0 : 1;
  }

  /** Those of its workers that live. */
  get workers(): readonly Loaded[] {
    return this.#lanes.alive;
  }

  /** Waits until the model is loaded for the first time. Whether `member` found it loaded already is told beside it. */
  async ready(member: Member): Promise<{ loaded: Loaded; already: boolean }> {
    const { loaded } = this;
    if (loaded) {
      if (this.#latest) tell(member, { ...this.#latest, from: 'memory' });
      return { loaded, already: true };
    }
    if (this.#latest) tell(member, this.#latest);
    this.#watchers.add(member);
    try {
      this.#first ??= this.#lanes.start();
      return { loaded: await this.#first, already: false };
    } catch (error) {
      // Nobody shall wait for what has failed; the next load begins anew.
      this.#forget();
      throw error;
    } finally {
      this.#watchers.delete(member);
    }
  }

  /** `member`, whose engines are at `places`, no longer uses the model; after the last one its workers end. */
  async leave(member: Member, error: GammaError, places: readonly Place[]): Promise<void> {
    this.#watchers.delete(member);
    if (!this.#members.delete(member)) return;
    if (this.#members.size === 0) {
      this.#forget();
      this.spotChecks.end();
      this.#life.abort(error);
      await Promise.all(this.#clients.map((client) => client.close(error)));
      return;
    }
    for (const { client, engine } of places) {
      this.#lanes.take(new Release(this.#life.signal, client, engine));
    }
  }

  /**
   * Takes a task of a member. The next task waits for it, aborted or not. If the GPU is lost meanwhile, the model is loaded again, onto a
   * GPU or the CPU, and the task runs anew, once; if it is for `any` worker and its worker dies, another one does it.
   */
  take(task: Queued): void {
    this.#lanes.take(task);
  }

  /** Starts workers until there are `count`, and does not wait for them. `fresh`: even if one could not be had before. */
  hire(count: number, fresh: boolean): void {
    if (fresh) {
      this.#unlucky = false;
      this.#wasted = this.#lanes.wasted;
    }
    for (;;) {
      const [first, ...others] = this.#lanes.alive;
      const enough = 1 + others.length + this.#hiring >= count;
      if (!first || enough || this.#unlucky || this.#lanes.wasted > this.#wasted || this.#opening.weights.once) return;
      this.#hiring += 1;
      void this.#hire(first);
    }
  }

  async #hire(first: Loaded): Promise<void> {
    const call = callSignal(this.#life.signal);
    try {
      const another = await call.race(
        openAnother(
          this.#again,
          first,
          this.#watch(call.signal, () => {}),
        ),
      );
      // The model may have been loaded anew meanwhile, on another device.
      if (this.loaded?.device.module === another.device.module) this.#lanes.add(another);
      else await another.client.close(abortedBy(call.signal));
    } catch {
      this.#unlucky = true;
    } finally {
      this.#hiring -= 1;
      call.release();
    }
  }

  /** Whether it was the GPU that failed, and the weights can be had again. */
  #lost({ client, device }: Loaded): boolean {
    return device.kind === 'webgpu' && client.death?.code === 'device' && !this.#opening.weights.once;
  }

  /** A worker that computes on the CPU what a GPU has computed. */
  async #openChecker(): Promise<Client> {
    if (this.#opening.weights.once) throw new GammaError('weights-none', 'the weights came from a stream');
    const opening = { ...this.#again, noGpu: '', precision: 'exact', threads: 1 } as const;
    const { client } = await openModel(
      opening,
      false,
      this.#watch(this.#life.signal, () => {}),
    );
    return client;
  }

  /** Moves the model to the CPU, and has `photos` computed there, which the GPU may have computed wrongly. */
  async #leaveGpu(verdict: string, photos: readonly Scored[]): Promise<void> {
    const { device } = this.loaded ?? {};
    this.#noGpu = `WebGPU was left (${device?.name ?? 'a GPU'}): ${verdict}.`;
    this.shelf.clear();
    const error = new GammaError('device', this.#noGpu);
    const total = photos.length;
    const tellAll = (loaded: number) => {
      for (const member of this.#members) tell(member, { phase: 'recompute', loaded, total });
    };
    tellAll(0);
    // What is under way there is done anew, as after any loss of a GPU.
    await Promise.all(this.#lanes.alive.map(({ client }) => client.close(error)));
    let done = 0;
    await Promise.all(photos.map((photo) => photo.redo().finally(() => tellAll(++done))));
  }

  /** The opening of a further worker: what was downloaded anew once is not downloaded again for it. */
  get #again(): Opening {
    const { cache } = this.#opening;
    return { ...this.#opening, cache: cache === 'reload' ? 'default' : cache, noGpu: this.#noGpu };
  }

  async #open(): Promise<Loaded> {
    const call = callSignal(this.#life.signal);
    try {
      if (call.signal.aborted) throw reasonOf(call.signal);
      const opening = this.#loaded ? this.#again : this.#opening;
      // It may come to another device, or be another model under the same address.
      this.shelf.clear();
      const watch = this.#watch(call.signal, (progress) => this.#report(progress));
      this.#loaded = await call.race(openModel(opening, this.#read, watch));
      return this.#loaded;
    } finally {
      call.release();
    }
  }

  #watch(signal: AbortSignal, onProgress: Watch['onProgress']): Watch {
    return {
      signal,
      onProgress,
      onClient: (client) => {
        this.#clients = [...this.#clients.filter(({ death }) => !death), client];
      },
      onRead: () => {
        this.#read = true;
      },
    };
  }

  #report(progress: LoadProgress): void {
    if (progress.phase === 'weights') this.#latest = progress;
    // All of them hear of a model that moves.
    for (const member of this.#noGpu === undefined ? this.#watchers : this.#members) tell(member, progress);
  }
}

function tell(member: Member, progress: LoadProgress): void {
  const { onProgress, signal } = member;
  if (onProgress && !signal.aborted) callBack(() => onProgress(progress));
}
