// A photo's bytes to the engine's pixels: by the engine, by the module of rarer formats, or by the browser.
import { GammaError, throwIfAborted, toGammaError } from '../error.js';
import type { KnownOfPhoto, WirePhoto } from '../protocol.js';
import type { Provenance } from '../types.js';
import type { DecodeOptions, Engine, EnginePhoto, PhotoAbout, WasmModule } from '../wasm.js';
import type { Extras, RgbAbout } from './extras.js';
import type { HostPlatform, PixelsRead } from './platform.js';
import { type PartedFile, partsOf } from './raw.js';

/** The engine's photo, and where its pixels came from. */
export interface Decoded {
  readonly photo: EnginePhoto;
  readonly about: PhotoAbout;
  /** What the file declares; absent where there is none, or only a part of it was read. */
  readonly provenance?: Provenance | undefined;
  /** Of a photo that was scaled before: how. */
  readonly scaled?: Pick<KnownOfPhoto, 'scale' | 'enlarged'> | undefined;
}

/** What decodes. */
export interface Decoders {
  readonly platform: HostPlatform;
  readonly module: WasmModule;
  readonly engine: Engine;
  readonly extras: Extras;
}

/** Makes a photo ready for the engine. */
export async function decodePhoto(
  decoders: Decoders,
  wire: WirePhoto,
  parity: boolean,
  signal: AbortSignal,
): Promise<Decoded> {
  const { platform, engine } = decoders;
  switch (wire.kind) {
    case 'rgba': {
      const { width, height, data } = wire;
      return { photo: engine.pixels(width, height, new Uint8Array(data), { parity }), about: { source: 'pixels' } };
    }
    case 'bitmap': {
      if (!platform.readBitmap) throw new GammaError('photo-type', 'bitmaps cannot be read here');
      return ofPixels(engine, platform.readBitmap(wire.bitmap), 'pixels', parity);
    }
    case 'prepared': {
      const { width, height, rgb, known } = wire;
      const { provenance, scale, enlarged, ...about } = known;
      return {
        photo: engine.photo(width, height, new Uint8Array(rgb)),
        about,
        provenance,
        scaled: { scale, enlarged },
      };
    }
    case 'bytes':
      return decodeBytes(decoders, wire.bytes, wire.type, parity, signal);
    case 'file': {
      const file = await openFile(platform, wire.file);
      try {
        return await decodeFile(decoders, file, wire.type, parity, signal);
      } finally {
        await file.close();
      }
    }
  }
}

/** Opens a file to read it in parts. */
export async function openFile(platform: HostPlatform, file: Blob | string): Promise<PartedFile> {
  if (typeof file !== 'string') return partsOf(file);
  if (!platform.openFile) throw new GammaError('photo-type', 'files cannot be read by their paths here');
  return platform.openFile(file);
}

/** A file that may be RAW: of such a one the preview, of another all of it. */
async function decodeFile(
  decoders: Decoders,
  file: PartedFile,
  type: string,
  parity: boolean,
  signal: AbortSignal,
): Promise<Decoded> {
  const { engine, extras } = decoders;
  const preview = await extras.preview(file, forModel(engine, parity), signal);
  if (preview) return ofExtras(engine, preview);
  const bytes = await file.read(0, file.size);
  throwIfAborted(signal);
  const { buffer } = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  return decodeBytes(decoders, buffer as ArrayBuffer, type, parity, signal);
}

async function decodeBytes(
  { platform, module, engine, extras }: Decoders,
  buffer: ArrayBuffer,
  type: string,
  parity: boolean,
  signal: AbortSignal,
): Promise<Decoded> {
  const bytes = new Uint8Array(buffer);
  // Nothing is known of it where its reader cannot be fetched: that is no reason to give no score.
  const provenance = module.may_declare(bytes)
    ? await extras.provenance(bytes, signal).catch(() => undefined)
    : undefined;
  throwIfAborted(signal);
  try {
    if (!module.needs_extras(bytes.subarray(0, 16))) {
      return { photo: engine.decode(bytes, { parity }), about: { source: 'file' }, provenance };
    }
    const decoded = await extras.decode(bytes, forModel(engine, parity), signal);
    throwIfAborted(signal);
    return { ...ofExtras(engine, decoded), provenance };
  } catch (error) {
    const unread = toGammaError(error, 'wasm');
    if (!platform.decode || !mayBeShown(unread, error, bytes)) throw unread;
    let decoded: PixelsRead;
    try {
      decoded = await platform.decode(buffer, type);
    } catch (second) {
      if (second instanceof GammaError) throw second;
      if (unread.code !== 'image-format') throw unread;
      throw new GammaError('image-format', `${unread.message}, nor one that this browser can read`);
    }
    return { ...ofPixels(engine, decoded, 'browser', parity), provenance };
  }
}

/** How the module `extras` decodes for this engine's model. */
function forModel(engine: Engine, parity: boolean): DecodeOptions {
  const { short_side } = engine.model().photo ?? {};
  return { parity, ...(short_side !== undefined && { short_side }) };
}

/** Pixels that the module `extras` decoded. The preview of a RAW file may come scaled; `about` has its own size. */
function ofExtras(engine: Engine, { width, height, data, about }: RgbAbout): Decoded {
  const photo = engine.photo(width, height, data);
  const { preview } = about;
  if (!preview || (preview.width === width && preview.height === height)) return { photo, about };
  const scale = single(Math.min(width, height) / Math.min(preview.width, preview.height));
  return { photo, about, scaled: { scale, enlarged: scale > 1 } };
}

/** A number as the engine tells it: with the fewest digits that say which one of single precision it is. */
function single(value: number): number {
  const wanted = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(wanted.toPrecision(digits));
    if (Math.fround(short) === wanted) return short;
  }
  return wanted;
}

function ofPixels(
  engine: Engine,
  { width, height, data, inexact }: PixelsRead,
  source: PhotoAbout['source'],
  parity: boolean,
): Decoded {
  const photo = engine.pixels(width, height, data, { parity });
  return { photo, about: { source, ...(inexact && { inexact }) } };
}

/**
 * Whether the browser may show what the engine cannot read. What is cut off it fills with gray or white, and the
 * score of that says nothing about the photo: there, and of JPEG altogether, the engine's word is the last.
 */
function mayBeShown({ code, message }: GammaError, thrown: unknown, bytes: Uint8Array): boolean {
  // Of a RAW file without a preview the browser would show the thumbnail.
  if (code === 'image-format') return !message.includes('camera RAW file');
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  return code === 'image-decode' && !isJpeg && !(thrown as { incomplete?: boolean }).incomplete;
}
