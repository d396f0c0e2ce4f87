// `Gamma.load()` with nothing said: the package as it is built, with the model that comes with it.
import { existsSync, mkdtempSync, openAsBlob, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sample = (name: string) => join(root, 'www', 'samples', name);

let gamma: NodeEntry.Gamma;

beforeAll(async () => {
  for (const file of ['cpu/gamma_bg.wasm', 'gamma-lite.safetensors']) {
    expect(existsSync(join(root, 'pkg', 'wasm', file)), `pkg/wasm/${file} is made by \`npm run build\``).toBe(true);
  }
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  gamma = await Gamma.load();
}, 600_000);

afterAll(() => gamma?.dispose());

test('it is Gamma-Lite, trained, and small enough for a page', () => {
  expect(gamma.model).toMatchObject({ name: 'gamma-lite', trained: true, licence: expect.any(String) });
  expect(gamma.scenes.map(({ id }) => id).sort()).toEqual([
    'colour',
    'compression',
    'natural-quality',
    'noise',
    'sharpness',
    'underwater-quality',
  ]);
  // No scene is offered below a correlation of 0.5 on photos that it has not learned from.
  for (const { id, reliability } of gamma.scenes) {
    for (const { srcc } of reliability?.measured ?? [{ srcc: 0 }]) expect(srcc, id).toBeGreaterThan(0.5);
  }
  expect(statSync(join(root, 'pkg', 'wasm', 'gamma-lite.safetensors')).size).toBeLessThan(6_000_000);
});

test('photos are brought to it as its file states', async () => {
  const { photo } = gamma.model;
  const short = photo?.short_side ?? Number.NaN;
  const { width, height, scale, policy, crops } = await gamma.score(sample('lighthouse.webp'));
  expect(Math.min(width, height)).toBe(short);
  expect(policy).toBe(photo?.policy);
  expect(crops.length).toBeLessThanOrEqual(photo?.crops ?? 0);
  // The sample has 640 x 427 pixels.
  expect(scale).toBeCloseTo(short / 427, 5);
  for (const { x, y, size } of crops) expect(x + size <= width && y + size <= height).toBe(true);
  const parity = await gamma.score(sample('lighthouse.webp'), { parity: true, policy: 'center' });
  expect(parity).toMatchObject({ width: 640, height: 427, scale: 1, policy: 'center' });
}, 600_000);

test('a photo that was spoilt scores below the photo', async () => {
  const clean = await gamma.score(sample('lighthouse.webp'));
  for (const name of ['lighthouse-blurred.webp', 'lighthouse-compressed.jpg']) {
    expect((await gamma.score(sample(name))).score, name).toBeLessThan(clean.score);
  }
}, 600_000);

test('it says how sure it is, and orders what is clearly different', async () => {
  const clear = await gamma.score(sample('lighthouse.webp'));
  const blurred = await gamma.score(sample('lighthouse-blurred.webp'));
  const { interval } = gamma.model.reliability?.['natural-quality'] ?? {};
  expect(interval).toBeGreaterThan(0);
  for (const { score, percent, ...rest } of [clear, blurred]) {
    const ends = rest.interval;
    expect(ends?.score[0]).toBeLessThan(score);
    expect(ends?.score[1]).toBeGreaterThan(score);
    expect(ends?.percent[0]).toBeLessThanOrEqual(percent);
    expect(ends?.percent[1]).toBeGreaterThanOrEqual(percent);
  }
  expect(gamma.compare(clear, blurred)).toBe('better');
  expect(gamma.compare(blurred, clear)).toBe('worse');
  expect(gamma.compare(clear, clear)).toBe('no difference');
});

test('it says why a photo is bad, and nothing of a good one', async () => {
  const why = async (name: string) =>
    (await gamma.score(sample(name))).findings?.map(({ fault, form, crops }) => {
      expect(crops.length, name).toBeGreaterThan(0);
      return form === undefined ? fault : `${fault}: ${form}`;
    });
  expect(await why('lighthouse.webp')).toEqual([]);
  expect(await why('lighthouse-blurred.webp')).toEqual(['sharpness: focus']);
  expect(await why('lighthouse-noisy.jpg')).toEqual(['noise']);
  expect(await why('lighthouse-compressed.jpg')).toEqual(['compression: artefacts']);
  expect((await gamma.score(sample('dog.jpg'), { scene: 'noise' })).findings).toBeUndefined();
});

test('with the scene file of AI pictures it has one scene more, and the other scores stay as they are', async () => {
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  const file = join(root, 'weights', 'gamma-lite-ai.safetensors');
  expect(statSync(file).size).toBeLessThan(50_000);
  const photos = ['dog.jpg', 'lighthouse.webp', 'lighthouse-noisy.jpg'].map(sample);
  const ids = (of: NodeEntry.Gamma) => of.scenes.map(({ id }) => id).sort();
  for (const weights of ['gamma-wasm/weights/gamma-lite-ai.safetensors', file]) {
    const ai = await Gamma.load({ weights });
    try {
      expect(ai.model).toMatchObject({ name: 'gamma-lite-ai', licence: expect.stringMatching(/non-commercial/) });
      expect(ai.model.photo).toEqual(gamma.model.photo);
      expect(ids(ai)).toEqual([...ids(gamma), 'ai-generated-quality'].sort());
      const { reliability } = ai.scenes.find(({ id }) => id === 'ai-generated-quality') ?? {};
      expect(reliability?.measured.map(({ srcc }) => srcc > 0.5)).toEqual([true]);
      for (const photo of photos) {
        const timeless = ({ ms, ...rest }: NodeEntry.Assessment) => ({ ...rest, model: '' });
        expect(timeless(await ai.score(photo))).toEqual(timeless(await gamma.score(photo)));
        const { score, interval } = await ai.score(photo, { scene: 'ai-generated-quality' });
        expect(score).toBeGreaterThan(0.5);
        expect(interval?.score[0]).toBeLessThan(score);
      }
    } finally {
      await ai.dispose();
    }
  }
}, 600_000);

/** Files of several kinds: turned, damaged, of a rarer format, a RAW file, one that declares its origin, one that is cut off, and none. */
const KINDS = [
  'www/samples/dog.jpg',
  'www/samples/lighthouse.webp',
  'tests/fixtures/cases/files/progressive_restart_rows_800.jpg',
  'tests/fixtures/cases/files/png_exif_before_data_6.png',
  'tests/fixtures/cases/files/canon.cr2',
  'tests/fixtures/cases/files/cut_then_another_jpeg.jpg',
  'tests/fixtures/provenance/c2pa-ai.jpg',
  'tests/fixtures/cases/files/planar_tiled.tif',
  'tests/fixtures/cases/README.md',
];

test('with first estimates the final result of every kind of file is that of a plain call', async () => {
  const files = await Promise.all(KINDS.map((name) => openAsBlob(join(root, name))));
  const plain: unknown[] = [];
  for await (const { assessment, error } of gamma.scoreAll(files)) plain.push(assessment ?? error?.code);
  const again = await Promise.all(KINDS.map((name) => openAsBlob(join(root, name))));
  const final: unknown[] = [];
  for await (const result of gamma.scoreAll(again, { previews: true })) {
    if (result.final) final[result.index] = result.assessment ?? result.error?.code;
  }
  const timeless = (each: unknown) => (typeof each === 'object' ? { ...each, ms: 0 } : each);
  expect(plain.filter((each) => typeof each === 'object')).toHaveLength(KINDS.length - 2);
  expect(final.map(timeless)).toEqual(plain.map(timeless));
}, 600_000);

test('a large TIFF file scores the same by its path, as a Blob of the disk, and as one in memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gamma-'));
  try {
    const file = join(folder, 'large.tif');
    // Of files of this size the worker reads no more than it needs.
    writeFileSync(
      file,
      Buffer.concat([readFileSync(join(root, 'tests/fixtures/cases/files/planar_tiled.tif')), Buffer.alloc(1 << 20)]),
    );
    const byPath = await gamma.score(file);
    for (const blob of [await openAsBlob(file), new Blob([readFileSync(file)])]) {
      expect({ ...(await gamma.score(blob)), ms: 0 }).toEqual({ ...byPath, ms: 0 });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 600_000);
