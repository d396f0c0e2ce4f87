// A model put together from its files: index, the files in their order, and the progress of it all.

import { GammaError, throwIfAborted } from '../error.js';
import { checkFileName, type ModelFiles } from '../model/stream/files.js';
import { StartOver } from '../model/stream/retry.js';
import type { LoadProgress, Origin, Precision } from '../types.js';
import type { Engine, IndexedFile, Loader, LoaderProgress, WasmModule } from '../wasm.js';
import { Pace } from './time-left.js';

/** How loading is followed and ended. */
export interface Follow {
  readonly signal: AbortSignal;
  /** Milliseconds since some moment. */
  now(): number;
  /** Progress is reported at most this often, in milliseconds. */
  readonly interval: number;
  report(progress: LoadProgress): void;
}

/** A model, and where its bytes came from: from the network if any of them did. */
export interface Assembled {
  readonly engine: Engine;
  readonly from: Origin;
  /** The files of its text tower that were left out. */
  readonly text: readonly IndexedFile[];
}

/**
 * Loads a model without its text tower, if that lies in files of its own; after a scene file the default model, which it extends.
 * A model that changes on its server meanwhile is begun anew, once.
 *
 * @throws {GammaError} What is wrong with the files or their transport; `weights-changed`; `aborted`.
 */
export function assemble(
  module: WasmModule,
  precision: Precision,
  files: ModelFiles,
  defaultModel: () => ModelFiles | Promise<ModelFiles>,
  follow: Follow,
): Promise<Assembled> {
  return untilUnchanged(async () => {
    const loader = new Owned(new module.Loader(precision));
    try {
      const index = await files.index(follow.signal);
      const listed = index ? checked(loader.use.set_index(index).files) : [{ name: files.single, text: false }];
      const wanted = listed.filter(({ text }) => !text);
      const progress = new Progress(wanted, tensorsOf(index, wanted), follow);
      let from = await load(loader.use, files, wanted, progress, follow);
      if (loader.use.needs_model()) {
        const model = await defaultModel();
        const whole = [{ name: model.single, text: false }];
        progress.more(whole);
        const ofModel = await load(loader.use, model, whole, progress, follow);
        if (from !== 'network') from = ofModel;
      }
      return { engine: await loader.take().finish(), from, text: listed.filter(({ text }) => text) };
    } finally {
      loader.drop();
    }
  });
}

/** Loads the text tower, from the files that {@link assemble} left out. */
export function assembleText(
  engine: Engine,
  files: ModelFiles,
  text: readonly IndexedFile[],
  follow: Follow,
): Promise<void> {
  return untilUnchanged(async () => {
    const loader = new Owned(engine.text_loader());
    try {
      await load(loader.use, files, text, new Progress(text, undefined, follow), follow);
      await engine.add_text(loader.take());
    } finally {
      loader.drop();
    }
  });
}

/** Frees a WebAssembly object. After a trap that fails, and there is nothing left to free. */
export function free(object: { free(): void } | undefined): void {
  try {
    object?.free();
  } catch {
    // The instance is gone, with its memory.
  }
}

/** A loader until somebody else owns it. */
class Owned {
  #loader: Loader | undefined;

  constructor(loader: Loader) {
    this.#loader = loader;
  }

  get use(): Loader {
    if (!this.#loader) throw new GammaError('worker', 'the loader is gone');
    return this.#loader;
  }

  take(): Loader {
    const loader = this.use;
    this.#loader = undefined;
    return loader;
  }

  drop(): void {
    free(this.#loader);
    this.#loader = undefined;
  }
}

async function untilUnchanged<T>(work: () => Promise<T>): Promise<T> {
  for (let changes = 0; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StartOver)) throw error;
      if (error.changed) changes += 1;
      if (changes > 1) {
        const { what } = error;
        throw new GammaError(
          'weights-changed',
          `${what}: the file changed on the server while it was downloaded, twice`,
        );
      }
    }
  }
}

function checked(files: readonly IndexedFile[]): readonly IndexedFile[] {
  for (const { name } of files) checkFileName(name);
  return files;
}

