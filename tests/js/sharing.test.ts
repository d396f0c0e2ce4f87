// One model in memory for all who load it: shared worker, separate scenes, separate ends.
import { afterEach, expect, test } from 'vitest';
import type { LoadProgress } from '../../js/types.js';
import { live } from './fake-engine.js';
import { GPU, later, newLog, platformOf, TestGamma, until, weightsOf } from './fakes.js';

afterEach(() => {
  expect(live, 'everything is freed').toMatchObject({ photos: 0, jobs: 0, loaders: 0 });
});

function setUp() {
  const log = newLog();
  const platform = platformOf(log);
  return { log, platform, weights: weightsOf() };
}

test('the same weights are loaded once; each handle has its own scenes and its own end', async () => {
  const { log, platform, weights } = setUp();
  const first = await TestGamma.on(platform, { weights });
  const seen: LoadProgress[] = [];
  const second = await TestGamma.on(platform, { weights, onProgress: (progress) => seen.push(progress) });
  expect(log.spawned).toBe(1);
  expect(second.source).toMatchObject({ from: 'memory' });
  expect(seen).toEqual([expect.objectContaining({ phase: 'weights', from: 'memory' })]);
  await first.addScene('product', '{level} product photo');
  expect(first.scenes.map(({ id }) => id)).toContain('product');
  expect(second.scenes.map(({ id }) => id)).not.toContain('product');
  await expect(second.score({}, { scene: 'product' })).rejects.toMatchObject({ code: 'scene-unknown' });
  const engines = live.engines;
  await first.dispose();
  expect(log.terminated).toBe(0);
  expect(await second.score({ score: 0.7 })).toMatchObject({ score: 0.7 });
  expect(live.engines, "the first one's engine is freed").toBe(engines - 1);
  await expect(first.score({})).rejects.toMatchObject({ code: 'disposed' });
  await second.dispose();
  expect(log.terminated).toBe(1);
});

test('loads at the same time share the load, and both see its progress', async () => {
  const { log, platform, weights } = setUp();
  const seen: string[][] = [[], []];
  const load = (index: number) =>
    TestGamma.on(platform, { weights, onProgress: ({ phase }) => seen[index]?.push(phase) });
  const [first, second] = await Promise.all([load(0), load(1)]);
  expect(log.spawned).toBe(1);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[0]).toContain('weights');
  await Promise.all([first.dispose(), second.dispose()]);
  expect(log.terminated).toBe(1);
});

test('aborting one of two loads leaves the other alone; aborting both ends the worker', async () => {
  const slow = platformOf(newLog(), { slowModule: 30 });
  const weights = weightsOf();
  const controller = new AbortController();
  const first = TestGamma.on(slow, { weights, signal: controller.signal });
  const second = TestGamma.on(slow, { weights });
  await later(5);
  controller.abort();
  await expect(first).rejects.toMatchObject({ code: 'aborted' });
  await (await second).dispose();
  const log = newLog();
  const platform = platformOf(log, { slowModule: 30 });
  const all = [1, 2].map(() => TestGamma.on(platform, { weights, signal: AbortSignal.timeout(5) }));
  for (const result of await Promise.allSettled(all)) expect(result).toMatchObject({ reason: { code: 'aborted' } });
  expect(log.terminated).toBe(log.spawned);
});

test('other weights, another device or precision, or `reload` are another model', async () => {
  const { log, platform, weights } = setUp();
  const handles = [
    await TestGamma.on(platform, { weights }),
    await TestGamma.on(platform, { weights: weightsOf() }),
    await TestGamma.on(platform, { weights, device: 'cpu' }),
    await TestGamma.on(platform, { weights, precision: 'exact' }),
    await TestGamma.on(platform, { weights, wasm: 'https://elsewhere.example/' }),
    await TestGamma.on(platform, { weights, cache: 'reload' }),
  ];
  expect(log.spawned).toBe(6);
  for (const handle of handles) await handle.dispose();
  expect(log.terminated).toBe(6);
  const again = await TestGamma.on(platform, { weights });
  expect(log.spawned, 'after the last one is gone, it is loaded again').toBe(7);
  await again.dispose();
});

test('a load that failed is not shared with the next one', async () => {
  const log = newLog();
  const broken: Record<string, Error> = { cpu: Object.assign(new Error('offline'), { code: 'network' }) };
  const platform = platformOf(log, { broken });
  const weights = weightsOf();
  const both = [TestGamma.on(platform, { weights }), TestGamma.on(platform, { weights })];
  for (const result of await Promise.allSettled(both)) expect(result).toMatchObject({ reason: { code: 'network' } });
  delete broken.cpu;
  await (await TestGamma.on(platform, { weights })).dispose();
  expect(log).toMatchObject({ spawned: 2, terminated: 2 });
});

test('a crash is repaired once for all handles, each with its scenes', async () => {
  const { log, platform, weights } = setUp();
  const first = await TestGamma.on(platform, { weights });
  const second = await TestGamma.on(platform, { weights });
  await first.addScene('product', '{level} product photo');
  await second.addScene('food', '{level} food photo');
  const results = await Promise.allSettled([
    first.score({ trap: 'step' }),
    second.score({ score: 0.3 }, { scene: 'food' }),
    first.score({ score: 0.2 }, { scene: 'product' }),
  ]);
  expect(results).toMatchObject([{ reason: { code: 'wasm' } }, { value: { score: 0.3 } }, { value: { score: 0.2 } }]);
  expect(log.spawned).toBe(2);
  await first.dispose();
  await second.dispose();
});

test('a handle that is disposed of in the middle of a photo leaves the worker to the others', async () => {
  const { log, platform, weights } = setUp();
  const first = await TestGamma.on(platform, { weights });
  const second = await TestGamma.on(platform, { weights });
  const running = first.score({ sleep: 5 }, { crops: 100 });
  running.catch(() => {});
  const waiting = second.score({ score: 0.9 });
  await until(() => live.jobs > 0);
  await first.dispose();
  await expect(running).rejects.toMatchObject({ code: 'disposed' });
  expect(await waiting).toMatchObject({ score: 0.9 });
  expect(log).toMatchObject({ spawned: 1, terminated: 0 });
  await second.dispose();
});

test('a stream is not shared, nor a device that gave way', async () => {
  const log = newLog();
  const platform = platformOf(log, { candidates: [GPU] });
  const stream = () => new Blob([weightsOf()]).stream();
  const first = await TestGamma.on(platform, { weights: stream() });
  const second = await TestGamma.on(platform, { weights: stream() });
  expect(log.spawned).toBe(2);
  await first.dispose();
  await second.dispose();
});
