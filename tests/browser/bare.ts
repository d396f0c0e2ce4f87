import { readFileSync } from 'node:fs';
import type { Gamma } from 'gamma-wasm';
import type { Browser, Page } from 'playwright-core';
import { goldenCrops, SIDE } from './golden.ts';
import { GOLDEN_MODEL, repository, type Server } from './server.ts';

/** What a bare page keeps between the calls of a test. */
declare global {
  var api: typeof import('gamma-wasm');
  var gamma: Gamma;
  /** Golden crop `index`, opaque. */
  var goldenCrop: (index: number) => Promise<ImageData>;
  /** The golden crop on a canvas. */
  var goldenCanvas: (index: number) => Promise<OffscreenCanvas>;
  /** The code and message that a promise rejects with. */
  var rejection: (promise: Promise<unknown>) => Promise<{ code: string; message: string }>;
}

/** A page with nothing on it but the package, of the dev server's origin. */
export async function barePage(browser: Browser, server: Server): Promise<Page> {
  const page = await browser.newPage();
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const script = "import * as api from '/pkg/index.js'; globalThis.api = api;";
  const body = `<!doctype html><title>bare</title><body><script type="module">${script}</script></body>`;
  await page.route('**/bare.html', (route) => route.fulfill({ contentType: 'text/html', headers, body }));
  await page.route('**/golden/crops', (route) => route.fulfill({ body: goldenCrops() }));
  await page.route('**/fixtures/*', (route) =>
    route.fulfill({ body: readFileSync(repository(`tests/browser${new URL(route.request().url()).pathname}`)) }),
  );
  await page.goto(`${server.url}bare.html`);
  await page.waitForFunction(() => 'api' in globalThis);
  await page.evaluate((side) => {
    globalThis.goldenCrop = async (index) => {
      const all = new Uint8Array(await (await fetch('/golden/crops')).arrayBuffer());
      const image = new ImageData(side, side);
      for (let i = 0; i < side * side; i++) {
        const at = 3 * (index * side * side + i);
        image.data.set(all.subarray(at, at + 3), 4 * i);
        image.data[4 * i + 3] = 255;
      }
      return image;
    };
    globalThis.goldenCanvas = async (index) => {
      const canvas = new OffscreenCanvas(side, side);
      canvas.getContext('2d')?.putImageData(await goldenCrop(index), 0, 0);
      return canvas;
    };
    globalThis.rejection = (promise) =>
      promise.then(
        () => ({ code: 'no error', message: '' }),
        ({ code, message }) => ({ code, message }),
      );
  }, SIDE);
  return page;
}

/** Loads the golden model as `gamma` of the page and tells the device. */
export function load(page: Page, device: 'auto' | 'cpu' | 'webgpu') {
  return page.evaluate(
    async (options) => {
      globalThis.gamma = await api.Gamma.load(options);
      return gamma.device;
    },
    { weights: GOLDEN_MODEL, device },
  );
}
