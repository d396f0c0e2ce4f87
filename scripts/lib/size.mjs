// Bytes of files as they are, and as a web server sends them.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';

/** Above this, brotli's highest quality takes a minute and more. */
const SLOW = 3_000_000;

/**
 * What each module may have in brotli, its glue with it: a few kB above what it has. Who adds more has to find it
 * elsewhere, or to raise the budget and say why.
 */
export const BUDGETS = {
  // With the faults of a photo (4 kB in each module with an engine), and scene files (5 kB), which save whoever uses one 5.7 MB;
  // level features that are compared with features and statistics: 0.5 kB.
  cpu: 262_000,
  'cpu-relaxed': 265_000,
  'cpu-threads': 267_000,
  // With the previews of RAW files and TIFF by pages.
  // Holds two JPEG decoders: ours and the one that `tiff` brings.
  // It reads what photos declare about their origin (15 kB), so that the other modules only look for it.
  // It puts photos together (14 kB: what cameras write, comparing, clusters, sets); the engine gives it what they show.
  extras: 345_000,
  gpu: 301_000,
};

/**
 * What `npm install` may download, in bytes: a few kB above what it does. Of them the filter, the element and the
 * upload check take 38 kB, and `group` 30: 18 in `extras`, 6 in the modules with an engine, the rest in scripts and types.
 * Pixels that are kept between two passes, spot checks of a GPU and the filter's look-ahead take 20 more; pooled statistics 3,
 * in the four modules with an engine; half precision on a GPU, and two crops at a time, 4. The default model is 5,818 kB of it: pooled statistics
 * took 334, the scenes of faults 190, the natural scene beside statistics 58. The scene file of AI pictures is 33. Faults take 16 in the four modules with an engine, too.
 */
export const TARBALL_BUDGET = 7_720_000;

const brotli = (bytes) => {
  const quality = bytes.length < SLOW ? 11 : 9;
  const params = { [zlib.BROTLI_PARAM_QUALITY]: quality, [zlib.BROTLI_PARAM_LGWIN]: 24 };
  return brotliCompressSync(bytes, { params }).length;
};

/** Bytes of a file in brotli. */
export const brotliSize = (path) => brotli(readFileSync(path));

/** Bytes of a file: raw, gzip, brotli. */
export function sizes(path) {
  const bytes = readFileSync(path);
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli(bytes)];
}
