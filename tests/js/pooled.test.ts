// The real CPU module on a model whose class token knows the statistics of the stem's stages.
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

/** Mean and deviation of each channel of EfficientNet-Lite0's stages. */
const STATISTICS = 2 * (16 + 24 + 40 + 80 + 112 + 192 + 320);
const WIDTH = 192;

function floats(shape: number[], value: (at: number) => number): Tensor {
  const numbers = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, at) => value(at));
  return { dtype: 'F32', shape, data: Buffer.from(numbers.buffer) };
}

/** The default model, and beside its tensors a map of pooled statistics. */
function pooled(): Buffer {
  const { config = '', sha256 = '', ...metadata } = readMetadata(lite);
  const added = Object.entries({
    mean: floats([STATISTICS], (at) => Math.cos(at) / 4),
    deviation: floats([STATISTICS], (at) => 1 + Math.sin(at) / 2),
    'linear.weight': floats([WIDTH, STATISTICS], (at) => Math.sin(at * at) / 100),
    'linear.bias': floats([WIDTH], (at) => Math.cos(3 * at) / 10),
  }).map(([name, tensor]) => [`clip_model.visual.stem.pooled.${name}`, tensor] as const);
  const dimensions = JSON.parse(config);
  dimensions.stem.pooled = true;
  const hashes = JSON.parse(sha256);
  for (const [name, { data }] of added) hashes[name] = createHash('sha256').update(data).digest('hex');
  return writeTensors(new Map([...readTensors(lite), ...added]), {
    ...metadata,
    config: JSON.stringify(dimensions),
    sha256: JSON.stringify(hashes),
  });
}

test('pooled statistics change the score, and to the same as natively', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gamma-'));
  try {
    const model = join(folder, 'pooled.safetensors');
    writeFileSync(model, pooled());
    const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
    const scoreOf = async (weights: string) => {
      const gamma = await Gamma.load({ weights });
      const { score } = await gamma.score(photo, { policy: 'center' });
      await gamma.dispose();
      return score;
    };
    const found = await scoreOf(model);
    const line = gammaCommand('score', '--json', '--weights', model, '--policy', 'center', photo);
    expect(Math.abs(found - JSON.parse(line).score)).toBeLessThan(1e-5);
    expect(Math.abs(found - (await scoreOf(lite)))).toBeGreaterThan(0.01);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 600_000);
