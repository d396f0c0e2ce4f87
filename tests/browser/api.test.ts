import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { barePage, load } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { goldenLevels, goldenScores, LEVELS, SCENES } from './golden.ts';
import { GOLDEN_MODEL, requireModules, type Server, servePage } from './server.ts';

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
  browser = await launchChromium();
  page = await barePage(browser, server);
  await load(page, 'cpu');
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Scores of the first golden crops under all scenes, next to the golden ones. */
async function goldenDifferences(crops: number): Promise<{ scenes: string[]; worst: number }> {
  const scored = await page.evaluate(async (count) => {
    const all: Record<string, number>[] = [];
    for (let index = 0; index < count; index++) {
      const results = await gamma.score(await goldenCrop(index), { scene: 'all', policy: 'center', crops: 1 });
      all.push(Object.fromEntries(Object.entries(results).map(([scene, { score }]) => [scene, score])));
    }
    return all;
  }, crops);
  const golden = goldenScores();
  const differences = scored.flatMap((crop, index) =>
    Object.entries(golden).map(([scene, scores]) =>
      Math.abs((crop[scene] ?? Number.NaN) - (scores[index] ?? Number.NaN)),
    ),
  );
  return { scenes: Object.keys(scored[0] ?? {}).sort(), worst: Math.max(...differences) };
}

describe('golden scores', () => {
  test('all ten crops under all six scenes are within 1e-4 of the published model', async () => {
    const { scenes, worst } = await goldenDifferences(10);
    expect(scenes).toEqual(Object.keys(SCENES).sort());
    expect(worst).toBeLessThan(1e-4);
  });

  test('so they are in the module without relaxed SIMD', async () => {
    const plain = await barePage(browser, server);
    const relaxed = page;
    try {
      page = plain;
      // What a browser without relaxed SIMD answers to the question whether it has it.
      await plain.evaluate(() => {
        const { validate } = WebAssembly;
        const relaxedSwizzle = [253, 128, 2];
        WebAssembly.validate = (bytes) =>
          !String(new Uint8Array(bytes as ArrayBuffer)).includes(String(relaxedSwizzle)) && validate(bytes);
      });
      expect((await load(plain, 'cpu')).module).toBe('cpu');
      expect((await goldenDifferences(2)).worst).toBeLessThan(1e-4);
    } finally {
      page = relaxed;
      await plain.close();
    }
  });
});

describe('devices', () => {
  test('auto without a GPU takes the CPU and says why', async () => {
    const device = await page.evaluate(async (weights) => {
      const other = await api.Gamma.load({ weights });
      await other.dispose();
      return other.device;
    }, GOLDEN_MODEL);
    expect(device.kind).toBe('cpu');
    expect(device.reason).toMatch(/GPU/);
  });

  test('webgpu without a GPU is refused', async () => {
    const error = await page.evaluate(
      (weights) => rejection(api.Gamma.load({ weights, device: 'webgpu' })),
      GOLDEN_MODEL,
    );
    expect(error.code).toBe('device');
    expect(error.message).toMatch(/GPU/);
  });

  test('loading reports every phase to its end', async () => {
    const seen = await page.evaluate(async (url) => {
      // Bytes of its own, so that it is not the model that is loaded already.
      const weights = await (await fetch(url)).arrayBuffer();
      const last: Record<string, { loaded: number; total?: number }> = {};
      const onProgress: NonNullable<Parameters<typeof api.Gamma.load>[0]>['onProgress'] = (step) => {
        last[step.phase] = step;
      };
      await (await api.Gamma.load({ weights, device: 'cpu', onProgress })).dispose();
      return last;
    }, GOLDEN_MODEL);
    expect(Object.keys(seen).sort()).toEqual(['device', 'module', 'prompts', 'weights']);
    for (const [phase, { loaded, total }] of Object.entries(seen)) expect(loaded, phase).toBe(total);
  });
});

