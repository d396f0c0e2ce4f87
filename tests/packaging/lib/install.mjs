// A new folder for a case: its files, its bundler and the packed package, installed as npm would.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture } from '../../../scripts/lib/run.mjs';
import { Failure } from '../../../scripts/lib/say.mjs';
import { npm } from './npm.mjs';

/**
 * Where installed bundlers are kept between runs. Outside of the repository: bundlers look for package.json, lock files and settings in
 * all folders above.
 */
export const CACHE = process.env.GAMMA_CACHE
  ? join(process.env.GAMMA_CACHE, 'packaging')
  : join(tmpdir(), 'packaging-tests');

/** Packages that the pinned ones depend on are those of this day, so that every run installs the same without lock files. */
const DAY = '2026-11-28';

/** The folder whose node_modules holds exactly `packages` (names and versions) and what they need. Installed once. */
async function installed(packages) {
  const key = JSON.stringify([packages, DAY, process.platform, process.arch]);
  const folder = join(CACHE, createHash('sha256').update(key).digest('hex').slice(0, 16));
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
  // Scripts do not run: they would download, or link binaries that are found without. Whether a bundler runs under the Node that is here,
  // the case shows; npm hands the strictness of this repository's .npmrc on to what `npm test` starts.
  const flags = [
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--no-package-lock',
    '--no-engine-strict',
    `--before=${DAY}`,
  ];
  const { code, stderr } = await capture(...npm('install', ...flags), { cwd: folder });
  if (code !== 0) throw new Failure(`npm install of ${Object.keys(packages).join(', ')} failed:\n${stderr}`);
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  writeFileSync(complete, '');
  return folder;
}

/** A copy of a folder of which no file is written again: hard links. */
function linkTree(from, to) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}

/** The folder of an installed package of `packages`. */
export async function packageFolder(packages, name) {
  return join(await installed(packages), 'node_modules', name);
}

/**
 * A new temporary folder with the files of `source`, the `packages` and the tarball in node_modules, as `npm install` leaves them.
 * The caller removes it.
 */
export async function workFolder(source, packages, tarball) {
  const cached = await installed(packages);
  mkdirSync(join(CACHE, 'work'), { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'work', 'case-'));
  cpSync(source, folder, { recursive: true });
  rmSync(join(folder, 'case.mjs'));
  linkTree(join(cached, 'node_modules'), join(folder, 'node_modules'));
  rmSync(join(folder, 'node_modules/.package-lock.json'), { force: true });
  const own = join(folder, 'package.json');
  const manifest = existsSync(own) ? JSON.parse(readFileSync(own, 'utf8')) : { type: 'module' };
  const dependencies = { 'gamma-wasm': `file:${tarball}`, ...packages };
  writeFileSync(own, JSON.stringify({ name: 'case', private: true, ...manifest, dependencies }, null, 2));
  const target = join(folder, 'node_modules/gamma-wasm');
  mkdirSync(target);
  const { code, stderr } = await capture('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  if (code !== 0) throw new Failure(`The tarball could not be unpacked: ${stderr}`);
  return folder;
}
