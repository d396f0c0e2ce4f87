// A remote file that is kept on this device as it is read: block by block from the store where it is there, from the network
// where it is not, and then written. The same loop resumes a broken download, repairs a damaged block and follows another
// tab that downloads the same file.

import { throwIfAborted, toGammaError } from '../../error.js';
import { NoAnswer } from '../../in-time.js';
import type { OpenFile } from '../stream/files.js';
import { StartOver } from '../stream/retry.js';
import { Copy, notHere, type StoreUse, type Wanted } from './copy.js';
import { Entry, keyOf } from './entry.js';
import { Follower } from './follower.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** Opens a file, from this device if it is there. */
export async function openKept(use: StoreUse, wanted: Wanted): Promise<OpenFile> {
  const kept = new KeptFile(await copyOf(use, wanted));
  try {
    await kept.prepare();
  } catch (error) {
    kept.end();
    throw error;
  }
  return kept.file();
}

async function copyOf(use: StoreUse, wanted: Wanted): Promise<Copy> {
  const key = await keyOf(wanted.url);
  const create = use.mode !== 'only-if-cached';
  const entry = await Entry.open(use.storage, key, create, use.blockSize);
  const journal = await entry?.journal();
  if (!entry || (!create && !journal?.complete)) throw notHere(wanted);
  const { expected } = wanted;
  const other = expected !== undefined && journal?.total !== undefined && journal.total !== expected;
  if (other && !create) throw notHere(wanted);
  // A file of another length than its index says belongs to another version of the model.
  const copy = new Copy(other ? { ...use, mode: 'reload' } : use, wanted, key, entry);
  copy.adopt(journal);
  return copy;
}

class KeptFile {
  readonly #copy: Copy;
  readonly #reader: Reader;
  readonly #follower: Follower;
  readonly #writer: Writer;

  constructor(copy: Copy) {
    this.#copy = copy;
    this.#reader = new Reader(copy);
    this.#follower = new Follower(copy);
    this.#writer = new Writer(copy);
    copy.onWithout = () => this.#follower.release();
  }

  /** Finds out how long the file is, which may take the first answer of the server. */
  async prepare(): Promise<void> {
    const copy = this.#copy;
    await this.#follower.begin();
    if (copy.use.mode === 'only-if-cached' && !copy.journal?.complete) throw notHere(copy.wanted);
    while (!copy.here && !this.#follower.writing) await this.#follower.look();
    if (!copy.here) await this.#writer.begin();
  }

  file(): OpenFile {
    const copy = this.#copy;
    return {
      total: copy.total,
      get from() {
        return copy.from;
      },
      chunks: this.#chunks(),
      close: () => this.end(),
    };
  }

  /** Gives back lock and connection. */
  end(): void {
    this.#writer.close();
    this.#follower.release();
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, void> {
    const copy = this.#copy;
    try {
      while (!copy.finished) {
        throwIfAborted(copy.wanted.signal);
        const block = await this.#reader.block();
        if (block) yield* block;
        else if (copy.keeping && !this.#follower.writing) await this.#look();
        else yield* this.#writer.blocks();
      }
      if (copy.keeping) await copy.entry.used();
    } catch (error) {
      // What the browser's storage throws has no code that callers know.
      throw error instanceof StartOver ? error : toGammaError(error, error instanceof NoAnswer ? 'store' : 'io');
    } finally {
      this.end();
    }
  }

  async #look(): Promise<void> {
    try {
      await this.#follower.look();
    } catch (error) {
      this.#copy.abandon(error);
    }
  }
}
