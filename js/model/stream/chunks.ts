// Streams of bytes read through one buffer, where the browser lets it: chunks of their own stay in memory until the garbage
// collector comes, and a model is a hundred megabytes of them.

/** Bytes that are read at once. */
const PIECE = 1 << 20;

/** How a stream is read. */
interface Reading {
  /** Made by a program, which may not know how to end for a reader with a buffer: it is read in its own chunks. */
  readonly foreign?: boolean;
}

/** Reads a stream. A chunk lies in memory that the next call writes over. */
export class ChunkReader {
  readonly #reader: ReadableStreamBYOBReader | ReadableStreamDefaultReader<Uint8Array>;
  #buffer: ArrayBuffer | undefined;

  constructor(stream: ReadableStream<Uint8Array>, { foreign = false }: Reading = {}) {
    this.#reader = (!foreign && buffered(stream)) || stream.getReader();
  }

  /** The next chunk; undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#reader instanceof ReadableStreamDefaultReader) return (await this.#reader.read()).value;
    const buffer = this.#buffer ?? new ArrayBuffer(PIECE);
    // It belongs to the stream until it is back.
    this.#buffer = undefined;
    const { done, value } = await this.#reader.read(new Uint8Array(buffer));
    this.#buffer = value?.buffer;
    return done ? undefined : value;
  }

  /** Ends the stream. */
  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }

  /** Lets go of the stream. */
  release(): void {
    this.#reader.releaseLock();
  }
}

/** The chunks of `stream`, each good until the next one is asked for; leaving the loop early cancels the stream. */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  how: Reading = {},
): AsyncGenerator<Uint8Array, void, void> {
  const reader = new ChunkReader(stream, how);
  let ended = false;
  try {
    for (;;) {
      const chunk = await reader.read();
      if (!chunk) {
        ended = true;
        return;
      }
      yield chunk;
    }
  } finally {
    if (!ended) reader.cancel();
    reader.release();
  }
}

/** All bytes of `blob`, in `buffer` if the browser reads into it; it is not to be used any more then. */
export async function readInto(blob: Blob, buffer: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
  const reader = buffered(blob.stream());
  if (!reader) return new Uint8Array(await blob.arrayBuffer());
  let bytes = new Uint8Array(buffer, 0, 0);
  while (bytes.byteLength < blob.size) {
    const at = bytes.byteLength;
    const { value } = await reader.read(new Uint8Array(bytes.buffer, at, blob.size - at));
    if (!value || value.byteLength === 0) throw new Error(`it ended after ${at} of ${blob.size} bytes`);
    bytes = new Uint8Array(value.buffer, 0, at + value.byteLength);
  }
  return bytes;
}

/** A reader into buffers; undefined where this browser knows none for this stream. */
function buffered(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
}
