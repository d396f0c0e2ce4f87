// What is asked of a worker, as one object: it goes down to a free worker once, and its answer comes back once, whichever worker gave it.
import { toGammaError } from '../error.js';
import type { Client } from './client.js';
import type { Seat, Seats } from './engines.js';
import type { Loaded } from './open.js';

/**
 * Who may do a task: the `first` worker, which answers for the model; `any` of them; or the one of this client and no other, while it
 * lives.
 */
export type Where = 'first' | 'any' | Client;

/** A task, as the queue of the workers sees it. */
export interface Queued {
  readonly signal: AbortSignal;
  where: Where;
  /** Whether another worker died of it, or with it. */
  again: boolean;
  /**
   * Has a worker do it, which may be one that can be spared. Rejects if that fails; the task is not answered then, and another worker may
   * do it.
   */
  perform(loaded: Loaded, spare: boolean): Promise<void>;
  /** Answers with an error. */
  fail(error: unknown): void;
}

/** A task with its answer. */
export abstract class Task<T> implements Queued {
  readonly signal: AbortSignal;
  where: Where;
  again = false;
  /** Settles once. */
  readonly answer: Promise<T>;
  #resolve: (value: T) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(signal: AbortSignal, where: Where) {
    this.signal = signal;
    this.where = where;
    this.answer = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // It may be looked at later, or never, when the call has ended.
    this.answer.catch(() => {});
  }

  async perform(loaded: Loaded, spare: boolean): Promise<void> {
    this.#resolve(await this.run(loaded, spare));
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  /** Asks the worker. */
  protected abstract run(loaded: Loaded, spare: boolean): Promise<T>;
}

/** A task for a handle's engine in the worker, which is made there if need be. */
export abstract class EngineTask<T> extends Task<T> {
  readonly #seats: Seats;
  #reached = false;

  constructor(signal: AbortSignal, where: Where, seats: Seats) {
    super(signal, where);
    this.#seats = seats;
  }

  /** Whether there was an engine for it: what goes wrong from then on is the task's own affair. */
  get reached(): boolean {
    return this.#reached;
  }

  protected async run(loaded: Loaded, spare: boolean): Promise<T> {
    let seat: Seat;
    try {
      seat = await this.#seats.at(loaded.client, this.signal);
    } catch (error) {
      // A worker that cannot have this handle's scenes is of no use to it; another one will do.
      if (spare && !this.signal.aborted) await loaded.client.close(toGammaError(error, 'worker'));
      throw error;
    }
    this.#reached = true;
    return this.ask(seat, loaded);
  }

  /** Asks the engine. */
  protected abstract ask(seat: Seat, loaded: Loaded): Promise<T>;
}

/** Frees an engine, when what it computes has come to its end. */
export class Release extends Task<null> {
  readonly #engine: number;

  constructor(signal: AbortSignal, client: Client, engine: number) {
    super(signal, client);
    this.#engine = engine;
  }

  protected run({ client }: Loaded): Promise<null> {
    return client.request('release', { engine: this.#engine });
  }
}
