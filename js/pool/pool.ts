// The workers that hold one model, and the queue of what they are asked: each does one thing at a time.
import { reasonOf } from '../abort.js';
import { toGammaError } from '../error.js';
import type { Client } from './client.js';
import type { Loaded } from './open.js';

/**
 * Who may do a task: the `first` worker, which answers for the model; `any` of them; or the one of this client and no other, while it
 * lives.
 */
export type Where = 'first' | 'any' | Client;

interface Lane {
  readonly loaded: Loaded;
  busy: boolean;
  /** Whether it ever did what it was asked. */
  useful: boolean;
}

interface Task {
  readonly signal: AbortSignal;
  where: Where;
  /** Whether another worker died of it, or with it. */
  again: boolean;
  work(loaded: Loaded, spare: boolean): Promise<void>;
  reject(error: unknown): void;
}

/** Workers and the order of all calls. */
export class Lanes {
  readonly #open: () => Promise<Loaded>;
  readonly #lost: (loaded: Loaded) => boolean;
  /** Those that live; the first one answers for the model. */
  #lanes: Lane[] = [];
  #queue: Task[] = [];
  #opening = false;
  #wasted = 0;

  /**
   * @param open Loads the model when no worker has it; called once at a time.
   * @param lost Whether a task may run anew because it was not its fault that this worker died.
   */
  constructor(open: () => Promise<Loaded>, lost: (loaded: Loaded) => boolean) {
    this.#open = open;
    this.#lost = lost;
  }

  /** The models in workers that live. */
  get alive(): readonly Loaded[] {
    this.#lanes = this.#lanes.filter(({ loaded }) => !loaded.client.death);
    return this.#lanes.map(({ loaded }) => loaded);
  }

  /** How many workers died before they did anything. */
  get wasted(): number {
    return this.#wasted;
  }

  /** Loads the model in a worker, when none has it. */
  async start(): Promise<Loaded> {
    this.#opening = true;
    try {
      const loaded = await this.#open();
      this.#lanes.unshift({ loaded, busy: false, useful: false });
      return loaded;
    } catch (error) {
      // Each task that waits is told, and the next one tries anew.
      this.#queue.shift()?.reject(toGammaError(error, 'worker'));
      throw error;
    } finally {
      this.#opening = false;
      this.#dispatch();
    }
  }

  /** Takes another worker in. */
  add(loaded: Loaded): void {
    this.#lanes.push({ loaded, busy: false, useful: false });
    this.#dispatch();
  }

  /**
   * Waits until a worker of these is free and has the model, then runs `work`, which is told whether the worker is one that can be
   * spared. Tasks of one kind begin in their order. A task for `any` worker whose worker died runs once more on the first one, if there is
   * another; so does one whose worker was `lost`.
   */
  run<T>(signal: AbortSignal, where: Where, work: (loaded: Loaded, spare: boolean) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        signal,
        where,
        again: false,
        work: async (loaded, spare) => resolve(await work(loaded, spare)),
        reject,
      });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    const alive = this.alive;
    const gone = ({ signal, where }: Task) =>
      signal.aborted || (typeof where === 'object' && !alive.some(({ client }) => client === where));
    for (const task of this.#queue.filter(gone)) task.reject(reasonOf(task.signal));
    this.#queue = this.#queue.filter((task) => !gone(task));
    if (this.#queue.length === 0) return;
    if (this.#lanes.length === 0) {
      if (!this.#opening) this.start().catch(() => {});
      return;
    }
    for (const [index, lane] of this.#lanes.entries()) {
      if (lane.busy) continue;
      const { client } = lane.loaded;
      const fits = ({ where }: Task) => where === 'any' || where === client || (where === 'first' && index === 0);
      const at = this.#queue.findIndex(fits);
      const [task] = at < 0 ? [] : this.#queue.splice(at, 1);
      if (task) void this.#perform(task, lane, index > 0);
    }
  }

  async #perform(task: Task, lane: Lane, spare: boolean): Promise<void> {
    lane.busy = true;
    try {
      await task.work(lane.loaded, spare);
      lane.useful = true;
    } catch (error) {
      if (!lane.loaded.client.death) lane.useful = true;
      else if (!lane.useful) this.#wasted += 1;
      if (this.#another(task, lane, spare)) {
        this.#queue.unshift(Object.assign(task, { again: true, where: 'first' as const }));
      } else {
        task.reject(error);
      }
    } finally {
      lane.busy = false;
      this.#dispatch();
    }
  }

  /** Whether a task that failed gets another try. */
  #another({ signal, where, again }: Task, { loaded }: Lane, spare: boolean): boolean {
    if (signal.aborted || !loaded.client.death || typeof where === 'object') return false;
    if (where === 'any' && (spare || this.alive.length > 0)) return true;
    return !again && this.#lost(loaded);
  }
}
