// Camera RAW files, of which a part is enough: the preview, and what leads to it.
import { GammaError, messageOf, throwIfAborted } from '../error.js';
import type { DecodeOptions, EnginePhoto, ExtrasModule } from '../wasm.js';

/** A file that is read in parts. */
export interface PartedFile {
  readonly size: number;
  /** The bytes from `start` to before `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A Blob, read in parts. */
export function partsOf(blob: Blob): PartedFile {
  const read = async (start: number, end: number) => {
    try {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    } catch (error) {
      // A file that was changed or removed since it was chosen.
      throw new GammaError('io', `the photo could not be read: ${messageOf(error)}`, { cause: error });
    }
  };
  return { size: blob.size, read, close: async () => {} };
}

/** The preview of a RAW file, decoded; undefined if it is no RAW file. */
export async function decodePreview(
  file: PartedFile,
  { RawSearch }: ExtrasModule,
  options: DecodeOptions,
  signal: AbortSignal,
): Promise<EnginePhoto | undefined> {
  const search = new RawSearch(file.size);
  try {
    for (;;) {
      const step = search.step();
      if (step.next === 'other') return undefined;
      const bytes = await file.read(step.offset, step.offset + step.length);
      throwIfAborted(signal);
      if (step.next === 'preview') return search.decode(bytes, options);
      search.add(step.offset, bytes);
    }
  } finally {
    search.free();
  }
}
