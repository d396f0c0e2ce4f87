// What Rust and TypeScript say of each other, written on both sides by hand: compared here.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const found = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, code = '']) => code))];

/** The sources of a folder, one after the other. */
function sources(folder: string, ending: string): string {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => read(join(folder, name)))
    .join('\n');
}

test('js/wasm.ts and the fake engine have the surface of the modules as they were built', () => {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const options = ['-p', join(root, 'tests/contract'), '--noEmit', '--pretty', 'false'];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

/** Codes of the library that no module can give: training is native. */
const NATIVE_ONLY = ['dataset', 'train'];

const union = (/export type GammaErrorCode =([^;]*);/.exec(read('js/error.ts'))?.[1] ?? '').trim();
const ours = found(union, /'([a-z-]+)'/g);
const theirs = [
  ...found(read('src/error.rs'), /=> "([a-z-]+)"/g),
  ...found(sources('src/web', '.rs'), /\bfailure\(\s*"([a-z-]+)"/g),
];

test('every code of the engine is one that TypeScript knows', () => {
  expect(theirs.length).toBeGreaterThan(40);
  expect(theirs.filter((code) => !ours.includes(code)).sort()).toEqual(NATIVE_ONLY);
});

test('every code that TypeScript knows comes from the engine or from js/', () => {
  expect(ours.length).toBeGreaterThan(50);
  const used = found(sources('js', '.ts').replace(union, ''), /'([a-z-]+)'/g);
  expect(ours.filter((code) => !theirs.includes(code) && !used.includes(code))).toEqual([]);
});
