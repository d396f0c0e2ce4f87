// Assessments that outlive the page: in IndexedDB, at most so many, the least recently used going first. Where the
// browser refuses it, as in some private windows, nothing is kept and nothing fails.
import type { Assessed } from './types.js';

/** A kept assessment. */
interface Entry extends Pick<Assessed, 'assessment' | 'final'> {
  readonly key: string;
  /** Milliseconds of the epoch. */
  readonly used: number;
}

const DATABASE = 'gamma-wasm-filter';
const TABLE = 'assessments';
/** Milliseconds after which another use is written down. */
const DAY = 86_400_000;

/** Assessments by key. */
export class Store {
  readonly #limit: number;
  #database: Promise<IDBDatabase | undefined> | undefined;
  /** Entries, as far as they were counted. */
  #count: number | undefined;

  /** `limit`: the most entries. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  async get(key: string): Promise<Pick<Assessed, 'assessment' | 'final'> | undefined> {
    const entry = await this.#do<Entry | undefined>('readonly', (table) => table.get(key));
    if (entry && Date.now() - entry.used > DAY) await this.#write({ ...entry, used: Date.now() });
    return entry;
  }

  async put(key: string, { assessment, final }: Pick<Assessed, 'assessment' | 'final'>): Promise<void> {
    await this.#write({ key, assessment, final, used: Date.now() });
    const count = this.#count ?? (await this.#do('readonly', (table) => table.count())) ?? 0;
    this.#count = count + 1;
    if (this.#count > this.#limit) await this.#evict();
  }

  close(): void {
    this.#database?.then(
      (database) => database?.close(),
      () => {},
    );
    this.#database = Promise.resolve(undefined);
  }

  async #write(entry: Entry): Promise<void> {
    await this.#do('readwrite', (table) => table.put(entry));
  }

  /** Makes room for a tenth. */
  async #evict(): Promise<void> {
    const found = (await this.#do('readonly', (table) => table.count())) ?? 0;
    let excess = found - Math.floor(this.#limit * 0.9);
    this.#count = Math.min(found, Math.floor(this.#limit * 0.9));
    if (found <= this.#limit) {
      this.#count = found;
      return;
    }
    await this.#do('readwrite', (table) => {
      const request = table.index('used').openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor || excess <= 0) return;
        cursor.delete();
        excess -= 1;
        cursor.continue();
      };
      return request;
    });
  }

  /**
   * Runs one request in a transaction of its own, to the transaction's end; undefined where there is no database or it
   * fails.
   */
  async #do<T>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    this.#database ??= open();
    const database = await this.#database;
    if (!database) return undefined;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(TABLE, mode);
        const request = ask(transaction.objectStore(TABLE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => resolve(undefined);
        transaction.onerror = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }
}

function open(): Promise<IDBDatabase | undefined> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(TABLE, { keyPath: 'key' }).createIndex('used', 'used');
      };
      request.onsuccess = () => {
        const database = request.result;
        // Another tab may have to change or delete it.
        database.onversionchange = () => database.close();
        resolve(database);
      };
      request.onerror = () => resolve(undefined);
      request.onblocked = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  });
}
