// How often a download may fail, and how long it waits before the next attempt.
import { abortedBy, GammaError, throwIfAborted } from '../../error.js';

/** Numbers that decide how patient a download is; times in milliseconds. */
export interface Timings {
  /** Attempts that bring no new byte, one after the other, until the download is given up. */
  readonly attempts: number;
  /** Silence after which a connection counts as broken. */
  readonly idle: number;
  /** The first wait; each one is twice as long as the one before. */
  readonly base: number;
  /** The longest wait of our own. */
  readonly longest: number;
  /** The longest wait that a server may ask for. */
  readonly retryAfter: number;
}

/** About 12 s of waiting in all, if nothing ever comes. */
export const TIMINGS: Timings = { attempts: 6, idle: 30_000, base: 500, longest: 15_000, retryAfter: 60_000 };

/** A failure that may pass. */
export class Retry extends Error {
  /**
   * @param error What it is if it does not pass.
   * @param after Milliseconds to wait, if the server said so.
   */
  constructor(
    readonly error: GammaError,
    readonly after?: number,
  ) {
    super(error.message);
  }
}

/** Bytes that were given on are not those of the file that the server has now: who took them has to begin anew. */
export class StartOver extends Error {
  /**
   * @param changed Whether the file is known to have changed, or merely cannot be continued.
   * @param what The file, for messages.
   */
  constructor(
    readonly changed: boolean,
    readonly what: string,
  ) {
    super(`${what}: the download has to begin anew`);
  }
}

/** Counts the failures of one file. */
export class Patience {
  readonly timings: Timings;
  #failures = 0;
  #furthest = 0;

  constructor(timings: Timings = TIMINGS) {
    this.timings = timings;
  }

  /** Bytes up to `position` came. Only those that never came before are progress. */
  progressed(position: number): void {
    if (position <= this.#furthest) return;
    this.#furthest = position;
    this.#failures = 0;
  }

  /** The file is another one now. */
  forget(): void {
    this.#furthest = 0;
  }

  /**
   * Waits before the next attempt.
   *
   * @throws `error` itself if it cannot pass, or what a {@link Retry} stands for once it has been tried often enough.
   */
  async failed(error: unknown, signal: AbortSignal): Promise<void> {
    if (!(error instanceof Retry)) throw error;
    const { attempts, base, longest, retryAfter } = this.timings;
    this.#failures += 1;
    if (this.#failures >= attempts) {
      const { code, message, cause } = error.error;
      throw new GammaError(code, `${message} (tried ${attempts} times)`, { cause });
    }
    // Half of the wait is chance, so that many pages do not come back at the same moment.
    const own = Math.min(longest, base * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
    await this.#wait(error.after === undefined ? own : Math.min(retryAfter, error.after), signal);
  }

  /** Waits; a browser that comes back online ends the wait. */
  #wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const scope = globalThis as Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        scope.removeEventListener?.('online', end);
        if (signal.aborted) reject(abortedBy(signal));
        else resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end);
      scope.addEventListener?.('online', end);
    });
  }
}
