import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locate } from '../../www/serve.ts';
import { barePage } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { repository, requireModules, type Server, servePage } from './server.ts';

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
const scoresOf = (page: Page, device: 'cpu' | 'webgpu', base: string) =>
  page.evaluate(
    async ({ photos, device, base }) => {
      const gamma = await api.Gamma.load({ device });
      const scores: number[] = [];
      for (const photo of photos) scores.push((await gamma.score(`${base}samples/${photo}`)).score);
      const { model, source, device: used } = gamma;
      await gamma.dispose();
      return { scores, name: model.name, kept: source.kept, kind: used.kind };
    },
    { photos: PHOTOS, device, base },
  );

test('`Gamma.load()` gives the scores of `gamma score`, on the CPU and on WebGPU', async () => {
  const photos = PHOTOS.map((name) => repository(`www/samples/${name}`));
  const arguments_ = ['run', '--quiet', '--bin', 'gamma', '--', 'score', '--json', ...photos];
  const lines = execFileSync('cargo', arguments_, { cwd: repository('.'), encoding: 'utf8' })
    .trim()
    .split('\n');
  const native = lines.map((line) => (JSON.parse(line) as { score: number }).score);
  expect(native).toHaveLength(PHOTOS.length);
  for (const device of ['cpu', 'webgpu'] as const) {
    const page = await barePage(browser, server);
    const found = await scoresOf(page, device, server.url);
    expect(found).toMatchObject({ name: 'gamma-lite', kind: device, kept: true });
    const apart = Math.max(...native.map((score, index) => Math.abs(score - (found.scores[index] ?? Number.NaN))));
    console.log(`${device} and native are within ${apart.toExponential(1)} on ${PHOTOS.length} photos`);
    expect(apart, device).toBeLessThan(0.002);
    await page.close();
  }
}, 1_200_000);

test('the package works from a CDN: another origin than the page’s', async () => {
  const types: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const cdn: HttpServer = createServer((request, response) => {
    const file = locate(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (!file) return response.writeHead(404).end();
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
    return createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
  });
  await new Promise<void>((resolve) => cdn.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = cdn.address() as AddressInfo;
    const page = await barePage(browser, server);
    await page.evaluate(async (address) => {
      globalThis.api = await import(address);
    }, `http://127.0.0.1:${port}/pkg/index.js`);
    const { scores, name } = await scoresOf(page, 'cpu', server.url);
    expect(name).toBe('gamma-lite');
    expect(scores).toHaveLength(PHOTOS.length);
    await page.close();
  } finally {
    cdn.closeAllConnections();
    cdn.close();
  }
}, 240_000);
