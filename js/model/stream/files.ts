// The files of a model, wherever they lie: each can be opened by its name, as a stream.
import { GammaError } from '../../error.js';
import type { Origin } from '../../types.js';

/** A file being read. */
export interface OpenFile {
  /** Its length, if known. */
  readonly total: number | undefined;
  /** Where the chunk read last came from; before the first, where it will come from as far as can be told. */
  readonly from: Origin;
  /** Each is good until the next one is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Lets go of it; for a file that is not read to its end. */
  close(): void;
}

/** How a file is opened. */
export interface OpenOptions {
  /** Its length according to the index. */
  readonly bytes?: number | undefined;
  readonly signal: AbortSignal;
}

/** The files of one model. */
export interface ModelFiles {
  /** The bytes of the index; undefined for a model of one file. */
  index(signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Name of the file of a model without an index. */
  readonly single: string;
  /**
   * Opens a file.
   *
   * @throws {GammaError} Also while its chunks are read; and then StartOver, if bytes of it that were given are void.
   */
  open(name: string, options: OpenOptions): Promise<OpenFile>;
  /** Whether the model is kept on this device as it is loaded, and if not, why, where that is not what was asked for. */
  readonly keeping: Keeping;
}

/** Whether something is kept. */
export interface Keeping {
  readonly kept: boolean;
  /** A sentence, or nothing. */
  readonly note: string;
}

/** Nothing is kept, and nobody expects it. */
export const NOT_KEPT: Keeping = { kept: false, note: '' };

/** What messages call a file. */
export const fileLabel = (name: string): string => (name === '' ? 'the weights' : `the weights' file ${name}`);

/** No index is larger, in bytes: it has a line for each tensor. */
const MAX_INDEX = 16 << 20;

/**
 * All bytes of an index.
 *
 * @throws {GammaError} `weights-index` if they are too many to be one.
 */
export async function readIndex(file: OpenFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of file.chunks) {
      parts.push(chunk.slice());
      length += chunk.byteLength;
      if (length > MAX_INDEX) {
        throw new GammaError('weights-index', `the index of the weights is longer than ${MAX_INDEX} bytes: it is none`);
      }
    }
  } finally {
    file.close();
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Whether a file's name is that of an index. */
export const isIndexName = (name: string): boolean => /\.index\.json$/i.test(name);

/**
 * Checks the name of a file that an index gives, which comes from the network and must not lead anywhere else.
 *
 * @throws {GammaError} `weights-index` unless it is the bare name of a file.
 */
export function checkFileName(name: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (typeof name === 'string' && /^[^/\\:\u0000-\u001f]+$/.test(name) && !/^\.+$/.test(name)) return name;
  throw new GammaError(
    'weights-index',
    `the index of the weights names a file ${JSON.stringify(String(name)).slice(0, 100)}: only a bare file name is allowed`,
  );
}

/**
 * Which of these files a model begins with.
 *
 * @throws {GammaError} `option` unless there is one index, or no index and one safetensors file.
 */
export function entryOf(names: readonly string[], where: string): { index?: string; single: string } {
  const [index, ...others] = names.filter(isIndexName);
  if (index !== undefined && others.length === 0) return { index, single: '' };
  const [single, ...more] = index === undefined ? names.filter((name) => /\.safetensors$/i.test(name)) : [];
  if (single !== undefined && more.length === 0) return { single };
  const found =
    index === undefined
      ? `${single === undefined ? 'no' : more.length + 1} safetensors files and no index`
      : 'several indexes';
  throw new GammaError(
    'option',
    `option \`weights\`: ${where} holds ${found}; expected one index, or one safetensors file`,
  );
}
