// Files kept on this device: a folder for each, with its blocks as files of their own and a journal of their hashes. A block
// counts only once the journal has its hash, and it is compared at every reading.
import type { Directory } from '../../file-system.js';
import { inTime, NoAnswer } from '../../in-time.js';
import { readInto } from '../stream/chunks.js';
import type { Block, Journal, JournalHead } from './journal.js';
import { journalLine, parseJournal } from './journal.js';
import { fileIn, isNotFound, readText, type Storage, writeFile } from './opfs.js';

/** Bytes of a block; the last one of a file is shorter. */
export const BLOCK = 8 << 20;

const JOURNAL = 'journal';
/** Its date is when the file was last used. */
const USED = 'used';

const blockName = (index: number) => `block-${String(index).padStart(5, '0')}`;

/** SHA-256 as hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The name of a file's folder, and of its lock. */
export async function keyOf(url: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(url))).slice(0, 32);
}

/** The name of the lock of a folder. */
export const lockName = (key: string): string => `gamma-wasm:${key}`;

/** One kept file. Who writes holds its lock alone; who reads shares it. */
export class Entry {
  readonly #folder: Directory;
  readonly #blockSize: number;

  private constructor(folder: Directory, blockSize: number) {
    this.#folder = folder;
    this.#blockSize = blockSize;
  }

  /** The entry with this key; undefined if there is none and `create` does not ask for one. */
  static async open(storage: Storage, key: string, create: boolean, blockSize = BLOCK): Promise<Entry | undefined> {
    const all = await storage.directory();
    try {
      return new Entry(await all.getDirectoryHandle(key, { create }), blockSize);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** What is there; undefined if nothing can be made of it. */
  async journal(): Promise<Journal | undefined> {
    const text = await readText(this.#folder, JOURNAL).catch((error: unknown) => {
      // What does not answer may be there.
      if (error instanceof NoAnswer) throw error;
    });
    return text === undefined ? undefined : parseJournal(text, this.#blockSize);
  }

  /** Begins the file anew. */
  async begin(head: Omit<JournalHead, 'blockSize'>): Promise<void> {
    await this.#write(JOURNAL, journalLine({ ...head, blockSize: this.#blockSize }), 'replace');
  }

  /** Keeps a block: first its bytes, then their hash. */
  async write(index: number, bytes: Uint8Array): Promise<Block> {
    const hash = await sha256(bytes);
    await writeFile(this.#folder, blockName(index), bytes, 'replace');
    const block = { bytes: bytes.byteLength, sha256: hash };
    await this.#write(JOURNAL, journalLine({ block: index, ...block }), 'append');
    return block;
  }

  /** Says that all of the file's `total` bytes are kept. */
  async complete(total: number): Promise<void> {
    await this.#write(JOURNAL, journalLine({ complete: total }), 'append');
    await this.used();
  }

  /**
   * The bytes of a block, or undefined if they are not there or not those that were written. They are read into `room`, which
   * holds a block and is not to be used any more.
   */
  async read(
    index: number,
    { bytes, sha256: hash }: Block,
    room: ArrayBuffer,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const file = await fileIn(this.#folder, blockName(index));
      if (file?.size !== bytes) return undefined;
      const content = await inTime(readInto(file, room));
      return (await sha256(content)) === hash ? content : undefined;
    } catch {
      return undefined;
    }
  }

  /** Notes that the file was used now. That it may fail, when another tab does the same, does not matter. */
  async used(): Promise<void> {
    await this.#write(USED, '.', 'replace').catch(() => {});
  }

  /** When the file was last used, in milliseconds since 1970. */
  async lastUsed(): Promise<number | undefined> {
    return (await fileIn(this.#folder, USED).catch(() => undefined))?.lastModified;
  }

  #write(name: string, text: string, where: 'append' | 'replace'): Promise<void> {
    return writeFile(this.#folder, name, new TextEncoder().encode(text), where);
  }
}

/** The keys of all entries. */
export async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = [];
  for await (const [name, { kind }] of (await storage.directory()).entries()) {
    if (kind === 'directory') keys.push(name);
  }
  return keys;
}

/** Removes an entry; that there is none is no error. */
export async function remove(storage: Storage, key: string): Promise<void> {
  try {
    await (await storage.directory()).removeEntry(key, { recursive: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Removes an entry unless somebody reads or writes it; tells whether it is gone. */
export function removeUnused(storage: Storage, key: string): Promise<boolean> {
  return storage.locks.request(lockName(key), { ifAvailable: true }, async (lock) => {
    if (lock) await remove(storage, key);
    return lock !== null;
  });
}
