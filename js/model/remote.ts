// A model on a server: one safetensors file, or an index with the files beside it.

import { GammaError, messageOf } from '../error.js';
import { WAIT, type Wait } from '../in-time.js';
import type { CacheMode } from '../types.js';
import type { Wanted } from './store/copy.js';
import { openKept } from './store/file.js';
import { limited } from './store/limits.js';
import { browserStorage, type Storage } from './store/opfs.js';
import { download } from './stream/download.js';
import {
  checkFileName,
  fileLabel,
  isIndexName,
  type Keeping,
  type ModelFiles,
  NOT_KEPT,
  type OpenFile,
  type OpenOptions,
  readIndex,
} from './stream/files.js';
import { Patience, TIMINGS, type Timings } from './stream/retry.js';

/** The index of a folder. */
const INDEX = 'model.safetensors.index.json';

/** What a remote model may use; tests replace it. */
export interface RemoteOptions {
  readonly cache: CacheMode;
  /** The store, or why there is none; null where nobody expects one. */
  readonly storage?: Storage | string | null;
  readonly timings?: Timings;
  readonly blockSize?: number;
  /** How long the store may take for an answer. */
  readonly wait?: Wait;
}

/** The model at an absolute URL: a file, an index (`*.index.json`), or a folder that holds one (`.../`). */
export function remoteFiles(url: string, options: RemoteOptions): ModelFiles {
  return new RemoteFiles(url, options);
}

class RemoteFiles implements ModelFiles {
  readonly single = '';
  readonly #url: string;
  readonly #index: string | undefined;
  readonly #options: RemoteOptions;
  #storage: Storage | string | null;
  /** For each URL, so that a file that is begun anew again and again comes to an end. */
  readonly #patience = new Map<string, Patience>();
  #note = '';
  #kept = true;

  constructor(url: string, options: RemoteOptions) {
    this.#url = url;
    this.#index = indexOf(url);
    this.#options = options;
    const wanted = options.cache !== 'no-store' && /^https?:/i.test(url);
    const found = wanted ? (options.storage === undefined ? browserStorage() : options.storage) : null;
    this.#storage = found === null || typeof found === 'string' ? found : limited(found, options.wait ?? WAIT);
    if (typeof this.#storage === 'string') this.#giveUp(this.#storage);
    if (this.#storage === null) this.#kept = false;
  }

  get keeping(): Keeping {
    return this.#storage === null ? NOT_KEPT : { kept: this.#kept, note: this.#note };
  }

  async index(signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#index === undefined) return undefined;
    return readIndex(await this.#open({ url: this.#index, what: 'the index of the weights', signal }));
  }

  open(name: string, { bytes: expected, signal }: OpenOptions): Promise<OpenFile> {
    const url = this.#index === undefined ? this.#url : besides(this.#index, name);
    const missing = this.#index === undefined ? undefined : 'shard-missing';
    return this.#open({ url, what: fileLabel(name), signal, expected, missing });
  }

  async #open(what: Omit<Wanted, 'patience'>): Promise<OpenFile> {
    const wanted = { ...what, patience: this.#patienceFor(what.url) };
    const { cache, blockSize, wait } = this.#options;
    if (cache === 'only-if-cached' && (this.#storage === null || typeof this.#storage === 'string')) {
      throw new GammaError('network', `${wanted.what} is not kept on this device, and \`cache\` is only-if-cached`);
    }
    if (cache !== 'no-store' && this.#storage !== null && typeof this.#storage !== 'string') {
      const note = (sentence: string, useless: boolean) => {
        this.#giveUp(sentence);
        if (useless) this.#storage = sentence;
      };
      const sizes = { ...(blockSize !== undefined && { blockSize }), ...(wait && { wait }) };
      const use = { storage: this.#storage, mode: cache, ...sizes, note };
      try {
        return await openKept(use, wanted);
      } catch (error) {
        // A store that does not work, as in some private windows, is no reason not to load.
        if (error instanceof GammaError) throw error;
        if (cache === 'only-if-cached') {
          const reason = `${wanted.what} could not be read from this device: ${messageOf(error)}`;
          throw new GammaError('store', reason, { cause: error });
        }
        // Nor is it one to ask it again for each further file of the model.
        note(`The model was not kept: ${messageOf(error)}.`, true);
      }
    }
    const begun = await download({ ...wanted, ...(cache !== 'default' && { cache: 'no-store' }) });
    return { total: begun.total, from: 'network', chunks: begun.chunks, close: begun.close };
  }

  #giveUp(sentence: string): void {
    this.#kept = false;
    this.#note ||= sentence;
  }

  #patienceFor(url: string): Patience {
    const { timings = TIMINGS } = this.#options;
    // What is in this browser's memory comes at once, or never.
    const known =
      this.#patience.get(url) ?? new Patience(/^https?:/i.test(url) ? timings : { ...timings, attempts: 1 });
    this.#patience.set(url, known);
    return known;
  }
}

/** The URL of the index, if `url` means one. */
function indexOf(url: string): string | undefined {
  if (!/^https?:/i.test(url)) return undefined;
  const { pathname } = new URL(url);
  if (pathname.endsWith('/')) return besides(url, INDEX);
  return isIndexName(pathname) ? url : undefined;
}

/** The file `name` beside `url`, with the same query, which may hold a key. */
function besides(url: string, name: string): string {
  const place = new URL(encodeURIComponent(checkFileName(name)), url);
  place.search = new URL(url).search;
  return place.href;
}
