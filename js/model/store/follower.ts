// The lock of a kept file, and what its holder does: readers share it, one tab writes, and the others follow what it has written until
// they take over.
import { abortedBy } from '../../error.js';
import { noAnswer, WAIT } from '../../in-time.js';
import { differ } from '../stream/http.js';
import { StartOver } from '../stream/retry.js';
import type { Copy } from './copy.js';
import { lockName } from './entry.js';
import type { Journal } from './journal.js';
import { askFor, type Lock } from './lock.js';

/** Waits for the lock of a file, and follows the tab that has it. */
export class Follower {
  readonly #copy: Copy;
  #lock: Lock;
  /** Whether the journal was read with the lock held: before, another tab may write behind one's back. */
  #current = false;
  /** What was seen last of those who have the lock, and how often since. */
  #seen = '';
  #looks = 0;

  constructor(copy: Copy) {
    this.#copy = copy;
    this.#lock = this.#ask(copy.journal?.complete && copy.use.mode !== 'reload' ? 'shared' : 'exclusive');
  }

  /** Whether this is the tab that downloads. */
  get writing(): boolean {
    return this.#lock.mode === 'exclusive' && this.#lock.held && this.#current;
  }

  /** Waits for what has to be waited for before the first block: readers for the lock, and those who load anew for it alone. */
  async begin(): Promise<void> {
    const copy = this.#copy;
    if (copy.use.mode === 'reload') {
      await this.#granted();
      this.#current = true;
      copy.reset();
    } else if (this.#lock.mode === 'shared') {
      await this.#granted();
      copy.adopt(await copy.entry.journal());
    }
  }

  /**
   * Waits for the lock, or for the tab that has it to get further.
   *
   * @throws {NoAnswer} if that tab gives no sign of life; {StartOver} if it wrote another version of the file.
   */
  async look(): Promise<void> {
    const copy = this.#copy;
    // A damaged block has to be written, which readers may not do.
    if (this.#lock.mode === 'shared') this.#change('exclusive');
    await this.#poll();
    const before = copy.journal;
    const held = this.#lock.held;
    let now = await copy.entry.journal();
    // What was read while somebody else was writing may be old by the time that the lock is here.
    if (!held && this.#lock.held) now = await copy.entry.journal();
    this.#current = this.#lock.held;
    if (this.#lock.held && now?.complete && !copy.damaged) {
      // The other tab is done: from here on this is a reader like any other.
      this.#change('shared');
      await this.#granted();
      now = await copy.entry.journal();
    }
    this.#follow(before, now);
  }

  /** Gives the lock back, or stops asking for it. */
  release(): void {
    this.#lock.release();
  }

  #ask(mode: Lock['mode']): Lock {
    return askFor(this.#copy.use.storage.locks, lockName(this.#copy.key), mode);
  }

  #change(mode: Lock['mode']): void {
    this.#lock.release();
    this.#current = false;
    this.#lock = this.#ask(mode);
  }

  /** Waits until the lock is held. */
  async #granted(): Promise<void> {
    while (!this.#lock.held) await this.#poll();
  }

  /** Waits a moment for the lock, as long as those who have it live: they give signs, or get further. */
  async #poll(): Promise<void> {
    const { use, journal } = this.#copy;
    const { wait = WAIT } = use;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const moment = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait.interval);
    });
    await this.#unlessAborted(Promise.race([this.#lock.granted, moment])).finally(() => clearTimeout(timer));
    const seen = `${this.#lock.signs} ${journal?.stored} ${journal?.blocks.size}`;
    this.#looks = this.#lock.held || seen !== this.#seen ? 0 : this.#looks + 1;
    this.#seen = seen;
    if (this.#looks >= wait.looks) {
      throw noAnswer('its lock was not given to this page, and whoever has it gave no sign of life', wait);
    }
  }

  /** Takes up what another tab wrote, which has to be of the same version of the file as what was given already. */
  #follow(before: Journal | undefined, now: Journal | undefined): void {
    const copy = this.#copy;
    if (copy.index > 0 && now && before && before.stored !== now.stored) {
      throw new StartOver(differ(before.validator, now.validator), copy.wanted.what);
    }
    copy.adopt(now);
  }

  #unlessAborted<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#copy.wanted;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(abortedBy(signal));
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort);
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }
}
