// The store with limits of time. Some browsers keep the locks of pages that are gone, or never answer at all: whoever loads a model
// must not wait for that.
import type { Directory, FileEntry } from '../../file-system.js';
import { inTime, NoAnswer, type Wait } from '../../in-time.js';
import type { Locks, Storage } from './opfs.js';

/** `storage`, whose every answer comes in time or is a {@link NoAnswer}. Locks that are waited for are the caller's to watch. */
export function limited(storage: Storage, wait: Wait): Storage {
  return {
    directory: async () => folder(await inTime(storage.directory(), wait), wait),
    locks: locks(storage.locks, wait),
    estimate: () => inTime(storage.estimate(), wait),
    persisted: () => inTime(storage.persisted(), wait),
  };
}

function folder(of: Directory, wait: Wait): Directory {
  return {
    getDirectoryHandle: async (name, options) => folder(await inTime(of.getDirectoryHandle(name, options), wait), wait),
    getFileHandle: async (name, options) => file(await inTime(of.getFileHandle(name, options), wait), wait),
    removeEntry: (name, options) => inTime(of.removeEntry(name, options), wait),
    async *entries() {
      const all = of.entries()[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await inTime(all.next(), wait);
        if (done) return;
        yield value;
      }
    },
  };
}

function file(of: FileEntry, wait: Wait): FileEntry {
  return {
    getFile: () => inTime(of.getFile(), wait),
    ...(of.createSyncAccessHandle && {
      createSyncAccessHandle: () => inTime(of.createSyncAccessHandle?.() ?? Promise.reject(), wait),
    }),
  };
}

/** Requests that do not wait for others have to be answered in time. */
function locks(of: Locks, wait: Wait): Locks {
  return {
    request: (name, options, work) => {
      if (!options.ifAvailable) return of.request(name, options, work);
      let late = false;
      return new Promise((resolve, reject) => {
        let answer: () => void = () => {};
        const answered = new Promise<void>((settle) => {
          answer = settle;
        });
        of.request(name, options, (lock) => {
          answer();
          // Nobody waits for it any more, and nothing may be done behind their backs.
          if (late) throw new NoAnswer('too late');
          return work(lock);
        }).then(resolve, reject);
        inTime(answered, wait).catch((error) => {
          late = true;
          reject(error);
        });
      });
    },
  };
}
