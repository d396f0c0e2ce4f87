// Node and the npm packages that the scripts, the page and the tests use.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { atLeast, inRoot } from './paths.mjs';
import { run } from './run.mjs';
import { Failure, say } from './say.mjs';

const STAMP = inRoot('node_modules/.gamma-lock');

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .digest('hex');

/** Checks Node's version. */
export function checkNode() {
  const wanted = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).engines.node.replace(/[^\d.]/g, '');
  const version = process.versions.node;
  if (!atLeast(version, wanted)) throw new Failure(`Node ${version} is too old, ${wanted} or newer is needed.`);
}

/** Runs `npm ci` if node_modules is missing or belongs to another package-lock.json. */
export async function nodeModules() {
  const hash = lockHash();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return;
  say('  npm ci');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  await run(npm[0], [...npm.slice(1), 'ci', '--no-audit', '--no-fund'], { quiet: true });
  writeFileSync(STAMP, hash);
}
