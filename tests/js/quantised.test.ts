// The real CPU module on quantised weights of version 1, which stay in codes in its memory.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';
import { readTensors, type Tensor, writeTensors } from '../browser/safetensors.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tiny = join(root, 'tests', 'golden', 'tiny');
const coffee = join(root, 'tests', 'golden', 'preprocess', 'images', 'coffee.jpg');

/** Dimensions of tests/golden/tiny. */
const TOWER = { layers: 12, moae_from: 6 };
const CONFIG = {
  image: 224,
  patch: 16,
  vision: { ...TOWER, width: 128, context_length: 197 },
  text: { ...TOWER, width: 64, context_length: 77, vocabulary: 49408 },
  embed_dim: 64,
  adapter: 32,
  experts: 3,
};

const MATRIX = /(in_proj_weight|out_proj\.weight|c_fc\.weight|c_proj\.weight|token_embedding\.weight)$/;
const SHARED = 'useful_experts';

/** The numbers of an F16 tensor. */
function numbers({ dtype, data }: Tensor): Float32Array {
  expect(dtype).toBe('F16');
  return Float32Array.from({ length: data.length / 2 }, (_, at) => {
    const bits = data.readUInt16LE(2 * at);
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    return bits & 0x8000 ? -size : size;
  });
}

/**
 * Eight bits, a scale for each row; adaptive experts as their difference from the shared one. Beside it, in the published
 * layout, the floats that the codes stand for: how good a quantisation is, is no question of this test.
 */
function quantise(tensors: Map<string, Tensor>): { quantised: Buffer; widened: Buffer } {
  const stored = new Map<string, Tensor>();
  const floats = new Map(tensors);
  const weights = new Map<string, Float32Array>();
  const layouts: Record<string, unknown> = {};
  const sharedFirst = (name: string) => name.replace(/useful_experts/, '');
  for (const [name, tensor] of [...tensors].sort(([a], [b]) => (sharedFirst(a) < sharedFirst(b) ? -1 : 1))) {
    if (!MATRIX.test(name)) {
      stored.set(name, tensor);
      continue;
    }
    const [rows = 0, columns = 0] = tensor.shape;
    const base = /\bexperts\.expert_\d+/.test(name) ? name.replace(/experts\.expert_\d+/, SHARED) : undefined;
    const basis = base === undefined ? new Float32Array(rows * columns) : weights.get(base);
    if (!basis) throw new Error(`${base} comes first`);
    const values = numbers(tensor).map((value, at) => value - (basis[at] ?? 0));
    const scales = new Float32Array(rows);
    const codes = new Int8Array(values.length);
    for (let row = 0; row < rows; row += 1) {
      const from = row * columns;
      const scale = Math.max(1e-6, ...values.subarray(from, from + columns).map(Math.abs)) / 127;
      scales[row] = scale;
      for (let at = from; at < from + columns; at += 1) codes[at] = Math.round((values[at] ?? 0) / scale);
    }
    const weight = new Float32Array(values.length);
    for (let at = 0; at < weight.length; at += 1) {
      // Rounded after each step, as the engine computes.
      const difference = Math.fround((codes[at] ?? 0) * (scales[Math.floor(at / columns)] ?? 0));
      weight[at] = difference + (basis[at] ?? 0);
    }
    weights.set(name, weight);
    floats.set(name, { dtype: 'F32', shape: tensor.shape, data: Buffer.from(weight.buffer) });
    stored.set(`${name}_scale`, { dtype: 'F32', shape: [rows, 1], data: Buffer.from(scales.buffer) });
    stored.set(name, { dtype: 'I8', shape: tensor.shape, data: Buffer.from(codes.buffer) });
    layouts[name] = { bits: 8, group: columns, shape: tensor.shape, ...(base === undefined ? {} : { base }) };
  }
  const sha256 = Object.fromEntries(
    [...stored].map(([name, { data }]) => [name, createHash('sha256').update(data).digest('hex')]),
  );
  const quantised = writeTensors(stored, {
    format_version: '1',
    trained: 'false',
    config: JSON.stringify(CONFIG),
    quantization: JSON.stringify({ scheme: 'q8', tensors: layouts }),
    sha256: JSON.stringify(sha256),
  });
  return { quantised, widened: writeTensors(floats, { trained: 'false' }) };
}

test('quantised weights score as the floats that they stand for', async () => {
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  const { quantised, widened } = quantise(readTensors(join(tiny, 'model.safetensors')));
  const codes = await Gamma.load({ weights: quantised });
  const floats = await Gamma.load({ weights: widened });
  expect(codes.model.parameters).toBe(floats.model.parameters);
  for (const scene of ['generic', 'natural-quality']) {
    const found = await codes.score(coffee, { scene, crops: 2 });
    const expected = await floats.score(coffee, { scene, crops: 2 });
    for (const [at, { score }] of found.crops.entries()) {
      expect(Math.abs(score - (expected.crops[at]?.score ?? 0)), `${scene}, crop ${at}`).toBeLessThan(1e-5);
    }
  }
  await codes.dispose();
  await floats.dispose();

  const damaged = Buffer.from(quantised);
  damaged[damaged.length - 1000] = (damaged[damaged.length - 1000] ?? 0) ^ 1;
  await expect(Gamma.load({ weights: damaged })).rejects.toMatchObject({ code: 'tensor-hash' });
}, 600_000);
