// The files of `tests/fixtures/cases` in the modules under Node: the same pixels as natively, the same refusals.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { ExtrasModule } from '../../js/wasm.js';
import { FILES, FOLDER, natively, type Outcome } from '../common/cases.js';

let extras: ExtrasModule;
let native: Map<string, Outcome>;

beforeAll(async () => {
  const folder = new URL('../../pkg/wasm/extras/', import.meta.url);
  extras = (await import(new URL('gamma.js', folder).href)) as ExtrasModule;
  const bytes = readFileSync(fileURLToPath(new URL('gamma_bg.wasm', folder)));
  await extras.default({ module_or_path: await WebAssembly.compile(bytes) });
  native = natively();
}, 1_200_000);

function decode(file: string): Outcome {
  try {
    const photo = extras.decode(readFileSync(join(FOLDER, file)), {});
    const { width, height } = photo;
    const { source } = photo.about();
    return { width, height, source, sha256: createHash('sha256').update(photo.into_rgb()).digest('hex') };
  } catch (error) {
    return { code: (error as { code: string }).code };
  }
}

test('every case has the same pixels as natively, or is refused with the same code', () => {
  expect(FILES.length).toBeGreaterThanOrEqual(101);
  expect(new Map(FILES.map((file) => [file, decode(file)]))).toEqual(native);
}, 600_000);
