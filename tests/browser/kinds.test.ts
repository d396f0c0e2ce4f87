import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareTab, load } from './bare.ts';
import { describeChangingPhotos } from './changing-photos.ts';
import { inEveryBrowser } from './drivers/every.ts';
import type { Tab } from './drivers/tab.ts';
import { goldenScores } from './golden.ts';
import { requireModules, type Server, servePage } from './server.ts';

let server: Server;
let page: Tab;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
});
afterAll(() => server?.close());

inEveryBrowser((driver, name) => {
  beforeAll(async () => {
    page = await bareTab(driver(), server);
    await load(page, 'cpu');
  });

  describe('kinds of photo', () => {
    // One lossless picture in every form must give one score; a video's colours go through YUV.
    test.for<[string, number]>([
      ['ImageData', 1e-6],
      ['ImageBitmap', 1e-6],
      ['Blob', 1e-6],
      ['File', 1e-6],
      ['bytes', 1e-6],
      ['ArrayBuffer', 1e-6],
      ['object URL', 1e-6],
      ['URL object', 1e-6],
      ['img', 1e-6],
      ['canvas', 1e-6],
      ['OffscreenCanvas', 1e-6],
      ['VideoFrame', 1e-3],
      ['video', 2e-2],
    ])('%s', async ([kind, tolerance], { skip }) => {
      const { score, lacks } = await page.evaluate(async (kind) => {
        const canvas = await goldenCanvas(0);
        const png = await canvas.convertToBlob({ type: 'image/png' });
        const url = URL.createObjectURL(png);
        const element = document.createElement('canvas');
        element.width = canvas.width;
        element.height = canvas.height;
        element.getContext('2d')?.drawImage(canvas, 0, 0);
        const forms: Record<
          string,
          () => Promise<Parameters<typeof gamma.score>[0]> | Parameters<typeof gamma.score>[0]
        > = {
          ImageData: () => goldenCrop(0),
          ImageBitmap: () => createImageBitmap(canvas),
          Blob: () => png,
          File: () => new File([png], 'crop.png'),
          bytes: async () => new Uint8Array(await png.arrayBuffer()),
          ArrayBuffer: () => png.arrayBuffer(),
          'object URL': () => url,
          'URL object': () => new URL(url),
          img: async () => {
            const image = new Image();
            image.src = url;
            await image.decode();
            return image;
          },
          canvas: () => element,
          OffscreenCanvas: () => canvas,
          VideoFrame: () => new VideoFrame(canvas, { timestamp: 0 }),
          video: async () => {
            const video = document.createElement('video');
            video.muted = true;
            video.srcObject = element.captureStream(10);
            // Without a decoder for such a stream it never begins.
            const end = new Promise((resolve) => setTimeout(resolve, 10_000, 'end'));
            if ((await Promise.race([video.play(), end])) === 'end') throw new Error('it plays no stream of a canvas');
            return video;
          },
        };
        const form = forms[kind];
        if (form === undefined) throw new Error(`no form ${kind}`);
        let photo: Awaited<ReturnType<typeof form>>;
        try {
          photo = await form();
        } catch (error) {
          return { score: Number.NaN, lacks: String(error) };
        }
        const { score } = await gamma.score(photo, { scene: 'generic', policy: 'center', crops: 1 });
        return { score, lacks: undefined };
      }, kind);
      if (lacks !== undefined && name !== 'chromium') skip(`it cannot make the photo: ${lacks}`);
      expect(Math.abs(score - (goldenScores().generic?.[0] ?? Number.NaN))).toBeLessThan(tolerance + 1e-4);
    });

    test('a URL relative to the page, and the bytes behind it, score the same', async () => {
      const [byUrl, byBytes] = await page.evaluate(async () => {
        const bytes = await (await fetch('samples/dog.jpg')).arrayBuffer();
        const options = { policy: 'five' } as const;
        return [(await gamma.score('samples/dog.jpg', options)).score, (await gamma.score(bytes, options)).score];
      });
      expect(byUrl).toBe(byBytes);
    });

    test('AVIF, which only the browser decodes', async () => {
      const result = await page.evaluate(() => gamma.score('/fixtures/flowers.avif', { crops: 2 }));
      expect([result.width, result.height]).toEqual([288, 288]);
      expect(result.score).toBeGreaterThan(0.2);
      // This browser leaves the pixels of a canvas alone: noise.test.ts has one that does not.
      expect(result).not.toHaveProperty('inexact');
    });

    test('a photo below 224 pixels is enlarged and says so', async () => {
      const result = await page.evaluate(() => gamma.score('/fixtures/small.jpg', { crops: 2 }));
      expect(result.enlarged).toBe(true);
      expect([result.width, result.height]).toEqual([299, 224]);
    });

    test('what is no photo is refused with a code', async () => {
      const codes = await page.evaluate(async () => {
        const nothing = [new Blob(['hello']), '/samples/none.jpg', 42, new Image()] as Blob[];
        const errors = await Promise.all(nothing.map((photo) => rejection(gamma.score(photo))));
        return errors.map(({ code }) => code);
      });
      expect(codes).toEqual(['image-format', 'http', 'photo-type', 'photo-type']);
    });
  });

  describe('photos that change, or are gone', () => describeChangingPhotos(() => page));
});
