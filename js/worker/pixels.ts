// Pixels out of the browser's bitmaps, in a page's worker. There is but one way to them, a canvas, and some browsers falsify what a
// page reads from one.
import { GammaError } from '../error.js';
import { checkSize, noRoom } from '../photo/size.js';
import type { PixelsRead } from './platform.js';

/** Reads a bitmap's pixels, not premultiplied, and closes it. */
export function readBitmap(bitmap: ImageBitmap): PixelsRead {
  try {
    const { width, height } = bitmap;
    checkSize(width, height);
    const pixels = read(bitmap, width, height);
    return { ...pixels, ...(addsNoise() && { inexact: true as const }) };
  } finally {
    bitmap.close();
  }
}

function read(bitmap: ImageBitmap, width: number, height: number): PixelsRead {
  try {
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (!context) throw noRoom(width, height);
    context.globalCompositeOperation = 'copy';
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (error) {
    // What a canvas refuses is its size: who may read the bitmap was asked before it came here.
    throw error instanceof GammaError ? error : noRoom(width, height, error);
  }
}

let noise: boolean | undefined;

/**
 * Whether this browser falsifies pixels, as Firefox and Brave do against fingerprinting. Found out once, with a picture of many colours: of
 * one colour they are left alone.
 */
function addsNoise(): boolean {
  noise ??= falsifies();
  return noise;
}

/** Squares along a side of the picture that is compared, and pixels along a side of a square. */
const SQUARES = 16;
const SQUARE = 8;

function falsifies(): boolean {
  const side = SQUARES * SQUARE;
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d');
  if (!context) return false;
  const colour = (x: number, y: number) => [(x * 17) & 255, (y * 17) & 255, ((x + y) * 8) & 255] as const;
  for (let y = 0; y < SQUARES; y++) {
    for (let x = 0; x < SQUARES; x++) {
      context.fillStyle = `rgb(${colour(x, y).join()})`;
      context.fillRect(x * SQUARE, y * SQUARE, SQUARE, SQUARE);
    }
  }
  const bitmap = canvas.transferToImageBitmap();
  try {
    const { data } = read(bitmap, side, side);
    for (let at = 0; at < side * side; at++) {
      const [red, green, blue] = colour(Math.floor((at % side) / SQUARE), Math.floor(at / side / SQUARE));
      const [r, g, b, alpha] = data.subarray(4 * at, 4 * at + 4);
      if (r !== red || g !== green || b !== blue || alpha !== 255) return true;
    }
    return false;
  } finally {
    bitmap.close();
  }
}
