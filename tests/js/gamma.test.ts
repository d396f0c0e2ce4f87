// Loading and scoring as a caller sees them.
import { afterEach, expect, test } from 'vitest';
import { GammaError } from '../../js/error.js';
import type { LoadProgress, ScoreOptions, ScoreProgress } from '../../js/types.js';
import { device, live } from './fake-engine.js';
import { CPU, GPU, TestGamma, until, weightsOf } from './fakes.js';

afterEach(() => {
  Object.assign(device, { kind: 'cpu', name: 'fake', software: false, half: false, error: undefined });
  expect(live, 'everything is freed').toMatchObject({ photos: 0, jobs: 0, loaders: 0 });
});

test('a loaded model tells what it is and where it runs', async () => {
  const { gamma, log } = await TestGamma.with();
  expect(gamma.device).toEqual({ kind: 'cpu', module: 'cpu', name: 'fake', software: false, reason: 'The CPU.' });
  expect(gamma.model).toMatchObject({ name: 'fake', text_tower: true, trained: false });
  expect(gamma.scenes.map(({ id }) => id)).toEqual(['generic', 'natural-quality', 'face-quality']);
  expect(log).toMatchObject({ modules: ['cpu'], spawned: 1 });
  await gamma.dispose();
});

test('loading reports each phase, and each one to its end', async () => {
  const seen: LoadProgress[] = [];
  const { gamma } = await TestGamma.with({ onProgress: (progress) => seen.push(progress) });
  expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['module', 'device', 'weights', 'prompts']);
  expect(seen).toContainEqual({ phase: 'module', loaded: 10, total: 10 });
  expect(seen).toContainEqual({ phase: 'device', loaded: 1, total: 1 });
  expect(seen).toContainEqual({ phase: 'prompts', loaded: 1, total: 1 });
  await gamma.dispose();
});

test('the merges are fetched when the model needs them, and not otherwise', async () => {
  const without = await TestGamma.with();
  const needs = await TestGamma.with({ weights: weightsOf({ needsMerges: true }) });
  expect([without.log.merges, needs.log.merges]).toEqual([0, 1]);
  await needs.gamma.addScene('product', '{level} product photo');
  await without.gamma.addScene('product', '{level} product photo');
  await without.gamma.addScene('food', '{level} food photo');
  expect([without.log.merges, needs.log.merges]).toEqual([1, 1]);
  expect(without.gamma.scenes.at(-1)).toEqual({ id: 'food', template: '{level} food photo' });
  expect(await without.gamma.score({}, { scene: 'food' })).toMatchObject({ scene: 'food' });
  await without.gamma.dispose();
  await needs.gamma.dispose();
});

test('a photo of a rarer format is decoded by the module that is fetched for it, once', async () => {
  const { gamma, log } = await TestGamma.with();
  live.extras = 0;
  expect(await gamma.score({ score: 0.5 })).toMatchObject({ score: 0.5 });
  expect([log.modules, live.extras]).toEqual([['cpu'], 0]);
  for (const score of [0.25, 0.75]) expect(await gamma.score({ extra: true, score })).toMatchObject({ score });
  expect([log.modules, live.extras, live.photos]).toEqual([['cpu', 'extras'], 2, 0]);
  await gamma.dispose();
});

test('a scene that cannot be added says why and leaves the scenes as they were', async () => {
  const { gamma } = await TestGamma.with();
  await expect(gamma.addScene('all', '{level}')).rejects.toMatchObject({ code: 'scene-invalid' });
  await expect(gamma.addScene('x', 'no level')).rejects.toMatchObject({ code: 'scene-invalid' });
  expect(gamma.scenes).toHaveLength(3);
  const { gamma: plain } = await TestGamma.with({ weights: weightsOf({ noTower: true }) });
  await expect(plain.addScene('x', '{level} x')).rejects.toMatchObject({ code: 'config' });
  await gamma.dispose();
  await plain.dispose();
});

test('a score comes with its device, time, policy, seed and progress', async () => {
  const { gamma } = await TestGamma.with();
  const seen: ScoreProgress[] = [];
  const result = await gamma.score(
    { score: 0.7 },
    { crops: 3, seed: 9, policy: 'grid', scene: 'generic', onProgress: (progress) => seen.push(progress) },
  );
  expect(result).toMatchObject({ score: 0.7, scene: 'generic', device: 'cpu', policy: 'grid', seed: 9, width: 300 });
  expect(result.crops).toHaveLength(3);
  expect(result.ms).toBeGreaterThanOrEqual(0);
  const estimate = (uncertainty: number) => ({ score: 0.7, percent: 70, uncertainty });
  expect(seen).toEqual(
    [0.01, 0.01, 0].map((left, at) => ({ index: 0, done: at + 1, total: 3, estimate: estimate(left) })),
  );
  expect(await gamma.score({})).toMatchObject({ scene: 'natural-quality', policy: 'random', seed: 0 });
  await gamma.dispose();
});

test('a tolerance ends the crops when the scenes asked for are settled', async () => {
  const { gamma } = await TestGamma.with();
  const steps = async (options: ScoreOptions) => {
    const before = live.steps;
    await gamma.score({ score: 0.4 }, options);
    return live.steps - before;
  };
  expect(await steps({ scene: 'generic', tolerance: 0.01 })).toBe(3);
  expect(await steps({ scene: 'generic' })).toBe(10);
  expect(await steps({ scene: 'all', tolerance: 0.01 })).toBe(10);
  await gamma.dispose();
});

