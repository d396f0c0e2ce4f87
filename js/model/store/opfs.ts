// What is used of the origin private file system and its companions, as far as this library needs them. Written down here so
// that no caller's TypeScript needs the DOM for it, and so that tests can put fakes here.
import type { Directory } from '../../file-system.js';
import { inTime } from '../../in-time.js';

/** The part of Web Locks that is used. */
export interface Locks {
  request<T>(
    name: string,
    options: { mode?: 'shared' | 'exclusive'; ifAvailable?: boolean; signal?: AbortSignal },
    work: (lock: object | null) => T | Promise<T>,
  ): Promise<T>;
}

/** Bytes that the browser's origin uses and may use. */
export interface Estimate {
  usage?: number | undefined;
  quota?: number | undefined;
}

/** Where models are kept. */
export interface Storage {
  /** Our folder; it is made if it is not there. */
  directory(): Promise<Directory>;
  readonly locks: Locks;
  estimate(): Promise<Estimate>;
  persisted(): Promise<boolean>;
}

/** The folder that this library has for itself. */
const FOLDER = 'gamma-wasm';

interface NavigatorLike {
  readonly storage?: {
    getDirectory?(): Promise<Directory>;
    estimate?(): Promise<Estimate>;
    persisted?(): Promise<boolean>;
  };
  readonly locks?: Locks;
}

/** The storage of this browser, or why there is none, as a sentence. */
export function browserStorage(): Storage | string {
  const { storage, locks } = ((globalThis as { navigator?: unknown }).navigator ?? {}) as NavigatorLike;
  if ((globalThis as { isSecureContext?: boolean }).isSecureContext === false) {
    return 'The model was not kept: browsers keep files only for pages of https or localhost.';
  }
  if (!storage?.getDirectory || !locks || !globalThis.crypto?.subtle) {
    return 'The model was not kept: this browser offers no private file system.';
  }
  return {
    directory: async () => {
      const root = await storage.getDirectory?.();
      if (!root) throw new Error('no private file system');
      return root.getDirectoryHandle(FOLDER, { create: true });
    },
    locks,
    estimate: async () => (await storage.estimate?.()) ?? {},
    persisted: async () => (await storage.persisted?.()) ?? false,
  };
}

/** The text of a file; undefined if there is none. */
export async function readText(folder: Directory, name: string): Promise<string | undefined> {
  const file = await fileIn(folder, name);
  return file && inTime(file.text());
}

/** A file to read; undefined if there is none. */
export async function fileIn(
  folder: Directory,
  name: string,
): Promise<(Blob & { readonly lastModified: number }) | undefined> {
  try {
    return await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Writes `bytes`, at the end of what is there or instead of it, and waits until the disk has them. */
export async function writeFile(
  folder: Directory,
  name: string,
  bytes: Uint8Array,
  where: 'append' | 'replace',
): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  if (!file.createSyncAccessHandle)
    throw new Error('this browser cannot write to its private file system from a worker');
  const handle = await file.createSyncAccessHandle();
  try {
    const start = where === 'append' ? handle.getSize() : 0;
    if (where === 'replace') handle.truncate(0);
    for (let done = 0; done < bytes.byteLength; ) {
      const written = handle.write(bytes.subarray(done), { at: start + done });
      // A full disk writes less, in some browsers without saying so.
      if (written === 0) throw new Error('nothing was written; the disk may be full');
      done += written;
    }
    handle.flush();
  } finally {
    handle.close();
  }
}

/** Whether `error` says that a file or folder is not there. */
export const isNotFound = (error: unknown): boolean => (error as { name?: unknown } | null)?.name === 'NotFoundError';
