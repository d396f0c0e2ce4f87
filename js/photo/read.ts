// The kinds of photo that need no DOM: files, bytes and pixels.
import { copyOf, isDetached, viewOf } from '../bytes.js';
import { GammaError, messageOf } from '../error.js';
import { bytesOf, fetchFile } from '../model/stream/fetching.js';
import type { WirePhoto } from '../protocol.js';
import type { Bytes, PixelSource } from '../types.js';
import { LARGE, mayBeRaw } from './raw.js';
import { checkSize } from './size.js';

/** Whether a string, URL or Blob, which stay what they are. */
export function isLasting(photo: unknown): photo is string | URL | Blob {
  return typeof photo === 'string' || photo instanceof URL || photo instanceof Blob;
}

/** Whether a Blob or File: its content never changes. What lies behind an address may. */
export function isConstant(photo: unknown): photo is Blob {
  return photo instanceof Blob;
}

/** Whether `value` has pixels as ImageData has them. */
export function isPixelSource(value: unknown): value is PixelSource {
  const { width, height, data } = (value ?? {}) as Partial<PixelSource>;
  return typeof width === 'number' && typeof height === 'number' && ArrayBuffer.isView(data);
}

/**
 * Copies pixels.
 *
 * @throws {GammaError} `photo-type` if sizes and data do not fit each other or the data are no bytes; `image-too-large`.
 */
export function takePixels({ width, height, data }: PixelSource): WirePhoto {
  if (!(data instanceof Uint8ClampedArray || data instanceof Uint8Array)) {
    throw new GammaError('photo-type', 'the pixels have to be eight-bit RGBA, in a Uint8ClampedArray or Uint8Array');
  }
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new GammaError('photo-type', `the pixels' size, ${width} x ${height}, is none that a photo can have`);
  }
  if (isDetached(data)) throw detached('pixels');
  if (data.byteLength !== width * height * 4) {
    throw new GammaError(
      'photo-type',
      `${width} x ${height} RGBA pixels take ${width * height * 4} bytes, but ${data.byteLength} were given`,
    );
  }
  checkSize(width, height);
  const copy = copyOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { kind: 'rgba', width, height, data: copy.buffer };
}

/**
 * Copies encoded bytes.
 *
 * @throws {GammaError} `photo-type` if their buffer was handed to somebody else.
 */
export function takeBytes(bytes: Bytes): WirePhoto {
  if (isDetached(bytes)) throw detached('bytes');
  return { kind: 'bytes', bytes: copyOf(viewOf(bytes)).buffer, type: '' };
}

function detached(what: string): GammaError {
  return new GammaError('photo-type', `the ${what} are gone: their buffer was transferred to another owner`);
}

/** Reads a Blob or File, unless a part of it may do. */
export async function readBlob(blob: Blob): Promise<WirePhoto> {
  try {
    // Of a RAW file the worker reads what it needs.
    if (blob.size >= LARGE && mayBeRaw(new Uint8Array(await blob.slice(0, 16).arrayBuffer()))) {
      return { kind: 'file', file: blob, type: blob.type };
    }
    return { kind: 'bytes', bytes: await blob.arrayBuffer(), type: blob.type };
  } catch (error) {
    const name = (blob as Partial<File>).name;
    throw new GammaError('io', `the photo${name ? ` ${name}` : ''} could not be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Fetches a photo. */
export async function readUrl(url: string, signal: AbortSignal): Promise<WirePhoto & { kind: 'bytes' }> {
  const response = await fetchFile(url, 'the photo', signal);
  const type = response.headers.get('content-type') ?? '';
  return { kind: 'bytes', bytes: await bytesOf(response, 'the photo', signal), type };
}

/** The error for a value that is no photo. */
export function noPhoto(photo: unknown, kinds: string): GammaError {
  const what = photo === null || typeof photo !== 'object' ? String(photo) : Object.prototype.toString.call(photo);
  return new GammaError('photo-type', `${what.slice(0, 80)} is no photo; expected ${kinds}`);
}
