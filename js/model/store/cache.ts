// The models kept on this device, as a page sees them: listed, measured, deleted. Reading and writing is the worker's part.
import { absolute } from '../../address.js';
import { GammaError, messageOf } from '../../error.js';
import { WAIT } from '../../in-time.js';
import type { CacheEntry, CacheEstimate, ModelCache } from '../../types.js';
import { isIndexName } from '../stream/files.js';
import { BLOCK, Entry, keysOf, removeUnused } from './entry.js';
import { limited } from './limits.js';
import { browserStorage, type Storage } from './opfs.js';

/** Where nothing is kept. */
export const noCache: ModelCache = {
  list: async () => [],
  delete: async () => 0,
  estimate: async () => ({ persisted: false }),
};

/** The cache of this browser. */
export const browserCache: ModelCache = {
  list: () => (inBrowser() ?? noCache).list(),
  delete: (url) => (inBrowser() ?? noCache).delete(url),
  estimate: () => (inBrowser() ?? noCache).estimate(),
};

function inBrowser(): ModelCache | undefined {
  const storage = browserStorage();
  return typeof storage === 'string' ? undefined : cacheIn(storage);
}

/** The cache in `storage`; `resolve` turns a URL into an absolute one. */
export function cacheIn(
  given: Storage,
  resolve: (url: string | URL) => string = absolute,
  blockSize = BLOCK,
  wait = WAIT,
): ModelCache {
  const storage = limited(given, wait);
  return {
    list: () => failing('listed', async () => (await found(storage, blockSize)).map(({ entry }) => entry)),
    delete: (url) =>
      failing('deleted', () => deleteFrom(storage, url === undefined ? undefined : resolve(url), blockSize)),
    estimate: () => failing('measured', () => measure(storage)),
  };
}

interface Found {
  readonly key: string;
  readonly entry: CacheEntry;
}

async function found(storage: Storage, blockSize: number): Promise<Found[]> {
  const list: Found[] = [];
  for (const key of await keysOf(storage)) {
    const kept = await Entry.open(storage, key, false, blockSize);
    const journal = await kept?.journal();
    if (!journal) continue;
    const { url, total, complete, stored, blocks } = journal;
    const used = await kept?.lastUsed();
    let bytes = 0;
    for (const block of blocks.values()) bytes += block.bytes;
    const entry: CacheEntry = {
      url,
      bytes,
      ...(total !== undefined && { total }),
      complete,
      stored: new Date(stored),
      ...(used !== undefined && { used: new Date(used) }),
    };
    list.push({ key, entry });
  }
  const when = ({ entry }: Found) => (entry.used ?? entry.stored).getTime();
  return list.sort((a, b) => when(b) - when(a));
}

async function deleteFrom(storage: Storage, url: string | undefined, blockSize: number): Promise<number> {
  const files = await found(storage, blockSize);
  const meant = files.filter(({ entry }) => url === undefined || belongs(entry.url, url));
  const used: string[] = [];
  for (const { key, entry } of meant) {
    if (!(await removeUnused(storage, key))) used.push(entry.url);
  }
  if (url === undefined) {
    // What has no journal is what an interrupted write or another version of this library left.
    const known = new Set(files.map(({ key }) => key));
    for (const key of await keysOf(storage)) if (!known.has(key)) await removeUnused(storage, key);
  }
  if (used.length > 0) {
    throw new GammaError(
      'store',
      `in use, so not deleted: ${used.join(', ')}; wait until it is loaded, or end the load`,
    );
  }
  return meant.length;
}

/** Whether the file of a model at `model` is at `file`: the same URL or, for an index or a folder, beside it. */
function belongs(file: string, model: string): boolean {
  if (file === model) return true;
  const { pathname, search } = new URL(model);
  if (!pathname.endsWith('/') && !isIndexName(pathname)) return false;
  const folder = new URL('.', model).href;
  const place = new URL(file);
  return (
    place.search === search &&
    file.startsWith(folder) &&
    !place.pathname.slice(new URL(folder).pathname.length).includes('/')
  );
}

async function measure(storage: Storage): Promise<CacheEstimate> {
  const { usage, quota } = await storage.estimate();
  const persisted = await storage.persisted();
  return { ...(usage !== undefined && { usage }), ...(quota !== undefined && { quota }), persisted };
}

async function failing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GammaError) throw error;
    throw new GammaError('store', `the models kept on this device could not be ${what}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
