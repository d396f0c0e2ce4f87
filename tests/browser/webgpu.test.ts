import type { LoadProgress } from 'gamma-wasm';
import type { Browser, Page, Worker } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { App, sample } from './app.ts';
import { barePage, load } from './bare.ts';
import { launchChromium } from './chromium.ts';
import { goldenScores } from './golden.ts';
import { GOLDEN_MODEL, requireModules, type Server, servePage } from './server.ts';

// An emulated GPU: right values, no speed. Two crops are enough to see every kernel.
const CROPS = 2;
/** Draws of shapes for the kernels. */
const SEEDS = 60;
/** Milliseconds after which a crop is being computed: it takes a second and more. */
const UNDER_WAY = 400;

/** What a test reaches into a worker for. */
interface WebGpu {
  GPUAdapter: { prototype: { requestDevice(...all: unknown[]): Promise<{ destroy(): void }> } };
  lose(): void;
}

/** The layer at which shaders are launched, and from which launch on nothing happens. */
interface Launches {
  GPUComputePassEncoder: { prototype: { dispatchWorkgroups(...all: unknown[]): void } };
  broken: boolean;
}

/** The module without its package. */
interface Glue {
  glue: { default(): Promise<void>; open_device(): Promise<object>; try_kernels(seed: number): Promise<void> };
}

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  requireModules('gpu', 'cpu');
  server = await servePage();
  browser = await launchChromium({ webgpu: true });
  page = await barePage(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('golden crops under all six scenes are within 1e-3 of the published model', async () => {
  const device = await load(page, 'webgpu');
  expect(device.kind).toBe('webgpu');
  expect(device.module).toBe('gpu');
  const golden = goldenScores();
  for (let index = 0; index < CROPS; index++) {
    const results = await page.evaluate(
      async (crop) => gamma.score(await goldenCrop(crop), { scene: 'all', policy: 'center', crops: 1 }),
      index,
    );
    for (const [scene, scores] of Object.entries(golden)) {
      expect(results[scene]?.device).toBe('webgpu');
      const difference = Math.abs((results[scene]?.score ?? Number.NaN) - (scores[index] ?? Number.NaN));
      expect(difference, `crop ${index}, ${scene}`).toBeLessThan(1e-3);
    }
  }
});

test('a photo given up on the GPU leaves the model usable', async () => {
  const { code, score } = await page.evaluate(async () => {
    const stop = new AbortController();
    const options = { crops: 40, signal: stop.signal, onProgress: () => stop.abort() };
    const { code } = await rejection(gamma.score('samples/dog.jpg', options));
    const { score } = await gamma.score(await goldenCrop(0), { scene: 'generic', policy: 'center' });
    return { code, score };
  });
  expect(code).toBe('aborted');
  expect(Math.abs(score - (goldenScores().generic?.[0] ?? Number.NaN))).toBeLessThan(1e-3);
});

test('each kernel is right on random shapes', async () => {
  const other = await barePage(browser, server);
  const script = "import * as glue from '/pkg/wasm/gpu/gamma.js'; globalThis.glue = glue;";
  await other.addScriptTag({ type: 'module', content: script });
  await other.waitForFunction(() => 'glue' in globalThis);
  const failed = await other.evaluate(async (seeds) => {
    const { glue } = globalThis as unknown as Glue;
    await glue.default();
    await glue.open_device();
    for (let seed = 0; seed < seeds; seed++) {
      const error = await glue.try_kernels(seed).then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (error !== undefined) return `seed ${seed}: ${error}`;
    }
    return undefined;
  }, SEEDS);
  expect(failed).toBeUndefined();
  await other.close();
});

test('an adapter without optional features serves', async () => {
  const other = await barePage(browser, server);
  other.on('worker', (worker) => {
    void worker.evaluate(() => {
      const features = (globalThis as unknown as { GPUSupportedFeatures: { prototype: Set<string> } })
        .GPUSupportedFeatures;
      features.prototype.has = () => false;
    });
  });
  expect((await load(other, 'webgpu')).kind).toBe('webgpu');
  const { score } = await other.evaluate(async () =>
    gamma.score(await goldenCrop(0), { scene: 'generic', policy: 'center' }),
  );
  expect(Math.abs(score - (goldenScores().generic?.[0] ?? Number.NaN))).toBeLessThan(1e-3);
  await other.close();
});

test('a photo whose GPU is lost on the way is scored', async () => {
  const other = await barePage(browser, server);
  const workers: Worker[] = [];
  other.on('worker', (worker) => {
    workers.push(worker);
    void worker.evaluate(() => {
      const { prototype } = (globalThis as unknown as WebGpu).GPUAdapter;
      const { requestDevice } = prototype;
      prototype.requestDevice = async function (...all) {
        const device = await requestDevice.apply(this, all);
        (globalThis as unknown as WebGpu).lose = () => device.destroy();
        return device;
      };
    });
  });
  await load(other, 'webgpu');
  const scored = other.evaluate(async () => {
    // Its pixels are handed to the worker, and are needed again.
    const crop = await goldenCrop(0);
    console.info('under way');
    return (await gamma.score(crop, { scene: 'generic', policy: 'center' })).score;
  });
  await other.waitForEvent('console', (message) => message.text() === 'under way');
  await new Promise((resolve) => setTimeout(resolve, UNDER_WAY));
  await workers[0]?.evaluate(() => (globalThis as unknown as WebGpu).lose());
  expect(Math.abs((await scored) - (goldenScores().generic?.[0] ?? Number.NaN))).toBeLessThan(1e-3);
  expect(workers.length).toBe(2);
  await other.close();
});

test('a GPU that computes wrongly from the second photo on is found out, and every photo ends with the right score', async () => {
  const other = await barePage(browser, server);
  const workers: Worker[] = [];
  other.on('worker', (worker) => {
    // Those on the CPU come later.
    if (workers.push(worker) > 1) return;
    void worker.evaluate(() => {
      const scope = globalThis as unknown as Launches;
      const { prototype } = scope.GPUComputePassEncoder;
      const { dispatchWorkgroups } = prototype;
      prototype.dispatchWorkgroups = function (...all) {
        if (!scope.broken) dispatchWorkgroups.apply(this, all);
      };
    });
  });
  await other.exposeFunction('breakLaunches', () =>
    workers[0]?.evaluate(() => {
      (globalThis as unknown as Launches).broken = true;
    }),
  );
  const { results, told, kind, reason } = await other.evaluate(async (weights) => {
    const told: string[] = [];
    const onProgress = ({ phase, loaded, total }: LoadProgress) => told.push(`${phase} ${loaded}/${total}`);
    globalThis.gamma = await api.Gamma.load({ weights, device: 'webgpu', onProgress });
    async function* crops() {
      for (const index of [0, 1, 2]) yield await goldenCrop(index);
    }
    const results: [number, number | undefined, string | undefined, boolean][] = [];
    const options = { scene: 'generic', policy: 'center', crops: 1 } as const;
    for await (const { index, assessment, corrected } of gamma.scoreAll(crops(), options)) {
      results.push([index, assessment?.score, assessment?.device, corrected === true]);
      // Once: photo 0 comes again where it had not been checked yet, and the worker of the GPU has ended then.
      if (index === 0 && corrected !== true)
        await (globalThis as unknown as { breakLaunches(): Promise<void> }).breakLaunches();
    }
    return { results, told, ...gamma.device };
  }, GOLDEN_MODEL);
  const ends = new Map(results.map(([index, score]) => [index, score]));
  for (const index of [0, 1, 2]) {
    const difference = Math.abs((ends.get(index) ?? Number.NaN) - (goldenScores().generic?.[index] ?? Number.NaN));
    expect(difference, `crop ${index}: ${JSON.stringify(results)}`).toBeLessThan(1e-3);
  }
  expect(results.some(([, , device, corrected]) => corrected && device === 'cpu')).toBe(true);
  expect(kind).toBe('cpu');
  expect(reason).toMatch(/^WebGPU was left \(.+\): it computed a crop wrongly/);
  expect(told.at(-1)).toMatch(/^recompute (\d)\/\1$/);
  await other.close();
});

test('auto passes over an emulated GPU and says so', async () => {
  await page.evaluate(() => globalThis.gamma?.dispose());
  const device = await load(page, 'auto');
  expect(device.kind).toBe('cpu');
  expect(device.reason).toMatch(/emulat|software/i);
});

test('the page scores a photo on the GPU that the person switches to', async () => {
  const app = await App.open(browser, server);
  await app.choose([sample('dog.jpg')]);
  await app.settled(1);
  await app.page.locator('#options summary').click();
  await app.page.getByRole('combobox', { name: 'Crops' }).selectOption('center');
  await app.page.keyboard.press('Escape');
  await app.page.getByText('WebGPU', { exact: true }).click();
  await app.page.locator('#device-line', { hasText: /^WebGPU/ }).waitFor({ timeout: 240_000 });
  await app.page.locator('#options summary').click();
  await app.button('Score all again').click();
  await app.settled(1);
  expect(await app.card('dog.jpg').locator('.cost').textContent()).toMatch(/^WebGPU, /);
  await app.screenshot('webgpu');
  expect(app.errors).toEqual([]);
  await app.close();
});
