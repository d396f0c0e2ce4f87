import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barePage, load } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { repository, requireModules, servePage } from './server.ts';

// The same photos natively, on the CPU of a browser and on WebGPU. GAMMA_PHOTOS names a folder of other photos, of which
// the first 50 are taken.
const FOLDER = process.env.GAMMA_PHOTOS ?? repository('www/samples');
const PHOTOS = readdirSync(FOLDER)
  .filter((name) => /\.(jpe?g|png|webp|bmp|gif|tiff?)$/i.test(name))
  .sort()
  .slice(0, 50)
  .map((name) => join(FOLDER, name));
const POLICY = 'center';
const WEIGHTS = 'tests/golden/tiny/model.safetensors';

function natively(): number[] {
  const options = ['--weights', WEIGHTS, '--policy', POLICY, '--json'];
  const args = ['run', '--quiet', '--bin', 'gamma', '--', 'score', ...PHOTOS, ...options];
  const lines = execFileSync('cargo', args, {
    cwd: repository('.'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return lines
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { score: number }).score);
}

async function scores(page: Page): Promise<number[]> {
  await page.route('**/photo/*', (route) => {
    const name = decodeURIComponent(basename(new URL(route.request().url()).pathname));
    return route.fulfill({ body: readFileSync(join(FOLDER, name)) });
  });
  return page.evaluate(
    async ({ names, policy }) => {
      const found: number[] = [];
      for await (const { assessment, error } of gamma.scoreAll(
        names.map((name) => `/photo/${encodeURIComponent(name)}`),
        { policy },
      )) {
        if (error) throw error;
        found.push(assessment.score);
      }
      return found;
    },
    { names: PHOTOS.map((photo) => basename(photo)), policy: POLICY } as const,
  );
}

const apart = (a: number[], b: number[]) =>
  Math.max(...a.map((score, index) => Math.abs(score - (b[index] ?? Number.NaN))));

test('native, CPU and WebGPU give the same score, and each of them gives it twice', async () => {
  requireModules('cpu', 'gpu');
  const native = natively();
  expect(native).toHaveLength(PHOTOS.length);
  expect(natively()).toEqual(native);
  const server = await servePage();
  const browser = await launchChromium({ webgpu: true });
  try {
    for (const device of ['cpu', 'webgpu'] as const) {
      const page = await barePage(browser, server);
      expect((await load(page, device)).kind).toBe(device);
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
}, 2_400_000);
