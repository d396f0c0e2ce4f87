import type { Gamma } from 'gamma-wasm';
import type { Browser, Page } from 'playwright-core';
import type { Driver, Evaluate, Tab } from './drivers/tab.ts';
import { SIDE } from './golden.ts';
import { GOLDEN_MODEL, type Server } from './server.ts';

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

/** A bare page of the package in Chromium, with all that Playwright can do. */
export async function barePage(browser: Browser, server: Server): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${server.url}bare.html`);
  await prepare(page);
  return page;
}

/** A bare page of the package in whichever browser. */
export async function bareTab(driver: Driver, server: Server): Promise<Tab> {
  const tab = await driver.open(`${server.url}bare.html`);
  await prepare(tab);
  return tab;
}

/** Waits for the package and defines what tests call in the page. */
function prepare(page: { evaluate: Evaluate }): Promise<void> {
  return page.evaluate(async (side) => {
    while (!('api' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 10));
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
}

/** Loads the golden model as `gamma` of the page and tells the device. */
export function load(page: { evaluate: Evaluate }, device: 'auto' | 'cpu' | 'webgpu', threads?: number) {
  return page.evaluate(
    async (options) => {
      globalThis.gamma = await api.Gamma.load(options);
      return gamma.device;
    },
    { weights: GOLDEN_MODEL, device, ...(threads !== undefined && { threads }) },
  );
}
