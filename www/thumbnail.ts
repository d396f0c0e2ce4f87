import type { PixelSource } from 'gamma-wasm';

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
  file: Blob;
  /** Size of the thumbnail, in pixels. */
  width: number;
  height: number;
}

/** The thumbnail that a photo's score gives: of the same decoding, and of formats that the browser does not show. */
export class Picture {
  /** The thumbnail, when it comes. */
  readonly given: Promise<Thumbnail | undefined>;
  private resolve: (thumbnail: Promise<Thumbnail | undefined>) => void = () => {};

  constructor() {
    this.given = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** Takes the photo as the model looks at it; the first time counts. */
  give({ width, height, data }: PixelSource): void {
    this.resolve(encoded(new ImageData(new Uint8ClampedArray(data), width, height)));
  }

  /** The thumbnail, if it comes within so many milliseconds. */
  within(milliseconds: number): Promise<Thumbnail | undefined> {
    return Promise.race([this.given, new Promise<undefined>((resolve) => setTimeout(resolve, milliseconds))]);
  }
}

async function encoded(pixels: ImageData): Promise<Thumbnail | undefined> {
  try {
    const { width, height } = pixels;
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')?.putImageData(pixels, 0, 0);
    // Each photo gets one, seen or not: JPEG is written in a third of the time of WebP.
    return { file: await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 }), width, height };
  } catch {
    return undefined;
  }
}

/** A thumbnail of the photo, decoded for it; or undefined where the browser cannot decode it (TIFF, or no photo at all). */
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
    return { file: await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 }), width, height };
  } catch {
    return undefined;
  } finally {
    done();
  }
}
