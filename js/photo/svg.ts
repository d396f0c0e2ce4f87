// SVG photos are drawn in the page: no worker can, and `createImageBitmap` takes them only from an element.
import { GammaError, messageOf, throwIfAborted } from '../error.js';
import type { WirePhoto } from '../protocol.js';
import { bitmapOf } from './bitmap.js';
import { canvasOf, contextOf } from './canvas.js';
import { checkSize, noRoom } from './size.js';

/** Draws an SVG image in its own size. Other photos pass. */
export async function rasterised(wire: WirePhoto, signal: AbortSignal): Promise<WirePhoto> {
  if (wire.kind !== 'bytes' || !isSvg(wire) || typeof Image === 'undefined') return wire;
  const url = URL.createObjectURL(new Blob([wire.bytes], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    throwIfAborted(signal);
    return { kind: 'bitmap', bitmap: await draw(image) };
  } catch (error) {
    if (error instanceof GammaError) throw error;
    throw new GammaError('image-format', `the SVG image cannot be drawn: ${messageOf(error)}`, { cause: error });
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function draw(image: HTMLImageElement): Promise<ImageBitmap> {
  const { naturalWidth: width, naturalHeight: height } = image;
  if (width === 0 || height === 0) throw new GammaError('image-format', 'the SVG image has no size of its own');
  checkSize(width, height);
  const canvas = canvasOf(width, height);
  const context = contextOf(canvas);
  if (!context) throw noRoom(width, height);
  context.drawImage(image, 0, 0, width, height);
  try {
    return await bitmapOf(canvas);
  } catch (error) {
    // A canvas beyond the browser's own limits holds no pixels.
    throw noRoom(width, height, error);
  }
}

function isSvg({ bytes, type }: WirePhoto & { kind: 'bytes' }): boolean {
  if (/^image\/svg\+xml\b/i.test(type)) return true;
  const head = new TextDecoder('latin1').decode(new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 1024)));
  return /^(\u00ef\u00bb\u00bf)?\s*<(\?xml|!--|!doctype svg|svg)/i.test(head) && /<svg[\s>]/i.test(head);
}
