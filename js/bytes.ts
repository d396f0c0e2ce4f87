// Bytes in memory, and what tells one object from another.
import type { Bytes } from './types.js';

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

/** Whether the bytes are gone, because their buffer was transferred, or shrank below where they lay. */
export function isDetached(bytes: Bytes): boolean {
  try {
    // Nothing but a buffer that is gone refuses this; not every environment has `detached`.
    viewOf(bytes);
    return false;
  } catch {
    return true;
  }
}

/** A private copy of a chunk, to be transferred. */
export function copyOf(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(chunk.byteLength);
  copy.set(chunk);
  return copy;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** A number that stands for this very object. */
export function identityOf(object: object): number {
  let identity = identities.get(object);
  if (identity === undefined) {
    lastIdentity += 1;
    identity = lastIdentity;
    identities.set(object, identity);
  }
  return identity;
}
