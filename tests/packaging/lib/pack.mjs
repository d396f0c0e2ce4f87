// The tarball that `npm publish` would send, of pkg/ as it is built.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PKG } from '../../../scripts/lib/paths.mjs';
import { capture } from '../../../scripts/lib/run.mjs';
import { Failure } from '../../../scripts/lib/say.mjs';
import { npm } from './npm.mjs';

/** Packs pkg/ into `folder`; gives the path of the tarball, its size in bytes and the files in it. */
export async function pack(folder) {
  const needed = ['index.js', 'worker.js', 'wasm/gamma-lite.safetensors', 'wasm/cpu/gamma_bg.wasm'];
  const missing = needed.filter((name) => !existsSync(join(PKG, name)));
  if (missing.length > 0) throw new Failure(`Not built: ${missing.join(', ')}. Run \`npm run build\` first.`);
  mkdirSync(folder, { recursive: true });
  const { code, stdout, stderr } = await capture(...npm('pack', PKG, '--json', '--pack-destination', folder));
  if (code !== 0) throw new Failure(`npm pack failed:\n${stderr}`);
  const [{ filename, files }] = JSON.parse(stdout);
  const path = join(folder, filename);
  return { path, size: statSync(path).size, files: files.map((file) => file.path) };
}
