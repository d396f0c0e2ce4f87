// Where a model comes from, as the caller says it, made ready to be loaded in the worker.

import { AI_WEIGHTS } from '../ai-weights.js';
import { identityOf, isBytes, isDetached, viewOf } from '../bytes.js';
import { GammaError } from '../error.js';
import type { Directory, NamedBlob } from '../file-system.js';
import { modelUrl, sceneFileUrl } from '../paths.js';
import type { WireWeights } from '../protocol.js';
import type { Bytes } from '../types.js';
import { chunksOf } from './stream/chunks.js';

/** Weights made ready to be loaded, more than once if they allow it. */
export interface WeightsSource {
  /** What the worker is told. */
  readonly wire: WireWeights;
  /** Whether they can be read only once. */
  readonly once: boolean;
  /** Tells the same weights from others; undefined for those that cannot be shared. */
  readonly key: string | undefined;
  /** The chunks, for weights that the worker pulls from here. */
  feed?(): AsyncIterator<Uint8Array, unknown, undefined>;
}

/** Bytes of memory are handed to the worker in pieces of this size. */
const PIECE = 4 << 20;

async function* pieces(bytes: Uint8Array, owner: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
  if (isDetached(owner)) throw gone();
  for (let start = 0; start < bytes.byteLength; start += PIECE) yield bytes.subarray(start, start + PIECE);
}

const EXPECTED =
  'a URL, a Blob or File, the Files of a folder, a directory handle, bytes or a ReadableStream of a Gamma model';

/**
 * Makes `weights` ready; without them, the model that comes with the package. `resolve` turns a string or URL into an absolute
 * one; `base` is the folder of the WebAssembly modules, where that is not the package's own.
 *
 * @throws {GammaError} `option` if they are of no kind that can be read.
 */
export function weightsSource(
  weights: unknown,
  resolve: (url: string | URL) => string,
  base: string | undefined,
): WeightsSource {
  if (weights === undefined) return urlSource(modelUrl(base));
  if (weights === AI_WEIGHTS) return urlSource(sceneFileUrl('gamma-lite-ai.safetensors', base));
  if (typeof weights === 'string' || weights instanceof URL) return urlSource(resolve(weights));
  if (weights instanceof Blob) return filesSource([weights]);
  if (isBytes(weights)) {
    if (isDetached(weights)) throw gone();
    const view = viewOf(weights);
    return {
      wire: { kind: 'pulled' },
      once: false,
      key: `bytes ${identityOf(weights)}`,
      feed: () => pieces(view, weights),
    };
  }
  if (weights instanceof ReadableStream) {
    const stream = weights as ReadableStream<Uint8Array>;
    if (stream.locked) throw new GammaError('option', 'option `weights`: the stream is already being read');
    return { wire: { kind: 'pulled' }, once: true, key: undefined, feed: () => chunksOf(stream, { foreign: true }) };
  }
  if (isDirectory(weights)) {
    return { wire: { kind: 'folder', folder: weights }, once: false, key: `folder ${identityOf(weights)}` };
  }
  const list =
    weights !== null && typeof weights === 'object' && Symbol.iterator in weights
      ? [...(weights as Iterable<unknown>)]
      : [];
  if (list.length > 0 && list.every((file) => file instanceof Blob)) return filesSource(list);
  throw new GammaError('option', `option \`weights\`: expected ${EXPECTED}`);
}

const gone = () =>
  new GammaError('option', 'option `weights`: the bytes are gone: their buffer was transferred to another owner');

function urlSource(url: string): WeightsSource {
  return { wire: { kind: 'url', url }, once: false, key: `url ${url}` };
}

function filesSource(blobs: readonly Blob[]): WeightsSource {
  const files = blobs.map((blob): NamedBlob => ({ name: (blob as Partial<File>).name ?? '', blob }));
  return { wire: { kind: 'files', files }, once: false, key: `files ${blobs.map(identityOf).join()}` };
}

function isDirectory(value: unknown): value is Directory {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'directory';
}
