// npm run sizes: the bytes of each module as they are, and as a web server sends them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { KINDS } from './lib/modules.mjs';
import { MODEL } from './lib/package.mjs';
import { PKG } from './lib/paths.mjs';
import { say } from './lib/say.mjs';

/** Above this, brotli's highest quality takes a minute and more. */
const SLOW = 3_000_000;

const columns = (cells) => say(cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(12))).join(' '));

function sizes(path) {
  const bytes = readFileSync(path);
  const quality = bytes.length < SLOW ? 11 : 9;
  const params = { [zlib.BROTLI_PARAM_QUALITY]: quality, [zlib.BROTLI_PARAM_LGWIN]: 24 };
  return [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes, { params })].map((data) =>
    data.length.toLocaleString('en'),
  );
}

columns(['file in pkg/wasm', 'raw', 'gzip', 'brotli']);
for (const kind of KINDS) {
  for (const name of ['gamma_bg.wasm', 'gamma.js']) {
    const path = join(PKG, 'wasm', kind, name);
    columns([`${kind}/${name}`, ...(existsSync(path) ? sizes(path) : ['not built'])]);
  }
}
for (const name of [MODEL, 'clip_merges.txt']) {
  const path = join(PKG, 'wasm', name);
  if (existsSync(path)) columns([name, ...sizes(path)]);
}
