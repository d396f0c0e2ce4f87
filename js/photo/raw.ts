// Which files may be camera RAW files, of which the worker reads a part.

/** Files of at least this many bytes are not read as a whole before it is known what they are. */
export const LARGE = 1 << 20;

/** Beginnings of TIFF files, among which most RAW files are, and of those that are not. */
const STARTS = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+', 'IIU\0', 'IIRO', 'IIRS', 'MMOR', 'FUJIFILMCCD-RAW'];

/** Whether a file may be a camera's RAW file, by its first 16 bytes. Agrees with `image::may_be_raw` of the engine. */
export function mayBeRaw(first: Uint8Array): boolean {
  const text = String.fromCharCode(...first.subarray(0, 16));
  return STARTS.some((start) => text.startsWith(start)) || text.slice(4, 12) === 'ftypcrx ';
}
