// Where a model comes from, and how it reaches the engine: always as a stream of chunks, never as one block.
import { GammaError, throwIfAborted } from './error.js';
import { chunksOf, type FileStream, fetchFile, streamOf } from './fetching.js';
import type { WireWeights } from './protocol.js';
import type { Bytes } from './types.js';

/**
 * A safetensors file: its URL (relative to the page), a Blob or File, its bytes, or a stream of them. A stream can be read
 * only once, so an engine that crashed cannot be loaded again from it; all others can.
 */
export type Weights = string | URL | Blob | Bytes | ReadableStream<Uint8Array>;

/** Weights made ready to be loaded, more than once if they allow it. */
export interface WeightsSource {
  /** What the worker is told. */
  readonly wire: WireWeights;
  /** Whether they can be read only once. */
  readonly once: boolean;
  /** The chunks, for weights that the worker pulls from here. */
  feed?(): AsyncIterator<Uint8Array, unknown, undefined>;
}

/** Bytes of memory are handed to the worker in pieces of this size. */
const PIECE = 4 << 20;

/** The bytes of a buffer or view, without copying. */
export function viewOf(bytes: Bytes): Uint8Array {
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Uint8Array(bytes);
}

/** Whether `value` is an ArrayBuffer, a SharedArrayBuffer or a view, of this realm or another. */
export function isBytes(value: unknown): value is Bytes {
  if (ArrayBuffer.isView(value)) return true;
  const name = Object.prototype.toString.call(value);
  return name === '[object ArrayBuffer]' || name === '[object SharedArrayBuffer]';
}

/** A private copy of a chunk, to be transferred. */
export function copyOf(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(chunk.byteLength);
  copy.set(chunk);
  return copy;
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.byteLength; start += PIECE) yield bytes.subarray(start, start + PIECE);
}

/**
 * Makes `weights` ready. `resolve` turns a string or URL into an absolute one.
 *
 * @throws {GammaError} `weights-none` if there are none, `option` if they are of no kind that can be read.
 */
export function weightsSource(weights: unknown, resolve: (url: string | URL) => string): WeightsSource {
  if (weights === undefined || weights === null) {
    throw new GammaError(
      'weights-none',
      'this version of gamma-wasm ships no model: pass `weights`, the URL, Blob, bytes or stream of a Gamma safetensors file',
    );
  }
  if (typeof weights === 'string' || weights instanceof URL) {
    return { wire: { kind: 'url', url: resolve(weights) }, once: false };
  }
  if (weights instanceof Blob) return { wire: { kind: 'blob', blob: weights }, once: false };
  if (isBytes(weights)) {
    const view = viewOf(weights);
    return { wire: { kind: 'pulled' }, once: false, feed: () => pieces(view) };
  }
  if (weights instanceof ReadableStream) {
    const stream = weights as ReadableStream<Uint8Array>;
    if (stream.locked) throw new GammaError('option', 'option `weights`: the stream is already being read');
    return { wire: { kind: 'pulled' }, once: true, feed: () => chunksOf(stream) };
  }
  throw new GammaError('option', 'option `weights`: expected a URL, a Blob, bytes or a ReadableStream');
}

/** Opens the weights at `url`, in the worker. */
export async function openUrl(url: string, signal: AbortSignal | undefined): Promise<FileStream> {
  return streamOf(await fetchFile(url, 'the weights', signal), 'the weights', signal);
}

/** Opens the weights in `blob`, in the worker. */
export function openBlob(blob: Blob): FileStream {
  return { total: blob.size, chunks: chunksOf(blob.stream()) };
}

/**
 * Passes the chunks on, refuses a web page that came without saying so (no safetensors file begins like one), and stops
 * when `signal` says so.
 *
 * @throws {GammaError} `http` for a web page, `aborted`.
 */
export async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  let first = true;
  for await (const chunk of chunks) {
    throwIfAborted(signal);
    if (chunk.byteLength === 0) continue;
    if (first) {
      first = false;
      const head = new TextDecoder('latin1').decode(chunk.subarray(0, 64));
      if (/^(\u00ef\u00bb\u00bf)?\s*<(!doctype|html|head|\?xml|!--)/i.test(head)) {
        throw new GammaError(
          'http',
          'the weights: the server answered with a web page instead of the file; is the address right?',
        );
      }
    }
    yield chunk;
  }
}
