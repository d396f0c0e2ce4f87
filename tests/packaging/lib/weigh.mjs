// What a page downloads of its bundle.
import { brotliCompressSync, constants as zlib } from 'node:zlib';

const params = { [zlib.BROTLI_PARAM_QUALITY]: 9, [zlib.BROTLI_PARAM_LGWIN]: 24 };

/** Pages, photos and the tables of frameworks are not the package's. */
const isOurs = (path) => !/(\/|\.html|\.json)$|photos\//.test(path);

/** Sums of the files that a server sent, as they are and in brotli, and the size of each by its path. */
export function weigh(sent) {
  const total = { files: 0, raw: 0, brotli: 0, list: {} };
  for (const [path, read] of sent) {
    if (!isOurs(path)) continue;
    const bytes = read();
    total.files += 1;
    total.raw += bytes.length;
    total.brotli += brotliCompressSync(bytes, { params }).length;
    total.list[path] = bytes.length;
  }
  return total;
}
