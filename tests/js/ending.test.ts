// Aborting, disposing and crashing: every call ends with a clear error, and nothing is left behind.
import { afterEach, expect, test } from 'vitest';
import type { HostPlatform } from '../../js/worker/platform.js';
import { live } from './fake-engine.js';
import { CPU, type FakePhoto, GPU, later, TestGamma, until, weightsOf } from './fakes.js';

afterEach(() => {
  expect(live, 'everything is freed').toMatchObject({ photos: 0, jobs: 0, loaders: 0 });
});

const SLOW: FakePhoto = { sleep: 20 };

test.each([
  ['waits', SLOW],
  ['computes', { busy: 2 }],
])('an abort in the middle of a photo ends the call, and the next one works (an engine that %s)', async (_, photo) => {
  const { gamma, log } = await TestGamma.with();
  const controller = new AbortController();
  const before = live.steps;
  const reason = new Error('the user left');
  const call = gamma.score(photo, {
    crops: 50,
    signal: controller.signal,
    onProgress: ({ done }) => done === 3 && controller.abort(reason),
  });
  await expect(call).rejects.toMatchObject({ name: 'GammaError', code: 'aborted', cause: reason });
  expect(await gamma.score({ score: 0.6 })).toMatchObject({ score: 0.6 });
  expect(live.steps - before).toBeLessThan(50);
  expect(log.spawned).toBe(1);
  await gamma.dispose();
});

