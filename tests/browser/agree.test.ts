import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { gammaCommand } from '../native.js';
import { barePage } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { repository } from './repository.ts';
import { readTensors, writeTensors } from './safetensors.ts';
import { requireModules, servePage } from './server.ts';

// The same photos natively, on the CPU of a browser and on WebGPU. GAMMA_PHOTOS names a folder of other photos, of which
// the first 50 are taken.
const FOLDER = process.env.GAMMA_PHOTOS ?? repository('www/samples');
const PHOTOS = readdirSync(FOLDER)
  .filter((name) => /\.(jpe?g|png|webp|bmp|gif|tiff?)$/i.test(name))
  .sort()
  .slice(0, 50)
  .map((name) => join(FOLDER, name));
const OPTIONS = { scene: 'generic', policy: 'random', crops: 2 } as const;
const TEXT_TOWER = /^clip_model\.(transformer|token_embedding|positional_embedding|ln_final|text_projection)/;

/** Runs the command and returns what it printed. */
function command(...args: string[]): string {
  return gammaCommand(...args);
}

/**
 * The vision tower of the micro model, small enough for an emulated GPU, and the text features of its naive prompts in
 * place of its text tower. Returns the path of the file.
 */
function visionOnly(): string {
  const out = repository('target/tests/micro');
  command('convert', repository('tests/golden/micro/gamma_micro.pth'), '--dtype', 'f32', '--out', out, '--force');
  const tensors = readTensors(join(out, 'model.safetensors'));
  for (const name of [...tensors.keys()].filter((name) => TEXT_TOWER.test(name))) tensors.delete(name);
  const features = readTensors(repository('tests/golden/micro/golden.safetensors')).get('text.features_normalized');
  if (!features) throw new Error('the golden file has no text features');
  const [sets = 1, levels = 0, width = 0] = features.shape;
  const data = features.data.subarray(0, features.data.length / sets);
  tensors.set('text_features.generic', { dtype: features.dtype, shape: [levels, width], data });
  const path = repository('target/tests/vision-only.safetensors');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, writeTensors(tensors, { trained: 'false', scenes: '{"generic": "{level} image"}' }));
  return path;
}

function natively(weights: string): number[] {
  const { scene, policy, crops } = OPTIONS;
  const options = ['--weights', weights, '--scene', scene, '--policy', policy, '--crops', `${crops}`, '--json'];
  const lines = command('score', ...PHOTOS, ...options)
    .trim()
    .split('\n');
  return lines.map((line) => (JSON.parse(line) as { score: number }).score);
}

/** Opens the model on a device of the page. */
async function open(page: Page, weights: string, device: 'cpu' | 'webgpu') {
  await page.route('**/vision-only', (route) => route.fulfill({ body: readFileSync(weights) }));
  await page.route('**/photo/*', (route) => {
    const name = decodeURIComponent(basename(new URL(route.request().url()).pathname));
    return route.fulfill({ body: readFileSync(join(FOLDER, name)) });
  });
  return page.evaluate(async (device) => {
    globalThis.gamma = await api.Gamma.load({ weights: '/vision-only', device });
    return gamma.device.kind;
  }, device);
}

const scores = (page: Page): Promise<number[]> =>
  page.evaluate(
    async ({ names, options }) => {
      const found: number[] = [];
      const urls = names.map((name) => `/photo/${encodeURIComponent(name)}`);
      for await (const { assessment, error } of gamma.scoreAll(urls, options)) {
        if (error) throw error;
        found.push(assessment.score);
      }
      return found;
    },
    { names: PHOTOS.map((photo) => basename(photo)), options: OPTIONS },
  );

const apart = (a: number[], b: number[]) =>
  Math.max(...a.map((score, index) => Math.abs(score - (b[index] ?? Number.NaN))));

test('native, CPU and WebGPU give the same score, and each of them gives it twice', async () => {
  requireModules('cpu', 'cpu-relaxed', 'gpu');
  const weights = visionOnly();
  const native = natively(weights);
  expect(native).toHaveLength(PHOTOS.length);
  expect(natively(weights)).toEqual(native);
  const server = await servePage();
  const browser = await launchChromium({ webgpu: true });
  try {
    for (const device of ['cpu', 'webgpu'] as const) {
      const page = await barePage(browser, server);
      expect(await open(page, weights, device)).toBe(device);
      const found = await scores(page);
      expect(await scores(page)).toEqual(found);
      const difference = apart(found, native);
      console.log(`${device} and native are within ${difference.toExponential(1)} on ${PHOTOS.length} photos`);
      expect(difference, device).toBeLessThan(1e-3);
      await page.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
}, 1_200_000);
