/** Longest side of a thumbnail, in pixels: a card's width on a screen of high density. */
const SIDE = 640;
/** Decoding a large photo takes much memory, so few are decoded at a time. */
const AT_ONCE = 2;

const waiting: (() => void)[] = [];
let running = 0;

async function turn(): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
}

function done(): void {
  const next = waiting.shift();
  if (next) next();
  else running -= 1;
}

/** A small picture of a photo. */
export interface Thumbnail {
  /** An object URL; whoever drops the thumbnail revokes it. */
  url: string;
  /** Size of the thumbnail, in pixels. */
  width: number;
  height: number;
}

/** A thumbnail of the photo, or undefined where the browser cannot decode it (TIFF, or no photo at all). */
export async function thumbnailOf(photo: Blob): Promise<Thumbnail | undefined> {
  await turn();
  try {
    const full = await createImageBitmap(photo);
    const scale = Math.min(1, SIDE / Math.max(full.width, full.height));
    const width = Math.max(1, Math.round(full.width * scale));
    const height = Math.max(1, Math.round(full.height * scale));
    const small = await createImageBitmap(full, { resizeWidth: width, resizeHeight: height, resizeQuality: 'medium' });
    full.close();
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(small);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 });
    return { url: URL.createObjectURL(blob), width, height };
  } catch {
    return undefined;
  } finally {
    done();
  }
}