async function load(
  loader: Loader,
  files: ModelFiles,
  wanted: readonly IndexedFile[],
  progress: Progress,
  { signal }: Follow,
): Promise<Origin> {
  let origin: Origin | undefined;
  for (const { name, bytes } of wanted) {
    const file = await files.open(name, { bytes, signal });
    try {
      const total = bytes ?? file.total;
      loader.begin(name || 'model.safetensors', total);
      progress.begin(total, file.from);
      for await (const chunk of file.chunks) {
        throwIfAborted(signal);
        if (chunk.byteLength === 0) continue;
        progress.advance(loader.push(chunk), file.from);
        if (origin !== 'network') origin = file.from;
      }
      throwIfAborted(signal);
      progress.end(file.from);
      origin ??= file.from;
    } finally {
      file.close();
    }
  }
  return origin ?? 'memory';
}

/** How many tensors the index lists in the files wanted. */
function tensorsOf(index: Uint8Array | undefined, wanted: readonly IndexedFile[]): number | undefined {
  if (!index) return undefined;
  // The engine has read it and found no fault.
  const { weight_map: map = {} } = JSON.parse(new TextDecoder().decode(index)) as {
    weight_map?: Record<string, string>;
  };
  const names = new Set(wanted.map(({ name }) => name));
  return Object.values(map).filter((name) => names.has(name)).length;
}

/** Adds up the progress of several files. */
class Progress {
  readonly #follow: Follow;
  readonly #pace = new Pace();
  #tensorsTotal: number | undefined;
  /** Lengths of the files that are still to be begun; undefined if one of them is not known. */
  #later: number | undefined;
  #remaining: (number | undefined)[];
  #done = { bytes: 0, tensors: 0 };
  #now = { bytes: 0, tensors: 0 };
  /** Length of the file begun. */
  #total: number | undefined;
  #fileTensors = 0;
  /** When something was reported last, and how many bytes. */
  #reported = Number.NEGATIVE_INFINITY;
  #told = -1;

  constructor(wanted: readonly IndexedFile[], tensors: number | undefined, follow: Follow) {
    this.#follow = follow;
    this.#tensorsTotal = tensors;
    this.#remaining = wanted.map(({ bytes }) => bytes);
  }

  /** Further files come after those that are done. */
  more(wanted: readonly IndexedFile[]): void {
    this.#tensorsTotal = undefined;
    this.#remaining = wanted.map(({ bytes }) => bytes);
  }

  /** A file of `total` bytes begins. */
  begin(total: number | undefined, from: Origin): void {
    this.#remaining.shift();
    this.#later = this.#remaining.reduce<number | undefined>(
      (sum, bytes) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
      0,
    );
    this.#total = total;
    this.#now = { bytes: 0, tensors: 0 };
    if (this.#done.bytes === 0) this.#tell(from);
  }

  advance(state: LoaderProgress, from: Origin): void {
    this.#now = { bytes: state.bytes, tensors: state.tensors };
    // The file's own header knows its size even where the server does not say.
    this.#total = state.bytes_total || this.#total;
    this.#fileTensors = state.tensors_total;
    const { loaded, total } = this.#sum();
    if (loaded !== total && this.#follow.now() - this.#reported < this.#follow.interval) return;
    this.#tell(from);
  }

  end(from: Origin): void {
    if (this.#told !== this.#sum().loaded) this.#tell(from);
    this.#done = { bytes: this.#done.bytes + this.#now.bytes, tensors: this.#done.tensors + this.#now.tensors };
    this.#now = { bytes: 0, tensors: 0 };
    this.#total = 0;
  }

  #sum(): { loaded: number; total: number | undefined } {
    const loaded = this.#done.bytes + this.#now.bytes;
    const known = this.#later !== undefined && this.#total !== undefined;
    return { loaded, total: known ? this.#done.bytes + (this.#total ?? 0) + (this.#later ?? 0) : undefined };
  }

  #tell(from: Origin): void {
    const now = this.#follow.now();
    this.#reported = now;
    const { loaded, total } = this.#sum();
    this.#told = loaded;
    this.#pace.note(loaded, now);
    const secondsLeft = total === undefined ? undefined : this.#pace.secondsLeft(total, now);
    const alone = this.#remaining.length === 0 && this.#done.bytes === 0 && this.#fileTensors > 0;
    const tensorsTotal = this.#tensorsTotal ?? (alone ? this.#fileTensors : undefined);
    this.#follow.report({
      phase: 'weights',
      loaded,
      ...(total !== undefined && { total }),
      tensors: this.#done.tensors + this.#now.tensors,
      ...(tensorsTotal !== undefined && { tensorsTotal }),
      ...(secondsLeft !== undefined && { secondsLeft }),
      from,
    });
  }
}
