// Every kind of photo that a page may hold, made ready for the worker. Encoded bytes stay encoded, so that the engine
// decodes them and all devices see the same pixels; only what has no encoded bytes is sent as pixels.
import { absolute } from '../address.js';
import { isBytes } from '../bytes.js';
import { GammaError, messageOf, throwIfAborted } from '../error.js';
import type { WirePhoto } from '../protocol.js';
import type { Bytes, PixelSource } from '../types.js';
import { bitmapOf } from './bitmap.js';
import { canvasOf, contextOf } from './canvas.js';
import { AskedPicture } from './element.js';
import { isPixelSource, noPhoto, readBlob, readUrl, takeBytes, takePixels } from './read.js';
import { checkSize } from './size.js';
import { rasterised } from './svg.js';
import { checkFrame, foundFrame } from './video.js';

/**
 * A photo: its URL (relative to the page), a Blob or File, encoded bytes, pixels, or an element, bitmap or frame that shows
 * it. Of an `<img>` the file is read again from its address, and what it shows is taken only if that fails.
 */
export type Photo =
  | string
  | URL
  | Blob
  | Bytes
  | ImageData
  | PixelSource
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

/** Reads any {@link Photo}. What can change is taken before the first wait. */
export async function takePhoto(photo: Photo, signal: AbortSignal): Promise<WirePhoto> {
  throwIfAborted(signal);
  if (typeof photo === 'string' || photo instanceof URL)
    return rasterised(await readUrl(absolute(photo), signal), signal);
  if (photo instanceof Blob) return rasterised(await readBlob(photo), signal);
  if (isBytes(photo)) return rasterised(takeBytes(photo), signal);
  if (isA('HTMLImageElement', photo)) return takeImage(photo as HTMLImageElement, signal);
  if (isPixelSource(photo) && !(isA('ImageData', photo) && isWide(photo as ImageData))) return takePixels(photo);
  if (isA('HTMLVideoElement', photo)) {
    const video = photo as HTMLVideoElement;
    if (video.seeking) await foundFrame(video, signal);
    else checkFrame(video);
    return takeBitmap(video);
  }
  for (const name of ['HTMLCanvasElement', 'OffscreenCanvas', 'ImageBitmap', 'ImageData', 'VideoFrame']) {
    if (isA(name, photo)) return takeBitmap(photo as ImageBitmapSource);
  }
  throw noPhoto(photo, 'a URL, Blob, bytes, ImageData, ImageBitmap, img, canvas, video or VideoFrame');
}

/** By name as well as by constructor, so that elements of another frame count. */
function isA(name: string, value: unknown): boolean {
  return Object.prototype.toString.call(value) === `[object ${name}]`;
}

/** Whether the ImageData hold other than eight-bit sRGB; the browser converts them. */
function isWide(image: ImageData): boolean {
  return !(image.data instanceof Uint8ClampedArray) || (image.colorSpace ?? 'srgb') !== 'srgb';
}

/** Errors of a picture that the page's scripts cannot fetch, and that an element may show all the same. */
const UNFETCHED = ['http', 'network'];

async function takeImage(image: HTMLImageElement, signal: AbortSignal): Promise<WirePhoto> {
  const asked = new AskedPicture(image);
  // Without a wait where there is one address: that of a Blob may be revoked at once.
  const address = asked.address ?? (await asked.chosen(signal));
  if (!address) throw new GammaError('photo-type', 'the img element has no address yet');
  let shown: HTMLImageElement | undefined;
  try {
    return await rasterised(await readUrl(address, signal), signal);
  } catch (error) {
    throwIfAborted(signal);
    if (!(error instanceof GammaError && UNFETCHED.includes(error.code))) throw error;
    shown = await asked.shown(address, signal);
    if (!shown) throw error;
  }
  return takeBitmap(shown);
}

/** What `source` shows now, as a bitmap that may go to the worker. */
async function takeBitmap(source: ImageBitmapSource): Promise<WirePhoto> {
  checkSizeOf(source);
  let bitmap: ImageBitmap;
  try {
    bitmap = await bitmapOf(source);
  } catch (error) {
    if ((error as Error | null)?.name === 'SecurityError') throw tainted(error);
    throw new GammaError('photo-type', `nothing can be read from the ${nameOf(source)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    assertReadable(bitmap);
  } catch (error) {
    bitmap.close();
    throw error;
  }
  return { kind: 'bitmap', bitmap };
}

function checkSizeOf(source: object): void {
  const { naturalWidth, naturalHeight, videoWidth, videoHeight, displayWidth, displayHeight, width, height } =
    source as Record<string, number | undefined>;
  checkSize(
    naturalWidth ?? videoWidth ?? displayWidth ?? width ?? 0,
    naturalHeight ?? videoHeight ?? displayHeight ?? height ?? 0,
  );
}

/** One pixel is enough to hear whether the page may read them. */
function assertReadable(bitmap: ImageBitmap): void {
  const context = contextOf(canvasOf(1, 1));
  if (!context) return;
  context.drawImage(bitmap, 0, 0);
  try {
    context.getImageData(0, 0, 1, 1);
  } catch (error) {
    throw tainted(error);
  }
}

function tainted(cause: unknown): GammaError {
  return new GammaError(
    'photo-tainted',
    'the browser does not let this page read the pixels, because they come from another origin: serve the file with an Access-Control-Allow-Origin header and set crossorigin="anonymous" on the element, or pass the file itself',
    { cause },
  );
}

function nameOf(source: object): string {
  return Object.prototype.toString.call(source).slice('[object '.length, -1);
}