describe('kinds of photo', () => {
  // One lossless picture in every form must give one score; a video's colours go through YUV.
  test.each([
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
  ])('%s', async (kind, tolerance) => {
    const score = await page.evaluate(async (name) => {
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
          await video.play();
          return video;
        },
      };
      const photo = await forms[name]?.();
      if (photo === undefined) throw new Error(`no form ${name}`);
      return (await gamma.score(photo, { scene: 'generic', policy: 'center', crops: 1 })).score;
    }, kind);
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

describe('scoring', () => {
  test('the same photo scores the same twice, and another seed places other crops', async () => {
    const [first, second, other] = await page.evaluate(async () => {
      const score = (seed: number) => gamma.score('samples/dog.jpg', { crops: 3, seed });
      return [await score(0), await score(0), await score(1)];
    });
    expect(second?.score).toBe(first?.score);
    expect(second?.crops).toEqual(first?.crops);
    expect(other?.crops).not.toEqual(first?.crops);
  });

  test('an assessment is consistent in itself', async () => {
    const { score, percent, levels, crops, spread, scene, device } = await page.evaluate(() =>
      gamma.score('samples/lighthouse.webp', { scene: 'face-quality', crops: 4 }),
    );
    const scores = crops.map((crop) => crop.score);
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    expect(score).toBeCloseTo(mean, 6);
    expect(Object.values(levels).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    // What the five levels of this model are worth; the lowest is 0 and the highest 100 percent.
    const worth = goldenLevels();
    const [low = 0, high = 1] = [worth[0], worth.at(-1)];
    const weighted = LEVELS.reduce((sum, level, index) => sum + levels[level] * (worth[index] ?? Number.NaN), 0);
    expect(weighted).toBeCloseTo(score, 5);
    expect(percent).toBeCloseTo(((score - low) / (high - low)) * 100, 3);
    expect(spread).toBeCloseTo(
      Math.sqrt(scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scores.length),
      5,
    );
    expect([scene, device]).toEqual(['face-quality', 'cpu']);
  });

  test('a photo given up in the middle leaves the model usable', async () => {
    const { code, done, after } = await page.evaluate(async () => {
      const stop = new AbortController();
      let crops = 0;
      const onProgress = ({ done }: { done: number }) => {
        crops = done;
        stop.abort();
      };
      const options = { crops: 60, signal: stop.signal, onProgress };
      const { code } = await rejection(gamma.score('samples/dog.jpg', options));
      const again = await gamma.score(await goldenCrop(0), { scene: 'generic', policy: 'center' });
      return { code, done: crops, after: again.score };
    });
    expect(code).toBe('aborted');
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(60);
    expect(Math.abs(after - (goldenScores().generic?.[0] ?? Number.NaN))).toBeLessThan(1e-4);
  });

  test('one bad photo among good ones fails alone', async () => {
    const results = await page.evaluate(async () => {
      const photos = ['samples/dog.jpg', new Blob(['hello']), 'samples/lighthouse.webp'];
      const all: { index: number; code: string | undefined; scored: boolean }[] = [];
      for await (const { index, assessment, error } of gamma.scoreAll(photos, { crops: 1 })) {
        all.push({ index, code: error?.code, scored: assessment !== undefined });
      }
      return all.sort((a, b) => a.index - b.index);
    });
    expect(results).toEqual([
      { index: 0, code: undefined, scored: true },
      { index: 1, code: 'image-format', scored: false },
      { index: 2, code: undefined, scored: true },
    ]);
  });

  test('a scene of one’s own is scored, an unknown one refused by name', async () => {
    const { scenes, scene, error } = await page.evaluate(async () => {
      await gamma.addScene('product', '{level} product photo');
      const { scene } = await gamma.score('samples/dog.jpg', { scene: 'product', crops: 1 });
      const error = await rejection(gamma.score('samples/dog.jpg', { scene: 'nonsense' }));
      return { scenes: gamma.scenes.map(({ id }) => id), scene, error };
    });
    expect(scenes).toContain('product');
    expect(scene).toBe('product');
    expect(error.code).toBe('scene-unknown');
    expect(error.message).toMatch(/nonsense/);
  });
});

describe('ends', () => {
  test('weights that are none are refused, wherever they come from', async () => {
    const codes = await page.evaluate(async () => {
      const load = (weights: string | Blob) =>
        rejection(api.Gamma.load({ device: 'cpu', weights })).then(({ code }) => code);
      const noise = new Blob([new Uint8Array(1000).fill(255)]);
      return [await load('/models/none.safetensors'), await load(noise)];
    });
    expect(codes).toEqual(['http-html', 'header-too-large']);
  });

  test('a load can be given up', async () => {
    const { code } = await page.evaluate(async (weights) => {
      const stop = new AbortController();
      const loading = api.Gamma.load({ weights, device: 'cpu', signal: stop.signal, onProgress: () => stop.abort() });
      return rejection(loading);
    }, GOLDEN_MODEL);
    expect(code).toBe('aborted');
  });

  test('a disposed model refuses to score, and a second dispose does nothing', async () => {
    const { code } = await page.evaluate(async (weights) => {
      const other = await api.Gamma.load({ weights, device: 'cpu' });
      await other.dispose();
      await other.dispose();
      return rejection(other.score('samples/dog.jpg'));
    }, GOLDEN_MODEL);
    expect(code).toBe('disposed');
  });
});
