// The real CPU module against the scores of the published implementation.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const golden = join(root, 'tests', 'golden');
const model = join(golden, 'tiny', 'model.safetensors');
const coffee = join(golden, 'preprocess', 'images', 'coffee.jpg');

/** Prompt sets of the goldens by the ids that their scenes have here. */
const SCENES = {
  generic: 'naive',
  'natural-quality': 'natural quality image',
  'ai-generated-quality': 'AI-generated quality image',
  'underwater-quality': 'underwater quality image',
  'face-quality': 'face quality image',
  'natural-aesthetics': 'natural aesthetic image',
} as const;

interface Golden {
  scores: Record<string, { per_crop: number[]; mean: number }>;
  prompt_sets: Record<string, string[]>;
}
const { scores, prompt_sets } = JSON.parse(readFileSync(join(golden, 'tiny', 'golden.json'), 'utf8')) as Golden;

/** The goldens' ten crops as RGBA pixels. */
function crops(): NodeEntry.Photo[] {
  const file = readFileSync(join(golden, 'tiny', 'golden.safetensors'));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  const tensor = header.crops_u8;
  if (!tensor) throw new Error('crops_u8 is missing');
  expect(tensor.shape).toEqual([10, 224, 224, 3]);
  const rgb = file.subarray(8 + length + tensor.data_offsets[0], 8 + length + tensor.data_offsets[1]);
  return Array.from({ length: 10 }, (_, crop) => {
    const data = new Uint8ClampedArray(224 * 224 * 4).fill(255);
    for (let pixel = 0; pixel < 224 * 224; pixel += 1) {
      const from = (crop * 224 * 224 + pixel) * 3;
      data.set(rgb.subarray(from, from + 3), pixel * 4);
    }
    return { width: 224, height: 224, data };
  });
}

let gamma: NodeEntry.Gamma;

beforeAll(async () => {
  expect(
    existsSync(join(root, 'pkg', 'wasm', 'cpu', 'gamma_bg.wasm')),
    'pkg/wasm/cpu is built by `npm run build`',
  ).toBe(true);
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  gamma = await Gamma.load({ weights: model });
}, 600_000);

afterAll(() => gamma?.dispose());

test('the model says what it is', () => {
  expect(gamma.model).toMatchObject({ parameters: 9_256_694, text_tower: true, trained: false });
  expect(gamma.device.kind).toBe('cpu');
});

test('the scenes are those of the goldens, with their prompts', () => {
  expect(gamma.scenes.map(({ id }) => id).sort()).toEqual(Object.keys(SCENES).sort());
  for (const { id, template } of gamma.scenes) {
    const prompts = ['bad', 'poor', 'fair', 'good', 'perfect'].map((level) => template.replace('{level}', level));
    expect(prompts).toEqual(prompt_sets[SCENES[id as keyof typeof SCENES]]);
  }
});

test('each crop scores as the goldens say, under every scene', async () => {
  const means: Record<string, number> = {};
  for await (const { index, assessment, error } of gamma.scoreAll(crops(), {
    scene: 'all',
    policy: 'center',
    crops: 1,
  })) {
    expect(error).toBeUndefined();
    for (const [scene, set] of Object.entries(SCENES)) {
      const result = assessment?.[scene];
      const expected = scores[set]?.per_crop[index] ?? Number.NaN;
      expect(Math.abs((result?.score ?? Number.NaN) - expected), `${scene}, crop ${index}`).toBeLessThan(1e-4);
      expect(result).toMatchObject({ scene, width: 224, height: 224, scale: 1, enlarged: false, policy: 'center' });
      expect(result?.crops).toHaveLength(1);
      means[scene] = (means[scene] ?? 0) + (result?.score ?? Number.NaN) / 10;
    }
  }
  for (const [scene, set] of Object.entries(SCENES)) {
    expect(Math.abs((means[scene] ?? Number.NaN) - (scores[set]?.mean ?? Number.NaN)), scene).toBeLessThan(1e-4);
  }
}, 600_000);

test('a photo scores the same twice, as file and as bytes, and its parts fit together', async () => {
  const seen: number[] = [];
  const options = { crops: 3, seed: 5 } as const;
  const first = await gamma.score(coffee, { ...options, onProgress: ({ done }) => seen.push(done) });
  expect(seen.at(-1)).toBe(3);
  const second = await gamma.score(readFileSync(coffee), options);
  expect({ ...second, ms: 0 }).toEqual({ ...first, ms: 0 });
  const mean = first.crops.reduce((sum, { score }) => sum + score / 3, 0);
  expect(first.score).toBeCloseTo(mean, 5);
  expect(Object.values(first.levels).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  expect(first).toMatchObject({ scene: 'natural-quality', device: 'cpu', policy: 'random', seed: 5, enlarged: false });
  for (const { x, y, size } of first.crops) {
    expect(size).toBe(224);
    expect(x >= 0 && x + size <= first.width && y >= 0 && y + size <= first.height).toBe(true);
  }
  const other = await gamma.score(coffee, { ...options, seed: 6 });
  expect(other.crops).not.toEqual(first.crops);
}, 600_000);

test('errors of the engine keep their codes, and the engine goes on', async () => {
  await expect(gamma.score(new TextEncoder().encode('no image'))).rejects.toMatchObject({ code: 'image-format' });
  await expect(gamma.score(readFileSync(coffee).subarray(0, 3000))).rejects.toMatchObject({ code: 'image-decode' });
  const small = join(golden, 'preprocess', 'images', 'small_61x90.png');
  await expect(gamma.score(small, { crops: 1, parity: true })).rejects.toMatchObject({ code: 'image-too-small' });
  expect(await gamma.score(small, { crops: 1 })).toMatchObject({ scale: expect.closeTo(224 / 61, 5), enlarged: true });
}, 600_000);

test('a scene of one’s own', async () => {
  await gamma.addScene('twin', 'natural {level}-quality image');
  const all = await gamma.score(coffee, { scene: 'all', crops: 1 });
  expect(all.twin?.score).toBeCloseTo(all['natural-quality']?.score ?? Number.NaN, 6);
  await expect(gamma.addScene('broken', 'no level')).rejects.toMatchObject({ code: 'scene-invalid' });
  expect(gamma.scenes.at(-1)?.id).toBe('twin');
}, 600_000);

test('an abort in the middle leaves the engine usable', async () => {
  const controller = new AbortController();
  const call = gamma.score(coffee, { crops: 100, signal: controller.signal, onProgress: () => controller.abort() });
  await expect(call).rejects.toMatchObject({ code: 'aborted' });
  expect((await gamma.score(coffee, { crops: 1 })).crops).toHaveLength(1);
}, 600_000);

test('a model file that is cut off is refused, and says where', async () => {
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  const bytes = readFileSync(model);
  await expect(Gamma.load({ weights: bytes.subarray(0, 1_000_000) })).rejects.toMatchObject({
    code: 'weights-truncated',
  });
  await expect(Gamma.load({ weights: coffee })).rejects.toMatchObject({ code: 'header-too-large' });
}, 600_000);
