// The real CPU module on a model whose class token knows the statistics of the stem's stages, and on one without them.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';
import { readMetadata, readTensors, type Tensor, writeTensors } from '../browser/safetensors.js';
import { gammaCommand } from '../native.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lite = join(root, 'weights', 'gamma-lite.safetensors');
const photo = join(root, 'www', 'samples', 'dog.jpg');

const POOLED = 'clip_model.visual.stem.pooled.';
const NATURAL = 'text_features.natural-quality';

/** The default model, but its class token knows no pooled statistics, and no scene is compared with them. */
function withoutPooled(): Buffer {
  const { config = '', sha256 = '', quantization = '', findings = '[]', ...metadata } = readMetadata(lite);
  const faults = (JSON.parse(findings) as { fault: string }[]).map(({ fault }) => `text_features.${fault}`);
  const others = <Value>(table: Iterable<[string, Value]>) =>
    [...table].filter(([name]) => !name.startsWith(POOLED) && !faults.includes(name));
  const { tensors: codes, ...scheme } = JSON.parse(quantization) as { tensors: Record<string, unknown> };
  const dimensions = JSON.parse(config);
  dimensions.stem.pooled = false;
  const tensors = new Map(others(readTensors(lite)));
  const hashes = Object.fromEntries(others(Object.entries(JSON.parse(sha256))));
  const natural = tensors.get(NATURAL);
  if (natural) {
    const data = imageFeatures(natural, dimensions.embed_dim);
    tensors.set(NATURAL, { ...natural, shape: [natural.shape[0] ?? 0, dimensions.embed_dim], data });
    hashes[NATURAL] = createHash('sha256').update(data).digest('hex');
  }
  return writeTensors(tensors, {
    ...metadata,
    config: JSON.stringify(dimensions),
    sha256: JSON.stringify(hashes),
    quantization: JSON.stringify({ ...scheme, tensors: Object.fromEntries(others(Object.entries(codes))) }),
  });
}

/** Of the rows of a scene the part that is compared with image features. */
function imageFeatures({ shape: [rows = 0], data }: Tensor, width: number): Buffer {
  const row = data.length / rows;
  return Buffer.concat(Array.from({ length: rows }, (_, at) => data.subarray(at * row, at * row + 2 * width)));
}

test('pooled statistics change the score, and to the same as natively', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gamma-'));
  try {
    const model = join(folder, 'without.safetensors');
    writeFileSync(model, withoutPooled());
    const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
    const scoreOf = async (weights: string) => {
      const gamma = await Gamma.load({ weights });
      const { score } = await gamma.score(photo, { policy: 'center' });
      await gamma.dispose();
      return score;
    };
    const [pooled, without] = [await scoreOf(lite), await scoreOf(model)];
    for (const [weights, found] of [
      [lite, pooled],
      [model, without],
    ] as const) {
      const line = gammaCommand('score', '--json', '--weights', weights, '--policy', 'center', photo);
      expect(Math.abs(found - JSON.parse(line).score)).toBeLessThan(1e-5);
    }
    expect(Math.abs(pooled - without)).toBeGreaterThan(0.01);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 600_000);
