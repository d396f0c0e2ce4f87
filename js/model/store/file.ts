// A remote file that is kept on this device as it is read: block by block from the store where it is there, from the network
// where it is not, and then written. The same loop resumes a broken download, repairs a damaged block and follows another
// tab that downloads the same file.

import { abortedBy, GammaError, throwIfAborted, toGammaError } from '../../error.js';
import type { Origin } from '../../types.js';
import { type Download, type DownloadOptions, download } from '../stream/download.js';
import type { OpenFile } from '../stream/files.js';
import { differ, type Validator } from '../stream/http.js';
import { StartOver } from '../stream/retry.js';
import { BLOCK, Entry, keyOf, lockName, remove } from './entry.js';
import { evictOne, makeRoom } from './evict.js';
import { NoAnswer, noAnswer, WAIT, type Wait } from './in-time.js';
import type { Journal } from './journal.js';
import { askFor, type Lock } from './lock.js';
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

/** Blocks are handed on in pieces, so that the engine's memory need not take a whole one at once. */
const PIECE = 1 << 20;

/** Opens a file, from this device if it is there. */
export async function openKept(use: StoreUse, wanted: Wanted): Promise<OpenFile> {
  const reading = await KeptFile.begin(use, wanted);
  try {
    await reading.prepare();
  } catch (error) {
    reading.end();
    throw error;
  }
  return reading.file();
}

class KeptFile {
  readonly #use: StoreUse;
  readonly #wanted: Wanted;
  readonly #key: string;
  readonly #blockSize: number;
  #entry: Entry;
  #journal: Journal | undefined;
  #lock: Lock;
  /** Whether the journal was read with the lock held: before, another tab may write behind one's back. */
  #current = false;
  /** A download that `prepare` began. */
  #download: Download | undefined;
  /** The next block to give. */
  #index = 0;
  #from: Origin = 'store';
  /** Whether what comes from the network is written. */
  #keeping = true;
  #damaged = false;
  /** What was seen last of those who have the lock, and how often since. */
  #seen = '';
  #looks = 0;
  #total: number | undefined;
  #validator: Validator = {};
  /** A block on its way to or from the store. */
  #block: Uint8Array<ArrayBuffer> | undefined;

  private constructor(use: StoreUse, wanted: Wanted, key: string, entry: Entry, journal: Journal | undefined) {
    this.#use = use;
    this.#wanted = wanted;
    this.#key = key;
    this.#blockSize = use.blockSize ?? BLOCK;
    this.#entry = entry;
    this.#total = wanted.expected;
    this.#adopt(journal);
    const mode = journal?.complete && use.mode !== 'reload' ? 'shared' : 'exclusive';
    this.#lock = askFor(use.storage.locks, lockName(key), mode);
  }

  static async begin(use: StoreUse, wanted: Wanted): Promise<KeptFile> {
    const key = await keyOf(wanted.url);
    const create = use.mode !== 'only-if-cached';
    const entry = await Entry.open(use.storage, key, create, use.blockSize);
    const journal = await entry?.journal();
    if (!entry || (!create && !journal?.complete)) throw notHere(wanted);
    const { expected } = wanted;
    const other = expected !== undefined && journal?.total !== undefined && journal.total !== expected;
    if (other && !create) throw notHere(wanted);
    // A file of another length than its index says belongs to another version of the model.
    return new KeptFile(other ? { ...use, mode: 'reload' } : use, wanted, key, entry, journal);
  }

