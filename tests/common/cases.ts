// What the native build makes of the files in `tests/fixtures/cases`, for the tests that compare the modules with it.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeNatively } from '../native.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The files of the cases, and where they lie. */
export const FOLDER = join(ROOT, 'tests', 'fixtures', 'cases', 'files');
export const FILES = readdirSync(FOLDER).sort();

/** What became of a file: its size, source and the SHA-256 of its pixels, or the code of the refusal. */
export type Outcome = { width: number; height: number; source: string; sha256: string } | { code: string };

/** Decodes all of them by the example `decode`. */
export function natively(): Map<string, Outcome> {
  const text = decodeNatively(FILES.map((file) => join(FOLDER, file)));
  const lines = text.trim().split('\n');
  return new Map(
    lines.map((line) => {
      const { file, code, width, height, source, sha256 } = JSON.parse(line);
      return [basename(file), code === undefined ? { width, height, source, sha256 } : { code }];
    }),
  );
}
