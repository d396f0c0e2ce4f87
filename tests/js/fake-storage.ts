// An origin private file system with its locks and its quota, in memory. It can be cut off in the middle of any write, as a
// page that is killed is.
import type { Directory, FileEntry } from '../../js/file-system.js';
import type { Locks, Storage } from '../../js/model/store/opfs.js';

const notFound = () => new DOMException('no such entry', 'NotFoundError');

/** What of the storage may never answer. */
export type Hanging =
  | 'directory'
  | 'getDirectoryHandle'
  | 'getFileHandle'
  | 'getFile'
  | 'createSyncAccessHandle'
  | 'removeEntry'
  | 'estimate';

/** Files, locks and quota that several "tabs" share. */
export class FakeStorage implements Storage {
  /** Contents by path. */
  readonly files = new Map<string, { bytes: Uint8Array; modified: number }>();
  readonly folders = new Set<string>();
  readonly #open = new Set<string>();
  readonly locks = new FakeLocks();
  quota = Number.POSITIVE_INFINITY;
  /** What `estimate` claims, where it is wrong about the quota. */
  claimed: number | undefined;
  /** Writes until the power fails; the last one is written halfway. */
  writesLeft = Number.POSITIVE_INFINITY;
  /** Why there is no folder. */
  refusal: Error | undefined;
  /** What never answers, from its `hangs`-th use on. */
  hanging: Hanging | undefined;
  hangs = 0;
  #clock = 1;

  get usage(): number {
    let sum = 0;
    for (const { bytes } of this.files.values()) sum += bytes.length;
    return sum;
  }

  /** Never settles where it is `what` that hangs. */
  #answer(what: Hanging): Promise<void> {
    if (this.hanging !== what) return Promise.resolve();
    this.hangs -= 1;
    return this.hangs < 0 ? new Promise(() => {}) : Promise.resolve();
  }

  async directory(): Promise<Directory> {
    await this.#answer('directory');
    if (this.refusal) throw this.refusal;
    return this.#folder('');
  }

  async estimate(): Promise<{ usage: number; quota: number }> {
    await this.#answer('estimate');
    return { usage: this.usage, quota: this.claimed ?? this.quota };
  }

  async persisted(): Promise<boolean> {
    return false;
  }

  /** Paths of blocks, in their order. */
  blocks(): string[] {
    return [...this.files.keys()].filter((path) => path.includes('block')).sort();
  }

  /** Changes one byte of a file. */
  damage(path: string): void {
    const bytes = this.files.get(path)?.bytes;
    if (bytes?.length) bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  }

  #folder(path: string): Directory {
    const { files, folders } = this;
    return {
      getDirectoryHandle: async (name, { create = false } = {}) => {
        await this.#answer('getDirectoryHandle');
        const inner = `${path}${name}/`;
        if (!folders.has(inner) && !create) throw notFound();
        folders.add(inner);
        return this.#folder(inner);
      },
      getFileHandle: async (name, { create = false } = {}) => {
        await this.#answer('getFileHandle');
        if (path !== '' && !folders.has(path)) throw notFound();
        if (!files.has(path + name)) {
          if (!create) throw notFound();
          files.set(path + name, { bytes: new Uint8Array(0), modified: this.#clock++ });
        }
        return this.#file(path + name);
      },
      removeEntry: async (name) => {
        await this.#answer('removeEntry');
        if (this.writesLeft <= 0) throw new PowerCut();
        const inner = `${path}${name}/`;
        if (!folders.delete(inner) && !files.delete(path + name)) throw notFound();
        for (const file of [...files.keys()]) if (file.startsWith(inner)) files.delete(file);
      },
      async *entries() {
        for (const folder of [...folders]) {
          if (folder.startsWith(path)) yield [folder.slice(path.length, -1), { kind: 'directory' }];
        }
      },
    };
  }

  #file(path: string): FileEntry {
    return {
      getFile: async () => {
        await this.#answer('getFile');
        const file = this.files.get(path);
        if (!file) throw notFound();
        return Object.assign(new Blob([file.bytes.slice()]), { lastModified: file.modified });
      },
      createSyncAccessHandle: async () => {
        await this.#answer('createSyncAccessHandle');
        if (this.#open.has(path)) throw new DOMException('open already', 'NoModificationAllowedError');
        this.#open.add(path);
        const file = this.files.get(path);
        if (!file) throw notFound();
        return {
          getSize: () => file.bytes.length,
          truncate: (size) => {
            file.bytes = file.bytes.slice(0, size);
          },
          write: (bytes, { at } = { at: 0 }) => {
            if (this.usage + bytes.length > this.quota) throw new DOMException('full', 'QuotaExceededError');
            this.writesLeft -= 1;
            if (this.writesLeft < 0) throw new PowerCut();
            const part = this.writesLeft === 0 ? bytes.subarray(0, bytes.length >> 1) : bytes;
            const grown = new Uint8Array(Math.max(file.bytes.length, at + part.length));
            grown.set(file.bytes);
            grown.set(part, at);
            file.bytes = grown;
            file.modified = this.#clock++;
            if (this.writesLeft === 0) throw new PowerCut();
            return bytes.length;
          },
          flush: () => {},
          close: () => this.#open.delete(path),
        };
      },
    };
  }
}

/** Nothing that runs after it is of any consequence. */
export class PowerCut extends Error {}

interface Waiting {
  mode: 'shared' | 'exclusive';
  start(): void;
}

/** Web Locks as the standard describes them. */
export class FakeLocks implements Locks {
  readonly #held = new Map<string, { mode: 'shared' | 'exclusive' }[]>();
  readonly #queues = new Map<string, Waiting[]>();
  /** Whether no request is ever answered. */
  silent = false;

  /** Whether anything is held. */
  get busy(): boolean {
    return [...this.#held.values()].some((list) => list.length > 0);
  }

  request: Locks['request'] = (name, { mode = 'exclusive', ifAvailable = false, signal }, work) => {
    if (this.silent) return new Promise(() => {});
    const held = this.#held.get(name) ?? [];
    const queue = this.#queues.get(name) ?? [];
    this.#held.set(name, held);
    this.#queues.set(name, queue);
    const free = () => held.length === 0 || (mode === 'shared' && held.every((lock) => lock.mode === 'shared'));
    return new Promise((resolve, reject) => {
      const lock = { mode };
      const start = () => {
        signal?.removeEventListener('abort', abort);
        held.push(lock);
        Promise.resolve()
          .then(() => work(lock))
          .then(resolve, reject)
          .finally(() => {
            held.splice(held.indexOf(lock), 1);
            this.#next(held, queue);
          });
      };
      const waiting: Waiting = { mode, start };
      const abort = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(new DOMException('aborted', 'AbortError'));
        this.#next(held, queue);
      };
      if (signal?.aborted) reject(new DOMException('aborted', 'AbortError'));
      else if (queue.length === 0 && free()) start();
      else if (ifAvailable) Promise.resolve(work(null)).then(resolve, reject);
      else {
        queue.push(waiting);
        signal?.addEventListener('abort', abort);
      }
    });
  };

  #next(held: { mode: string }[], queue: Waiting[]): void {
    for (;;) {
      const [first] = queue;
      if (!first) return;
      const free = held.length === 0 || (first.mode === 'shared' && held.every(({ mode }) => mode === 'shared'));
      if (!free) return;
      queue.shift();
      first.start();
    }
  }
}
