import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareTab, load } from './bare.ts';
import { inEveryBrowser } from './drivers/every.ts';
import type { Tab } from './drivers/tab.ts';
import { goldenLevels, goldenScores, LEVELS } from './golden.ts';
import { GOLDEN_MODEL, requireModules, type Server, servePage } from './server.ts';

let server: Server;
let page: Tab;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
});
afterAll(() => server?.close());

inEveryBrowser((driver) => {
  beforeAll(async () => {
    page = await bareTab(driver(), server);
    await load(page, 'cpu');
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
});
