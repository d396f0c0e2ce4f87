import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExtrasModule } from '../../js/wasm.ts';
import { FILES, FOLDER, natively } from '../common/cases.ts';
import { writeRawFiles } from '../native.js';
import { barePage } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

// The files of `tests/fixtures/cases` and camera RAW files in Chromium: the same pixels as natively, the same refusals.

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  requireModules('cpu', 'extras');
  server = await servePage();
  browser = await launchChromium({ webgpu: false });
  page = await barePage(browser, server);
  await page.route('**/case/*', (route) => {
    const name = decodeURIComponent(basename(new URL(route.request().url()).pathname));
    return route.fulfill({ body: readFileSync(join(FOLDER, name)) });
  });
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('every case has the same pixels as natively, or is refused with the same code', async () => {
  const native = natively();
  const content = "import * as extras from '/pkg/wasm/extras/gamma.js'; globalThis.extras = extras;";
  await page.addScriptTag({ type: 'module', content });
  await page.waitForFunction(() => 'extras' in globalThis);
  const found = await page.evaluate(async (files) => {
    const { extras } = globalThis as unknown as { extras: ExtrasModule & { default(input: object): Promise<unknown> } };
    await extras.default({ module_or_path: await fetch('/pkg/wasm/extras/gamma_bg.wasm') });
    const hex = (bytes: ArrayBuffer) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0'));
    const outcomes: [string, unknown][] = [];
    for (const file of files) {
      const bytes = new Uint8Array(await (await fetch(`/case/${encodeURIComponent(file)}`)).arrayBuffer());
      try {
        const photo = extras.decode(bytes, {});
        const { width, height } = photo;
        const { source } = photo.about();
        const sha256 = hex(await crypto.subtle.digest('SHA-256', new Uint8Array(photo.into_rgb()))).join('');
        outcomes.push([file, { width, height, source, sha256 }]);
      } catch (error) {
        outcomes.push([file, { code: (error as { code: string }).code }]);
      }
    }
    return outcomes;
  }, FILES);
  expect(found).toHaveLength(FILES.length);
  expect(new Map(found)).toEqual(native);
}, 1_200_000);

test('a RAW file of 60 MB that a person chose is scored by its preview, and the page does not read it as a whole', async () => {
  const folder = repository('target/tests/raw-browser');
  writeRawFiles(folder, 60_000_000);
  try {
    await page.evaluate(() => {
      document.body.innerHTML = '<input id="files" type="file" multiple>';
    });
    const names = ['canon-eos-r5.cr3', 'nikon-d70.nef', 'fujifilm-x-t4.raf', 'olympus-e-m1.orf'];
    await page.locator('#files').setInputFiles(names.map((name) => join(folder, name)));
    const results = await page.evaluate(async (weights) => {
      const whole = Blob.prototype.arrayBuffer;
      Blob.prototype.arrayBuffer = function (this: Blob) {
        if (this.size > 1_000_000) throw new Error('all of a large file is read');
        return whole.call(this);
      };
      globalThis.gamma = await api.Gamma.load({ weights, device: 'cpu' });
      const files = [...((document.getElementById('files') as HTMLInputElement).files ?? [])];
      const found: unknown[] = [];
      for (const file of files) {
        const { source, preview, width, height } = await gamma.score(file, { policy: 'center' });
        found.push({ source, preview, width, height });
      }
      return found;
    }, '/models/untrained-tiny.safetensors');
    const upright = { width: 600, height: 800 };
    expect(results).toEqual(names.map(() => ({ source: 'raw-preview', preview: upright, ...upright })));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 1_200_000);

test('what the engine cannot decode and the browser can says so; what is cut off is not filled by the browser', async () => {
  const sources = await page.evaluate(async () => {
    const side = 250;
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext('2d');
    context?.fillRect(20, 40, 200, 100);
    const png = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    // An icon that holds the PNG file.
    const icon = new Uint8Array(22 + png.length);
    const view = new DataView(icon.buffer);
    view.setUint16(2, 1, true);
    view.setUint16(4, 1, true);
    icon.set([side, side], 6);
    view.setUint16(12, 32, true);
    view.setUint32(14, png.length, true);
    view.setUint32(18, 22, true);
    icon.set(png, 22);
    const source = async (photo: Parameters<typeof gamma.score>[0]) => (await gamma.score(photo)).source;
    return {
      icon: await source(icon),
      avif: await source('/fixtures/flowers.avif'),
      png: await source(png),
      pixels: await source(canvas),
      cut: await rejection(gamma.score(png.slice(0, png.length - 40))),
    };
  });
  expect(sources).toMatchObject({
    icon: 'browser',
    avif: 'browser',
    png: 'file',
    pixels: 'pixels',
    cut: { code: 'image-decode' },
  });
});