  /** Finds out how long the file is, which may take the first answer of the server. */
  async prepare(): Promise<void> {
    if (this.#use.mode === 'reload') {
      await this.#granted();
      this.#current = true;
      this.#reset();
    } else if (this.#lock.mode === 'shared') {
      await this.#granted();
      this.#adopt(await this.#entry.journal());
    }
    if (this.#use.mode === 'only-if-cached' && !this.#journal?.complete) throw notHere(this.#wanted);
    while (!this.#here() && !this.#writing) await this.#look();
    if (!this.#here()) this.#download = await this.#connect();
  }

  file(): OpenFile {
    const from = () => this.#from;
    return {
      total: this.#total,
      get from() {
        return from();
      },
      chunks: this.#chunks(),
      close: () => this.end(),
    };
  }

  /** Gives back lock and connection. */
  end(): void {
    this.#download?.close();
    this.#lock.release();
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, void> {
    try {
      while (!this.#finished()) {
        throwIfAborted(this.#wanted.signal);
        const bytes = await this.#readBlock();
        if (bytes) {
          this.#index += 1;
          this.#from = 'store';
          for (let start = 0; start < bytes.byteLength; start += PIECE) yield bytes.subarray(start, start + PIECE);
        } else if (this.#keeping && !this.#writing) {
          await this.#look().catch((error: unknown) => this.#abandon(error));
        } else {
          yield* this.#fetch();
        }
      }
      if (this.#keeping) await this.#entry.used();
    } catch (error) {
      // What the browser's storage throws has no code that callers know.
      throw error instanceof StartOver ? error : toGammaError(error, error instanceof NoAnswer ? 'store' : 'io');
    } finally {
      this.end();
    }
  }

  /** Whether the next block is said to be there. */
  #here(): boolean {
    return this.#journal?.blocks.has(this.#index) === true || this.#finished();
  }

  #finished(): boolean {
    if (!this.#journal?.complete && this.#keeping) return false;
    return this.#total !== undefined && this.#index * this.#blockSize >= this.#total;
  }

  /** Whether this is the tab that downloads. */
  get #writing(): boolean {
    return this.#lock.mode === 'exclusive' && this.#lock.held && this.#current;
  }

  async #readBlock(): Promise<Uint8Array | undefined> {
    const block = this.#keeping ? this.#journal?.blocks.get(this.#index) : undefined;
    if (!block) return undefined;
    const room = this.#block ?? new Uint8Array(this.#blockSize);
    this.#block = undefined;
    const bytes = await this.#entry.read(this.#index, block, room.buffer);
    if (bytes) {
      if (bytes.buffer.byteLength === this.#blockSize) this.#block = new Uint8Array(bytes.buffer);
      return bytes;
    }
    if (this.#use.mode === 'only-if-cached') throw notHere(this.#wanted);
    this.#damaged = true;
    return undefined;
  }

  /** Waits for the lock, or for the tab that has it to get further. */
  async #look(): Promise<void> {
    if (this.#lock.mode === 'shared') {
      // A damaged block has to be written, which readers may not do.
      this.#lock.release();
      this.#lock = askFor(this.#use.storage.locks, lockName(this.#key), 'exclusive');
    }
    await this.#poll();
    const before = this.#journal;
    const held = this.#lock.held;
    let now = await this.#entry.journal();
    // What was read while somebody else was writing may be old by the time that the lock is here.
    if (!held && this.#lock.held) now = await this.#entry.journal();
    this.#current = this.#lock.held;
    if (this.#lock.held && now?.complete && !this.#damaged) {
      // The other tab is done: from here on this is a reader like any other.
      this.#lock.release();
      this.#current = false;
      this.#lock = askFor(this.#use.storage.locks, lockName(this.#key), 'shared');
      await this.#granted();
      return this.#follow(before, await this.#entry.journal());
    }
    this.#follow(before, now);
  }

  /** Waits until the lock is held. */
  async #granted(): Promise<void> {
    while (!this.#lock.held) await this.#poll();
  }

  /** Waits a moment for the lock, as long as those who have it live: they give signs, or get further. */
  async #poll(): Promise<void> {
    const { wait = WAIT } = this.#use;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const moment = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait.interval);
    });
    await this.#until(Promise.race([this.#lock.granted, moment])).finally(() => clearTimeout(timer));
    const seen = `${this.#lock.signs} ${this.#journal?.stored} ${this.#journal?.blocks.size}`;
    this.#looks = this.#lock.held || seen !== this.#seen ? 0 : this.#looks + 1;
    this.#seen = seen;
    if (this.#looks >= wait.looks) {
      throw noAnswer('its lock was not given to this page, and whoever has it gave no sign of life', wait);
    }
  }

  /** Goes on without the store, which does not answer. What is in it may be somebody else's. */
  #abandon(error: unknown): void {
    if (!(error instanceof NoAnswer) || this.#use.mode === 'only-if-cached') throw error;
    this.#keeping = false;
    this.#journal = undefined;
    this.#use.note(`The model was not kept: ${error.message}.`, true);
    this.#lock.release();
  }

  /** Takes up what another tab wrote, which has to be of the same version of the file as what was given already. */
  #follow(before: Journal | undefined, now: Journal | undefined): void {
    if (this.#index > 0 && now && before && before.stored !== now.stored) {
      throw new StartOver(differ(before.validator, now.validator), this.#wanted.what);
    }
    this.#adopt(now);
  }

  #adopt(journal: Journal | undefined): void {
    this.#journal = journal;
    this.#validator = journal?.validator ?? this.#validator;
    this.#total = journal?.total ?? this.#total;
    this.#from = journal?.blocks.has(this.#index) ? 'store' : 'network';
  }

  #reset(): void {
    this.#journal = undefined;
    this.#validator = {};
    this.#total = this.#wanted.expected;
    this.#from = 'network';
  }

