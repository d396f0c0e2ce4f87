// The sizes of photos that are read as pixels: the limits of the engine, for what does not go through its decoders.
import { GammaError } from '../error.js';

/** The most pixels of a photo. */
const MAX_PIXELS = 100_000_000;
/** The most pixels along a side. */
const MAX_SIDE = 65_535;

/**
 * Checks a size in pixels.
 *
 * @throws {GammaError} `image-too-large`.
 */
export function checkSize(width: number, height: number): void {
  if (width * height <= MAX_PIXELS && width <= MAX_SIDE && height <= MAX_SIDE) return;
  const most = `at most ${MAX_PIXELS} are read, and ${MAX_SIDE} along a side`;
  throw new GammaError('image-too-large', `the image is too large: ${width} x ${height} pixels; ${most}`);
}

/** The error for a size that is allowed and that this browser cannot have. */
export function noRoom(width: number, height: number, cause?: unknown): GammaError {
  return new GammaError('image-too-large', `the browser gave no canvas of ${width} x ${height} pixels`, { cause });
}
