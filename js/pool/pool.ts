// The workers that hold one model, and the queue of what they are asked: each does one thing at a time.
import { reasonOf } from '../abort.js';
import { toGammaError } from '../error.js';
import type { Loaded } from './open.js';
import type { Queued } from './task.js';

interface Lane {
  readonly loaded: Loaded;
  busy: boolean;
  /** Whether it ever did what it was asked. */
  useful: boolean;
}

/** Workers and the order of all calls. */
export class Lanes {
  readonly #open: () => Promise<Loaded>;
  readonly #lost: (loaded: Loaded) => boolean;
  /** Those that live; the first one answers for the model. */
  #lanes: Lane[] = [];
  #queue: Queued[] = [];
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
      this.#queue.shift()?.fail(toGammaError(error, 'worker'));
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
   * Takes a task, which a worker does as soon as one of those that may is free and has the model. Tasks of one kind begin in their order.
   * A task for `any` worker whose worker died runs once more on the first one, if there is another; so does one whose worker was
   * `lost`.
   */
  take(task: Queued): void {
    this.#queue.push(task);
    this.#dispatch();
  }

  #dispatch(): void {
    const alive = this.alive;
    const gone = ({ signal, where }: Queued) =>
      signal.aborted || (typeof where === 'object' && !alive.some(({ client }) => client === where));
    for (const task of this.#queue.filter(gone)) task.fail(reasonOf(task.signal));
    this.#queue = this.#queue.filter((task) => !gone(task));
    if (this.#queue.length === 0) return;
    if (this.#lanes.length === 0) {
      if (!this.#opening) this.start().catch(() => {});
      return;
    }
    for (const [index, lane] of this.#lanes.entries()) {
      if (lane.busy) continue;
      const { client } = lane.loaded;
      const fits = ({ where }: Queued) => where === 'any' || where === client || (where === 'first' && index === 0);
      const at = this.#queue.findIndex(fits);
      const [task] = at < 0 ? [] : this.#queue.splice(at, 1);
      if (task) void this.#perform(task, lane, index > 0);
    }
  }

  async #perform(task: Queued, lane: Lane, spare: boolean): Promise<void> {
    lane.busy = true;
    try {
      await task.perform(lane.loaded, spare);
      lane.useful = true;
    } catch (error) {
      if (!lane.loaded.client.death) lane.useful = true;
      else if (!lane.useful) this.#wasted += 1;
      if (this.#another(task, lane, spare)) {
        this.#queue.unshift(Object.assign(task, { again: true, where: 'first' as const }));
      } else {
        task.fail(error);
      }
    } finally {
      lane.busy = false;
      this.#dispatch();
    }
  }

  /** Whether a task that failed gets another try. */
  #another({ signal, where, again }: Queued, { loaded }: Lane, spare: boolean): boolean {
    if (signal.aborted || !loaded.client.death || typeof where === 'object') return false;
    if (where === 'any' && (spare || this.alive.length > 0)) return true;
    return !again && this.#lost(loaded);
  }
}
