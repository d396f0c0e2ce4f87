// Downloads what of a file is not on this device, and writes it there block by block.

import { NoAnswer } from '../../in-time.js';
import { type Download, download } from '../stream/download.js';
import { differ } from '../stream/http.js';
import { StartOver } from '../stream/retry.js';
import type { Copy } from './copy.js';
import { Entry } from './entry.js';
import { evictOne, makeRoom } from './evict.js';

/** Downloads and writes. While the store takes part, only the tab that has the file's lock alone may. */
export class Writer {
  readonly #copy: Copy;
  /** A download that was begun and not yet read. */
  #download: Download | undefined;

  constructor(copy: Copy) {
    this.#copy = copy;
  }

  /** Begins the download at the next block, and the journal if it is new. */
  async begin(): Promise<void> {
    this.#download = await this.#connect();
  }

  /** Gives on what comes from the network, up to the next block that is there or the end, and keeps it. */
  async *blocks(): AsyncGenerator<Uint8Array, void, void> {
    const copy = this.#copy;
    const { blockSize, total } = copy;
    // Every block is there, but whoever wrote the last one did not come to say so.
    if (total !== undefined && copy.index > 0 && copy.index * blockSize >= total) return this.#end(total);
    const begun = this.#download ?? (await this.#connect());
    this.#download = begun;
    const stop = this.#nextHere();
    const block = new Uint8Array(copy.takeRoom());
    let filled = 0;
    try {
      for await (const chunk of begun.chunks) {
        copy.from = 'network';
        for (let start = 0; start < chunk.byteLength; ) {
          const part = chunk.subarray(start, start + blockSize - filled);
          block.set(part, filled);
          filled += part.byteLength;
          start += part.byteLength;
          if (filled < blockSize) continue;
          await this.#keep(block);
          filled = 0;
        }
        yield chunk;
      }
    } catch (error) {
      if (error instanceof StartOver) await copy.remove();
      throw error;
    } finally {
      this.close();
    }
    if (filled > 0) await this.#keep(block.subarray(0, filled));
    copy.giveRoom(block.buffer);
    if (stop === undefined) await this.#end((copy.index - (filled > 0 ? 1 : 0)) * blockSize + filled);
  }

  /** Ends the connection. */
  close(): void {
    this.#download?.close();
    this.#download = undefined;
  }

  async #connect(): Promise<Download> {
    const copy = this.#copy;
    const { wanted } = copy;
    const offset = copy.index * copy.blockSize;
    // Without a validator nothing says that what comes now belongs to what was written on another visit.
    if (!copy.versioned && (copy.journal || copy.index > 0)) await copy.discard(false);
    const { versioned, total, validator } = copy;
    const end = this.#nextHere();
    const from = versioned && (offset > 0 || end !== undefined) ? { offset, end, total, validator } : undefined;
    const begun = await download({ ...wanted, from, cache: 'no-store' });
    try {
      const other = differ(validator, begun.validator) || begun.offset !== offset;
      if (other && (copy.journal || copy.index > 0)) await copy.discard(true);
      copy.total = begun.total ?? copy.total;
      copy.validator = begun.validator;
      copy.from = 'network';
      await this.#prepare();
      return begun;
    } catch (error) {
      begun.close();
      throw error;
    }
  }

  /** Makes room, and begins the journal if it is new. */
  #prepare(): Promise<void> {
    const copy = this.#copy;
    return this.#attempt(async () => {
      const { key, blockSize, wanted, validator, total } = copy;
      const { storage } = copy.use;
      const kept = [...(copy.journal?.blocks.values() ?? [])].reduce((sum, { bytes }) => sum + bytes, 0);
      const lacking = await makeRoom(storage, Math.max(0, (total ?? 0) - kept), key, blockSize);
      if (lacking) return copy.giveUp(lacking);
      if (copy.journal) return;
      copy.entry = (await Entry.open(storage, key, true, blockSize)) ?? copy.entry;
      const head = { url: wanted.url, validator, total, stored: Date.now() };
      await copy.entry.begin(head);
      copy.journal = { ...head, blocks: new Map(), complete: false };
    });
  }

  /** Where the download may stop, because what follows is there. */
  #nextHere(): number | undefined {
    const { keeping, total, blockSize, index, journal } = this.#copy;
    if (!keeping || total === undefined) return undefined;
    const count = Math.ceil(total / blockSize);
    for (let next = index + 1; next < count; next++) if (journal?.blocks.has(next)) return next * blockSize;
    return undefined;
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    const copy = this.#copy;
    const { index } = copy;
    copy.index += 1;
    await this.#attempt(async () => {
      const block = await copy.entry.write(index, bytes);
      const { journal } = copy;
      if (journal) copy.journal = { ...journal, blocks: new Map(journal.blocks).set(index, block) };
    });
  }

  /** The file has ended: every block before this end was given. */
  async #end(total: number): Promise<void> {
    const copy = this.#copy;
    const count = Math.ceil(total / copy.blockSize);
    copy.total = total;
    await this.#attempt(async () => {
      const { journal } = copy;
      // The first blocks are missing if the entry was removed while it was read; the next visit fetches them.
      if (!journal || journal.blocks.size < count) return;
      await copy.entry.complete(total);
      copy.journal = { ...journal, total, complete: true };
    });
    // A file that is not kept has ended all the same.
    copy.index = Math.max(copy.index, count);
  }

  /** Writes, as long as that works. What cannot be kept is no reason not to load it. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    const copy = this.#copy;
    while (copy.keeping) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof NoAnswer) return copy.abandon(error);
        const full = (error as { name?: unknown } | null)?.name === 'QuotaExceededError';
        if (full && (await evictOne(copy.use.storage, copy.key, copy.blockSize).catch(() => false))) continue;
        const reason = error instanceof Error ? error.message : String(error);
        const lacking = full ? 'the browser leaves this site no more room' : reason;
        await copy.giveUp(`The model was not kept: ${lacking}.`);
      }
    }
  }
}
