// Camera RAW files under Node: the preview is scored, and of a large file little is read.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';
import type { ExtrasModule } from '../../js/wasm.js';
import { decodePreview, type PartedFile, partsOf } from '../../js/worker/raw.js';
import { writeRawFiles } from '../native.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'target', 'tests', 'raw');
/** What a sensor of 30 megapixels gives. */
const SENSOR = 60_000_000;

let gamma: NodeEntry.Gamma;
let extras: ExtrasModule;
let files: string[];

beforeAll(async () => {
  writeRawFiles(folder, SENSOR);
  files = readdirSync(folder).map((name) => join(folder, name));
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  gamma = await Gamma.load({ weights: join(root, 'tests', 'golden', 'tiny', 'model.safetensors') });
  const wasm = new URL('../../pkg/wasm/extras/', import.meta.url);
  extras = (await import(new URL('gamma.js', wasm).href)) as ExtrasModule;
  const bytes = readFileSync(fileURLToPath(new URL('gamma_bg.wasm', wasm)));
  await extras.default({ module_or_path: await WebAssembly.compile(bytes) });
}, 1_200_000);

afterAll(async () => {
  await gamma?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** The same file, and how many of its bytes were read. */
function counted(file: PartedFile): PartedFile & { count: number } {
  const counting = {
    ...file,
    count: 0,
    read: (start: number, end: number) => {
      counting.count += end - start;
      return file.read(start, end);
    },
  };
  return counting;
}

test('fifteen layouts are scored by their preview, upright', async () => {
  expect(files).toHaveLength(15);
  const large = join(root, 'tests', 'fixtures', 'cases', 'files', 'progressive_restart_rows_800.jpg');
  const upright = await gamma.score(large, { policy: 'center' });
  expect(upright).toMatchObject({ source: 'file', width: 800, height: 600 });
  for (const file of files) {
    expect(statSync(file).size).toBeGreaterThan(SENSOR);
    const found = await gamma.score(file, { policy: 'center' });
    expect(found, file).toMatchObject({
      source: 'raw-preview',
      preview: { width: 600, height: 800 },
      width: 600,
      height: 800,
    });
  }
}, 600_000);

test('a RAW file in a Blob is scored as by its path', async () => {
  const [file = ''] = files;
  const [byPath, byBlob, byBytes] = [
    await gamma.score(file, { policy: 'center' }),
    await gamma.score(new Blob([readFileSync(file)]), { policy: 'center' }),
    await gamma.score(readFileSync(file), { policy: 'center' }),
  ];
  expect(byBlob).toEqual({ ...byPath, ms: expect.any(Number) });
  expect(byBytes).toEqual({ ...byPath, ms: expect.any(Number) });
}, 600_000);

test('less than a tenth of a file is read', async () => {
  for (const file of files) {
    const blob = new Blob([readFileSync(file)]);
    const parts = counted(partsOf(blob));
    const photo = await decodePreview(parts, extras, {}, new AbortController().signal);
    expect([photo?.width, photo?.height], file).toEqual([600, 800]);
    photo?.free();
    expect(parts.count, file).toBeGreaterThan(0);
    expect(parts.count, file).toBeLessThan(blob.size / 10);
  }
}, 600_000);

test('a preview comes scaled for a model that scales photos, as natively', async () => {
  for (const file of files) {
    const photo = await decodePreview(
      partsOf(new Blob([readFileSync(file)])),
      extras,
      { short_side: 100 },
      new AbortController().signal,
    );
    expect([photo?.width, photo?.height], file).toEqual([100, 133]);
    expect(photo?.about(), 'its own size').toMatchObject({ preview: { width: 600, height: 800 } });
    photo?.free();
  }
}, 600_000);

test('a TIFF file that is no RAW file is read as a whole', async () => {
  const tiff = readFileSync(join(root, 'tests', 'fixtures', 'cases', 'files', 'planar_tiled.tif'));
  // Long enough to be looked at in parts first.
  const long = new Blob([tiff, new Uint8Array(1 << 20)]);
  expect(await gamma.score(long, { policy: 'center' })).toMatchObject({ source: 'file', width: 437, height: 301 });
  const nef = readFileSync(join(root, 'tests', 'fixtures', 'cases', 'files', 'nikon.nef'));
  const gone = nef.subarray(0);
  gone.fill(0, 57_616, 57_616 + 1000);
  const error = await gamma.score(new Blob([gone, new Uint8Array(1 << 20)])).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'image-format', message: expect.stringContaining('Nikon') });
});