test('an abort before the call, and while it waits for its turn, costs nothing', async () => {
  const { gamma, log } = await TestGamma.with();
  await expect(gamma.score({ name: 'x' }, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  const controller = new AbortController();
  const first = gamma.score({ name: 'first', ...SLOW }, { crops: 3 });
  const waiting = gamma.score({ name: 'waiting' }, { signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  expect(await first).toMatchObject({ score: 0.5 });
  expect(log.reading).toEqual(['+first', '-first']);
  await gamma.dispose();
});

test('an abort while the photo is read does not wait for it', async () => {
  const { gamma } = await TestGamma.with();
  const controller = new AbortController();
  const call = gamma.score({ reading: 60_000_000 }, { signal: controller.signal });
  await later(1);
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'aborted' });
  await gamma.dispose();
});

test('an abort while loading ends the worker', async () => {
  const controller = new AbortController();
  const platform: Partial<HostPlatform> = { loadModule: () => new Promise(() => {}) };
  const load = TestGamma.with({ signal: controller.signal }, { host: platform, candidates: [GPU, CPU] });
  await later(1);
  controller.abort();
  await expect(load).rejects.toMatchObject({ code: 'aborted' });
  await expect(TestGamma.with({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
});

test('an abort while the weights stream in cancels the stream', async () => {
  const controller = new AbortController();
  let cancelled = false;
  const weights = new ReadableStream<Uint8Array>({
    pull: (stream) => {
      stream.enqueue(new TextEncoder().encode('  '));
      return later(1);
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const onProgress = ({ phase, loaded }: { phase: string; loaded: number }) => {
    if (phase === 'weights' && loaded > 0) controller.abort();
  };
  await expect(TestGamma.with({ weights, onProgress, signal: controller.signal })).rejects.toMatchObject({
    code: 'aborted',
  });
  await until(() => cancelled && live.loaders === 0);
});

test('no listener stays on a signal that outlives its calls', async () => {
  const { gamma } = await TestGamma.with();
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  await gamma.score({}, { signal });
  for await (const _ of gamma.scoreAll([{}, {}], { signal }));
  expect(listeners).toBe(0);
  await gamma.dispose();
});

test('disposing rejects what waits and all that comes later', async () => {
  const { gamma, log } = await TestGamma.with();
  const running = gamma.score(SLOW, { crops: 100 });
  const waiting = gamma.score({});
  const settled = Promise.allSettled([running, waiting]);
  await until(() => live.jobs > 0);
  await gamma.dispose();
  expect(await settled).toMatchObject([{ reason: { code: 'disposed' } }, { reason: { code: 'disposed' } }]);
  await expect(gamma.score({})).rejects.toMatchObject({ code: 'disposed' });
  await expect(gamma.addScene('a', '{level}')).rejects.toMatchObject({ code: 'disposed' });
  await expect(gamma.scoreAll([{}]).next()).rejects.toMatchObject({ code: 'disposed' });
  await gamma.dispose();
  expect(log).toMatchObject({ spawned: 1, terminated: 1 });
  // The worker that was ended here is a part of this thread, and runs to its end.
  await until(() => live.jobs === 0);
});

test('Symbol.asyncDispose disposes', async () => {
  const { gamma, log } = await TestGamma.with();
  await gamma[Symbol.asyncDispose]();
  expect(log.terminated).toBe(1);
  await expect(gamma.score({})).rejects.toMatchObject({ code: 'disposed' });
});

test.each(['decode', 'step', 'stuck'] as const)(
  'a trap (%s) rejects its call; the next one gets a new worker',
  async (trap) => {
    const { gamma, log } = await TestGamma.with();
    await gamma.addScene('product', '{level} product photo');
    await expect(gamma.score({ trap })).rejects.toMatchObject({ code: 'wasm' });
    expect(log).toMatchObject({ spawned: 1, terminated: 1 });
    expect(await gamma.score({ score: 0.8 }, { scene: 'product' })).toMatchObject({ score: 0.8, scene: 'product' });
    expect(log).toMatchObject({ spawned: 2, terminated: 1 });
    await gamma.dispose();
  },
);

test('calls that wait behind a trap are answered by the new worker', async () => {
  const { gamma, log } = await TestGamma.with();
  const results = await Promise.allSettled([
    gamma.score({ trap: 'step' }),
    gamma.score({ score: 0.2 }),
    gamma.score({ score: 0.3 }),
  ]);
  expect(results).toMatchObject([{ reason: { code: 'wasm' } }, { value: { score: 0.2 } }, { value: { score: 0.3 } }]);
  expect(log.spawned).toBe(2);
  await gamma.dispose();
});

test('a GPU that is lost rejects its call with `device`; the next one may run elsewhere', async () => {
  const broken: Record<string, Error> = {};
  const { gamma } = await TestGamma.with({}, { candidates: [GPU, CPU], broken });
  expect(gamma.device.kind).toBe('webgpu');
  await expect(gamma.score({ trap: 'lost' })).rejects.toMatchObject({
    code: 'device',
    message: 'device: the GPU was lost',
  });
  broken.gpu = Object.assign(new Error('no adapter any more'), { code: 'device' });
  expect(await gamma.score({})).toMatchObject({ device: 'cpu' });
  expect(gamma.device.kind).toBe('cpu');
  await gamma.dispose();
});

test('an engine that cannot be loaded again fails each call, until it can', async () => {
  const broken: Record<string, Error> = {};
  const { gamma } = await TestGamma.with({}, { broken });
  await expect(gamma.score({ trap: 'step' })).rejects.toMatchObject({ code: 'wasm' });
  broken.cpu = Object.assign(new Error('offline'), { code: 'network' });
  await expect(gamma.score({})).rejects.toMatchObject({ code: 'network' });
  delete broken.cpu;
  expect(await gamma.score({})).toMatchObject({ score: 0.5 });
  await gamma.dispose();
});

test('after a crash, weights from a stream cannot be read again, and the error says so', async () => {
  const { gamma, log } = await TestGamma.with({ weights: new Blob([weightsOf()]).stream() });
  await expect(gamma.score({ trap: 'step' })).rejects.toMatchObject({ code: 'wasm' });
  await expect(gamma.score({})).rejects.toMatchObject({
    code: 'weights-none',
    message: expect.stringContaining('came from a stream, which can be read only once'),
  });
  expect(log.spawned).toBe(1);
  await gamma.dispose();
});

test('a trap while loading fails the load', async () => {
  await expect(TestGamma.with({ weights: weightsOf({ trapAtLoad: true }) })).rejects.toMatchObject({ code: 'wasm' });
});