test('all scenes cost one forward pass', async () => {
  const { gamma } = await TestGamma.with();
  const before = live.steps;
  const all = await gamma.score({ score: 0.4 }, { scene: 'all' });
  expect(live.steps - before).toBe(10);
  expect(Object.keys(all)).toEqual(['generic', 'natural-quality', 'face-quality']);
  expect(all['face-quality']).toMatchObject({ score: 0.4, scene: 'face-quality', device: 'cpu' });
  await gamma.dispose();
});

test('a scene that the model does not offer is refused with the list of those that it does', async () => {
  const { gamma } = await TestGamma.with({ weights: weightsOf({ scenes: ['generic', 'face-quality'] }) });
  const refused = { code: 'scene-unknown', message: expect.stringContaining('it offers generic, face-quality') };
  await expect(gamma.score({}, { scene: 'natural-quality' })).rejects.toMatchObject(refused);
  await expect(gamma.score({}, { scene: 'underwater-quality' })).rejects.toMatchObject(refused);
  await expect(gamma.scoreAll([{}], { scene: 'natural-quality' }).next()).rejects.toMatchObject(refused);
  expect(await gamma.score({})).toMatchObject({ scene: 'generic' });
  await gamma.dispose();
});

test('calls at the same time are answered in their order, one after the other', async () => {
  const { gamma, log } = await TestGamma.with();
  const order: string[] = [];
  const photos = ['a', 'b', 'c', 'd'].map((name, index) => ({ name, sleep: index === 0 ? 5 : 0 }));
  await Promise.all(photos.map((photo) => gamma.score(photo).then(() => order.push(photo.name))));
  expect(order).toEqual(['a', 'b', 'c', 'd']);
  // A photo that stays what it is is read when its turn comes, so that a thousand calls hold one photo.
  expect(log.maxHeld).toBe(1);
  await gamma.dispose();
});

test('a photo that fails rejects its own call only', async () => {
  const { gamma, log } = await TestGamma.with();
  const results = await Promise.allSettled([
    gamma.score({ code: 'image-decode' }),
    gamma.score({ unreadable: new GammaError('http', 'gone') }),
    gamma.score({ score: 0.9 }),
  ]);
  expect(results.map((result) => (result.status === 'rejected' ? result.reason.code : result.value.score))).toEqual([
    'image-decode',
    'http',
    0.9,
  ]);
  expect(log.spawned).toBe(1);
  await gamma.dispose();
});

test('a watcher that throws does not disturb what it watches', async () => {
  const { gamma } = await TestGamma.with();
  const thrown: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  try {
    const onProgress = () => {
      throw new Error('mine');
    };
    expect(await gamma.score({ score: 0.3 }, { crops: 1, onProgress })).toMatchObject({ score: 0.3 });
    await until(() => thrown.length > 0);
    expect(thrown).toMatchObject([{ message: 'mine' }]);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  await gamma.dispose();
});

test('a GPU that fails its test gives way to the CPU, and the reason says so', async () => {
  const { gamma, log } = await TestGamma.with(
    {},
    { candidates: [GPU, CPU], broken: { gpu: new GammaError('device', 'wrong answer') } },
  );
  expect(log).toMatchObject({ modules: ['gpu', 'cpu'], spawned: 2, terminated: 1 });
  expect(gamma.device).toMatchObject({ kind: 'cpu', reason: 'WebGPU was tried and refused: wrong answer. The CPU.' });
  await gamma.dispose();
});

test('a module that is not there gives way to the next one', async () => {
  const relaxed = { ...CPU, module: 'cpu-relaxed' as const };
  const { gamma } = await TestGamma.with(
    {},
    { candidates: [relaxed, CPU], broken: { 'cpu-relaxed': new GammaError('http', '404') }, notes: ['No WebGPU.'] },
  );
  expect(gamma.device).toMatchObject({
    module: 'cpu',
    reason: 'No WebGPU. The CPU with relaxed SIMD: its module is not there. The CPU.',
  });
  await gamma.dispose();
});

test('a GPU that multiplies in half precision says so', async () => {
  device.half = true;
  const { gamma } = await TestGamma.with({}, { candidates: [GPU] });
  expect(gamma.device.reason).toContain('in half precision, which is faster on it');
  const exact = await TestGamma.with({ precision: 'exact' }, { candidates: [GPU] });
  expect(exact.gamma.device.reason).not.toContain('half precision');
  await gamma.dispose();
  await exact.gamma.dispose();
});

test('an emulated GPU is refused unless it was asked for', async () => {
  device.software = true;
  const { gamma } = await TestGamma.with({}, { candidates: [GPU, CPU] });
  expect(gamma.device).toMatchObject({ kind: 'cpu', reason: expect.stringContaining('only emulated (fake)') });
  const asked = await TestGamma.with({}, { candidates: [{ ...GPU, acceptSoftware: true }] });
  expect(asked.gamma.device).toMatchObject({ kind: 'webgpu', software: true });
  await gamma.dispose();
  await asked.gamma.dispose();
});

test('the last device that fails fails the load and ends its worker', async () => {
  device.error = 'no adapter';
  await expect(TestGamma.with({}, { candidates: [GPU] })).rejects.toMatchObject({
    code: 'device',
    message: 'no adapter',
  });
});

test('a bad model file fails at once: another device would not read it either', async () => {
  const behaviour = { candidates: [GPU, CPU] };
  const load = TestGamma.with({ weights: new TextEncoder().encode('{"cut') }, behaviour);
  await expect(load).rejects.toMatchObject({ code: 'weights-truncated' });
});
