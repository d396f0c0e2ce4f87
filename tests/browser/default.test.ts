import { extname } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locate } from '../../www/serve.ts';
import { gammaCommand } from '../native.js';
import { barePage } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

const PHOTOS = ['city-at-night.webp', 'dog.jpg', 'lighthouse-blurred.webp', 'lighthouse.webp'];

let server: Server;
let browser: Browser;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed', 'gpu');
  server = await servePage();
  browser = await launchChromium({ webgpu: true });
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Loads the package's own model and scores the photos with nothing said but the device. */
const scoresOf = (page: Page, device: 'cpu' | 'webgpu', photos: string[]) =>
  page.evaluate(
    async ({ photos, device }) => {
      const gamma = await api.Gamma.load({ device });
      const scores: number[] = [];
      for (const photo of photos) scores.push((await gamma.score(`samples/${photo}`)).score);
      const { model, source, device: used } = gamma;
      await gamma.dispose();
      return { scores, name: model.name, kept: source.kept, kind: used.kind };
    },
    { photos, device },
  );

test('`Gamma.load()` gives the scores of `gamma score`, on the CPU and on WebGPU', async () => {
  const paths = PHOTOS.map((name) => repository(`www/samples/${name}`));
  const lines = gammaCommand('score', '--json', ...paths)
    .trim()
    .split('\n');
  const native = lines.map((line) => (JSON.parse(line) as { score: number }).score);
  expect(native).toHaveLength(PHOTOS.length);
  for (const device of ['cpu', 'webgpu'] as const) {
    const page = await barePage(browser, server);
    // An emulated GPU takes a minute for a photo.
    const photos = device === 'cpu' ? PHOTOS : PHOTOS.slice(0, 1);
    const found = await scoresOf(page, device, photos);
    expect(found).toMatchObject({ name: 'gamma-lite', kind: device, kept: true });
    const apart = Math.max(...found.scores.map((score, index) => Math.abs(score - (native[index] ?? Number.NaN))));
    expect(found.scores).toHaveLength(photos.length);
    console.log(`${device} and native are within ${apart.toExponential(1)} on ${photos.length} photos`);
    expect(apart, device).toBeLessThan(0.002);
    await page.close();
  }
}, 1_200_000);

test('the package works from a CDN: another origin than the page’s', async () => {
  const page = await barePage(browser, server);
  const types: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
  await page.context().route('https://cdn.example/**', (route) => {
    const path = locate(new URL(route.request().url()).pathname.replace('/npm/gamma-wasm', '/pkg'));
    const headers = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' };
    if (!path) return route.fulfill({ status: 404, headers });
    return route.fulfill({ path, headers, contentType: types[extname(path)] ?? 'application/octet-stream' });
  });
  // As text: a function's own import would be rewritten on its way here.
  await page.evaluate("import('https://cdn.example/npm/gamma-wasm/index.js').then((api) => { globalThis.api = api; })");
  const { scores, name } = await scoresOf(page, 'cpu', PHOTOS);
  expect(name).toBe('gamma-lite');
  expect(scores).toHaveLength(PHOTOS.length);
  await page.close();
}, 240_000);