  /** Begins the download at the next block, and the journal if it is new. */
  async #connect(): Promise<Download> {
    const offset = this.#index * this.#blockSize;
    // Without a validator nothing says that what comes now belongs to what was written on another visit.
    const known = this.#validator.etag !== undefined || this.#validator.lastModified !== undefined;
    if (!known && (this.#journal || this.#index > 0)) await this.#void(false);
    const end = this.#nextHere();
    const from =
      known && (offset > 0 || end !== undefined)
        ? { offset, end, total: this.#total, validator: this.#validator }
        : undefined;
    const begun = await download({ ...this.#wanted, from, cache: 'no-store' });
    try {
      const other = differ(this.#validator, begun.validator) || begun.offset !== offset;
      if (other && (this.#journal || this.#index > 0)) await this.#void(true);
      this.#total = begun.total ?? this.#total;
      this.#validator = begun.validator;
      this.#from = 'network';
      if (this.#keeping) await this.#prepareStore();
      return begun;
    } catch (error) {
      begun.close();
      throw error;
    }
  }

  /** What is kept is of no use. */
  async #void(changed: boolean): Promise<void> {
    const given = this.#index > 0;
    // What cannot be removed now is written over.
    if (this.#keeping) await remove(this.#use.storage, this.#key).catch(() => {});
    this.#reset();
    if (given) throw new StartOver(changed, this.#wanted.what);
  }

  async #prepareStore(): Promise<void> {
    const { storage } = this.#use;
    const kept = [...(this.#journal?.blocks.values() ?? [])].reduce((sum, { bytes }) => sum + bytes, 0);
    await this.#attempt(async () => {
      const lacking = await makeRoom(storage, Math.max(0, (this.#total ?? 0) - kept), this.#key, this.#blockSize);
      if (lacking) return this.#giveUp(lacking);
      if (this.#journal) return;
      this.#entry = (await Entry.open(storage, this.#key, true, this.#blockSize)) ?? this.#entry;
      const stored = Date.now();
      const head = { url: this.#wanted.url, validator: this.#validator, total: this.#total, stored };
      await this.#entry.begin(head);
      this.#journal = { ...head, blocks: new Map(), complete: false };
    });
  }

  /** Where the download may stop, because what follows is there. */
  #nextHere(): number | undefined {
    if (!this.#keeping || this.#total === undefined) return undefined;
    const count = Math.ceil(this.#total / this.#blockSize);
    for (let index = this.#index + 1; index < count; index++) {
      if (this.#journal?.blocks.has(index)) return index * this.#blockSize;
    }
    return undefined;
  }

  /** Gives on what comes from the network, up to the next block that is there or the end, and keeps it. */
  async *#fetch(): AsyncGenerator<Uint8Array, void, void> {
    // Every block is there, but whoever wrote the last one did not come to say so.
    if (this.#total !== undefined && this.#index > 0 && this.#index * this.#blockSize >= this.#total) {
      return this.#close(this.#total);
    }
    const begun = this.#download ?? (await this.#connect());
    this.#download = begun;
    const stop = this.#nextHere();
    const block = this.#block ?? new Uint8Array(this.#blockSize);
    this.#block = block;
    let filled = 0;
    try {
      for await (const chunk of begun.chunks) {
        this.#from = 'network';
        for (let start = 0; start < chunk.byteLength; ) {
          const part = chunk.subarray(start, start + this.#blockSize - filled);
          block.set(part, filled);
          filled += part.byteLength;
          start += part.byteLength;
          if (filled < this.#blockSize) continue;
          await this.#keep(block);
          filled = 0;
        }
        yield chunk;
      }
    } catch (error) {
      if (error instanceof StartOver && this.#keeping) await remove(this.#use.storage, this.#key).catch(() => {});
      throw error;
    } finally {
      begun.close();
      this.#download = undefined;
    }
    if (filled > 0) await this.#keep(block.subarray(0, filled));
    if (stop === undefined) await this.#close((this.#index - (filled > 0 ? 1 : 0)) * this.#blockSize + filled);
  }

  /** The file has ended: every block before this end was given. */
  async #close(total: number): Promise<void> {
    this.#total = total;
    await this.#attempt(async () => {
      const journal = this.#journal;
      // The first blocks are missing if the entry was removed while it was read; the next visit fetches them.
      if (!journal || journal.blocks.size < Math.ceil(total / this.#blockSize)) return;
      await this.#entry.complete(total);
      this.#journal = { ...journal, total, complete: true };
    });
    // A file that is not kept has ended all the same.
    this.#index = Math.max(this.#index, Math.ceil(total / this.#blockSize));
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    const index = this.#index;
    this.#index += 1;
    await this.#attempt(async () => {
      const block = await this.#entry.write(index, bytes);
      const journal = this.#journal;
      if (journal) this.#journal = { ...journal, blocks: new Map(journal.blocks).set(index, block) };
    });
  }

  /** Writes, as long as that works. What cannot be kept is no reason not to load it. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    while (this.#keeping) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof NoAnswer) return this.#abandon(error);
        const full = (error as { name?: unknown } | null)?.name === 'QuotaExceededError';
        const { storage } = this.#use;
        if (full && (await evictOne(storage, this.#key, this.#blockSize).catch(() => false))) continue;
        const reason = error instanceof Error ? error.message : String(error);
        const lacking = full ? 'the browser leaves this site no more room' : reason;
        await this.#giveUp(`The model was not kept: ${lacking}.`);
      }
    }
  }

  async #giveUp(sentence: string): Promise<void> {
    this.#keeping = false;
    this.#journal = undefined;
    this.#use.note(sentence, false);
    await remove(this.#use.storage, this.#key).catch(() => {});
    // Others need not wait for what will not be there.
    this.#lock.release();
  }

  /** `work`, unless the call is aborted first. */
  #until<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#wanted;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(abortedBy(signal));
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort);
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }
}

function notHere({ what, url }: Wanted): GammaError {
  const place = url.replace(/[?#].*$/s, '');
  return new GammaError(
    'network',
    `${what} from ${place} is not kept on this device as a whole, and \`cache\` is only-if-cached`,
  );
}
