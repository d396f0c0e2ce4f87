// npm run sizes: the bytes of each module as they are, and as a web server sends them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from './lib/modules.mjs';
import { MODEL } from './lib/package.mjs';
import { PKG } from './lib/paths.mjs';
import { say } from './lib/say.mjs';
import { sizes } from './lib/size.mjs';

const columns = (cells) => say(cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(12))).join(' '));
const shown = (path) => sizes(path).map((bytes) => bytes.toLocaleString('en'));

columns(['file in pkg/wasm', 'raw', 'gzip', 'brotli']);
for (const kind of KINDS) {
  for (const name of ['gamma_bg.wasm', 'gamma.js']) {
    const path = join(PKG, 'wasm', kind, name);
    columns([`${kind}/${name}`, ...(existsSync(path) ? shown(path) : ['not built'])]);
  }
}
for (const name of [MODEL, 'clip_merges.txt']) {
  const path = join(PKG, 'wasm', name);
  if (existsSync(path)) columns([name, ...shown(path)]);
}
