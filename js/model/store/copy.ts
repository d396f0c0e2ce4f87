// What is known of a file's copy on this device while the file is loaded. Reader, follower and writer share it.
import { GammaError } from '../../error.js';
import { NoAnswer, type Wait } from '../../in-time.js';
import type { Origin } from '../../types.js';
import type { DownloadOptions } from '../stream/download.js';
import type { Validator } from '../stream/http.js';
import { StartOver } from '../stream/retry.js';
import { BLOCK, type Entry, remove } from './entry.js';
import type { Journal } from './journal.js';
import type { Storage } from './opfs.js';

/** The store's part in a load. */
export interface StoreUse {
  readonly storage: Storage;
  readonly mode: 'default' | 'reload' | 'only-if-cached';
  readonly blockSize?: number;
  /** How long nothing may happen while others have the file's lock. */
  readonly wait?: Wait;
  /** Hears why something was not kept, and whether the store is of no use any more. */
  note(sentence: string, useless: boolean): void;
}

/** What is downloaded, if it has to be. */
export type Wanted = Pick<DownloadOptions, 'url' | 'what' | 'signal' | 'patience' | 'expected' | 'missing'>;

/** One file's copy, as far as it is known, and how far it was given on. */
export class Copy {
  readonly use: StoreUse;
  readonly wanted: Wanted;
  readonly key: string;
  readonly blockSize: number;
  entry: Entry;
  journal: Journal | undefined;
  /** The next block to give. */
  index = 0;
  /** Where the block given last came from. */
  from: Origin = 'store';
  /** Whether the store takes part: it is read, and what comes from the network is written. */
  keeping = true;
  /** Whether a block is not what the journal says. */
  damaged = false;
  total: number | undefined;
  validator: Validator = {};
  /** Hears at once that the store takes no part any more: others need not wait for what will not be there. */
  onWithout: () => void = () => {};
  /** A block's worth of memory that nobody uses just now. */
  #room: ArrayBuffer | undefined;

  constructor(use: StoreUse, wanted: Wanted, key: string, entry: Entry) {
    this.use = use;
    this.wanted = wanted;
    this.key = key;
    this.blockSize = use.blockSize ?? BLOCK;
    this.entry = entry;
    this.total = wanted.expected;
  }

  /** Whether the next block is said to be there. */
  get here(): boolean {
    return this.journal?.blocks.has(this.index) === true || this.finished;
  }

  /** Whether every block was given. */
  get finished(): boolean {
    if (!this.journal?.complete && this.keeping) return false;
    return this.total !== undefined && this.index * this.blockSize >= this.total;
  }

  /** Whether something tells this version of the file from others. */
  get versioned(): boolean {
    return this.validator.etag !== undefined || this.validator.lastModified !== undefined;
  }

  /** Takes up what a journal says. */
  adopt(journal: Journal | undefined): void {
    this.journal = journal;
    this.validator = journal?.validator ?? this.validator;
    this.total = journal?.total ?? this.total;
    this.from = journal?.blocks.has(this.index) ? 'store' : 'network';
  }

  /** Nothing of what is there counts. */
  reset(): void {
    this.journal = undefined;
    this.validator = {};
    this.total = this.wanted.expected;
    this.from = 'network';
  }

  /** What is there is of no use: it is removed, and whoever took blocks of it has to begin anew. */
  async discard(changed: boolean): Promise<void> {
    const given = this.index > 0;
    await this.remove();
    this.reset();
    if (given) throw new StartOver(changed, this.wanted.what);
  }

  /** Removes it, unless the store is somebody else's by now. What cannot be removed is written over another time. */
  async remove(): Promise<void> {
    if (this.keeping) await remove(this.use.storage, this.key).catch(() => {});
  }

  /** Goes on without the store because it cannot take the file. */
  async giveUp(sentence: string): Promise<void> {
    await this.remove();
    this.#without(sentence, false);
  }

  /**
   * Goes on without the store because it does not answer. What is in it may be somebody else's, and stays.
   *
   * @throws `error` if it is another one, or where there is nothing but the store.
   */
  abandon(error: unknown): void {
    if (!(error instanceof NoAnswer) || this.use.mode === 'only-if-cached') throw error;
    this.#without(`The model was not kept: ${error.message}.`, true);
  }

  #without(sentence: string, useless: boolean): void {
    this.keeping = false;
    this.journal = undefined;
    this.use.note(sentence, useless);
    this.onWithout();
  }

  /** Memory of a block, for whoever gives it back. */
  takeRoom(): ArrayBuffer {
    const room = this.#room ?? new ArrayBuffer(this.blockSize);
    this.#room = undefined;
    return room;
  }

  giveRoom(room: ArrayBuffer): void {
    if (room.byteLength === this.blockSize) this.#room = room;
  }
}

/** The error for a file that is not there as a whole where nothing but the store may be asked. */
export function notHere({ what, url }: Wanted): GammaError {
  const place = url.replace(/[?#].*$/s, '');
  return new GammaError(
    'network',
    `${what} from ${place} is not kept on this device as a whole, and \`cache\` is only-if-cached`,
  );
}
