// Room for a model on this device: what was used least recently goes first.

import { BLOCK, Entry, keysOf, removeUnused } from './entry.js';
import type { Storage } from './opfs.js';

/**
 * Makes room for `bytes` more, by removing complete files that nobody reads, those first that were not used for the longest
 * time.
 *
 * @returns What is lacking, as a sentence; undefined if there is room.
 */
export async function makeRoom(
  storage: Storage,
  bytes: number,
  except: string,
  blockSize = BLOCK,
): Promise<string | undefined> {
  const free = async () => {
    const { quota, usage } = await storage.estimate();
    return quota === undefined || usage === undefined ? Number.POSITIVE_INFINITY : quota - usage;
  };
  // A block more, for what the file system itself needs.
  const needed = bytes + blockSize;
  if ((await free()) >= needed) return undefined;
  for (const key of await leastUsed(storage, except, blockSize)) {
    await removeUnused(storage, key);
    if ((await free()) >= needed) return undefined;
  }
  const megabytes = (count: number) => Math.ceil(count / 1e6);
  const left = Math.max(0, await free());
  return `The model was not kept: it needs ${megabytes(bytes)} MB, and the browser leaves ${megabytes(left)} MB to this site.`;
}

/**
 * Removes the complete file that was not used for the longest time and that nobody reads, for browsers whose estimate says
 * more than they allow.
 *
 * @returns Whether there was one.
 */
export async function evictOne(storage: Storage, except: string, blockSize = BLOCK): Promise<boolean> {
  for (const key of await leastUsed(storage, except, blockSize)) {
    if (await removeUnused(storage, key)) return true;
  }
  return false;
}

async function leastUsed(storage: Storage, except: string, blockSize: number): Promise<string[]> {
  const found: { key: string; used: number }[] = [];
  for (const key of await keysOf(storage)) {
    if (key === except) continue;
    const entry = await Entry.open(storage, key, false, blockSize);
    const journal = await entry?.journal();
    // A journal that cannot be read is of no use to anybody.
    if (journal && !journal.complete) continue;
    found.push({ key, used: (await entry?.lastUsed()) ?? 0 });
  }
  return found.sort((a, b) => a.used - b.used).map(({ key }) => key);
}
