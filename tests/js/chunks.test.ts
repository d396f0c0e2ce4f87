// Streams read through one buffer.
import { expect, test } from 'vitest';
import { chunksOf, readInto } from '../../js/model/stream/chunks.js';

const BYTES = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) >> 3);

/** The body of a response, which comes in pieces of `step` bytes. */
function body(bytes: Uint8Array, step: number): ReadableStream<Uint8Array> {
  let at = 0;
  const source: UnderlyingByteSource = {
    type: 'bytes',
    pull(controller) {
      if (at < bytes.length) {
        controller.enqueue(bytes.slice(at, at + step));
        at += step;
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
  };
  return new ReadableStream(source);
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<{ bytes: Uint8Array; sizes: Set<number> }> {
  const bytes = new Uint8Array(BYTES.length);
  const sizes = new Set<number>();
  let at = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
    sizes.add(chunk.buffer.byteLength);
  }
  return { bytes: bytes.subarray(0, at), sizes };
}

test.each([1000, 70_000, 2_000_000])(
  'every byte comes, through one buffer (the source gives %d at once)',
  async (step) => {
    const { bytes, sizes } = await gather(chunksOf(body(BYTES, step)));
    expect(Buffer.compare(bytes, BYTES)).toBe(0);
    expect([...sizes]).toEqual([1 << 20]);
  },
);

test.each([
  ['to a browser without such buffers', undefined, {}],
  ['that a program made', undefined, { foreign: true }],
  ['that a program made, and that ends as if nobody read with a buffer', 'bytes', { foreign: true }],
] as const)('a stream %s is read in its own chunks', async (_, type, how) => {
  const own = [BYTES.slice(0, 10), BYTES.slice(10)];
  const pull = (controller: { enqueue(chunk: Uint8Array<ArrayBuffer>): void; close(): void }) => {
    const next = own.shift();
    if (next) controller.enqueue(next);
    else controller.close();
  };
  const stream = type ? new ReadableStream<Uint8Array>({ type, pull }) : new ReadableStream<Uint8Array>({ pull });
  expect(Buffer.compare((await gather(chunksOf(stream, how))).bytes, BYTES)).toBe(0);
});

test('whoever leaves the loop ends the stream', async () => {
  let cancelled = 0;
  const stream = new ReadableStream<Uint8Array>({
    type: 'bytes',
    pull: (controller) => controller.enqueue(new Uint8Array(5)),
    cancel: () => {
      cancelled += 1;
    },
  });
  for await (const chunk of chunksOf(stream)) {
    expect(chunk.byteLength).toBe(5);
    break;
  }
  expect([cancelled, stream.locked]).toEqual([1, false]);
});

test('a Blob is read into a buffer that is larger', async () => {
  const room = new ArrayBuffer(BYTES.length + 100);
  const bytes = await readInto(new Blob([BYTES]), room);
  expect(Buffer.compare(bytes, BYTES)).toBe(0);
  expect([bytes.buffer.byteLength, room.byteLength]).toEqual([BYTES.length + 100, 0]);
});
