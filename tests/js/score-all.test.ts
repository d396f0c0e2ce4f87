// Many photos: in order, in bounded memory, and no photo ends the run.
import { afterEach, expect, test } from 'vitest';
import { GammaError } from '../../js/error.js';
import { live } from './fake-engine.js';
import { type FakePhoto, TestGamma, until, weightsOf } from './fakes.js';

afterEach(async () => {
  // Everything is freed.
  await until(() => live.photos + live.jobs === 0);
});

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

test('a bad photo yields its error, and the rest goes on', async () => {
  const { gamma } = await TestGamma.with();
  const photos: FakePhoto[] = [
    { score: 0.1 },
    { code: 'image-format' },
    { unreadable: new GammaError('http', '404') },
    { trap: 'step' },
    { score: 0.5 },
  ];
  const results = await collect(gamma.scoreAll(photos));
  expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  expect(results.map(({ photo }) => photo)).toEqual(photos);
  expect(results.map(({ assessment, error }) => assessment?.score ?? error?.code)).toEqual([
    0.1,
    'image-format',
    'http',
    'wasm',
    0.5,
  ]);
  expect(results.every(({ error }) => error === undefined || error instanceof GammaError)).toBe(true);
  await gamma.dispose();
});

test('iterables of every kind, and all scenes', async () => {
  const { gamma } = await TestGamma.with();
  async function* source() {
    yield { score: 0.1 };
    yield { score: 0.2 };
  }
  expect(await collect(gamma.scoreAll(new Set([{ score: 0.1 }])))).toHaveLength(1);
  expect(await collect(gamma.scoreAll([]))).toEqual([]);
  const all = await collect(gamma.scoreAll(source(), { scene: 'all' }));
  expect(all.map(({ assessment }) => assessment?.['face-quality']?.score)).toEqual([0.1, 0.2]);
  await expect(gamma.scoreAll('a.jpg' as never).next()).rejects.toMatchObject({ code: 'option' });
  await expect(gamma.scoreAll(undefined as never).next()).rejects.toMatchObject({ code: 'option' });
  await gamma.dispose();
});

test('the next photo is read while one is computed, and no more than that', async () => {
  const { gamma, log } = await TestGamma.with();
  let pulled = 0;
  function* source() {
    for (; pulled < 50; ) {
      pulled += 1;
      yield { name: String(pulled), sleep: 1 };
    }
  }
  for await (const { index } of gamma.scoreAll(source(), { crops: 3 })) {
    if (index === 10) await until(() => log.reading.includes('-12'));
    expect(pulled).toBeLessThanOrEqual(index + 2);
  }
  expect(pulled).toBe(50);
  expect(log.maxHeld).toBeLessThanOrEqual(2);
  // Reading of photo 2 began before photo 1 was done with its three steps.
  expect(log.reading.slice(0, 3)).toEqual(['+1', '-1', '+2']);
  await gamma.dispose();
});

test('progress names the photo', async () => {
  const { gamma } = await TestGamma.with();
  const seen: string[] = [];
  await collect(
    gamma.scoreAll([{}, {}], {
      crops: 2,
      onProgress: ({ index, done, total }) => seen.push(`${index}: ${done}/${total}`),
    }),
  );
  expect(seen).toEqual(['0: 1/2', '0: 2/2', '1: 1/2', '1: 2/2']);
  await gamma.dispose();
});

test('an abort ends the run with `aborted`, and the source is closed', async () => {
  const { gamma } = await TestGamma.with();
  const controller = new AbortController();
  let closed = false;
  function* source() {
    try {
      for (;;) yield { sleep: 1 };
    } finally {
      closed = true;
    }
  }
  const run = (async () => {
    for await (const { index } of gamma.scoreAll(source(), { signal: controller.signal }))
      if (index === 2) controller.abort();
  })();
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
  await until(() => closed);
  expect(await gamma.score({ score: 0.7 })).toMatchObject({ score: 0.7 });
  await gamma.dispose();
});

test('an abort in the middle of a photo, and one while the source makes the caller wait, end the run, too', async () => {
  const { gamma } = await TestGamma.with();
  const middle = new AbortController();
  const onProgress = ({ index, done }: { index: number; done: number }) => index === 1 && done === 2 && middle.abort();
  await expect(collect(gamma.scoreAll([{}, {}, {}], { signal: middle.signal, onProgress }))).rejects.toMatchObject({
    code: 'aborted',
  });
  const waiting = new AbortController();
  async function* source() {
    yield {};
    await new Promise(() => {});
  }
  const run = collect(gamma.scoreAll(source(), { signal: waiting.signal }));
  setTimeout(() => waiting.abort(), 20);
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
  await gamma.dispose();
});

test('a caller who leaves the loop closes the source', async () => {
  const { gamma } = await TestGamma.with();
  let closed = 0;
  async function* source() {
    try {
      for (;;) yield {};
    } finally {
      closed += 1;
    }
  }
  for await (const { index } of gamma.scoreAll(source())) if (index === 1) break;
  await until(() => closed === 1);
  await gamma.dispose();
});

test('what the source throws reaches the caller', async () => {
  const { gamma } = await TestGamma.with();
  function* source(): Generator<FakePhoto> {
    yield {};
    throw new Error('the disk is gone');
  }
  await expect(collect(gamma.scoreAll(source()))).rejects.toThrow('the disk is gone');
  await gamma.dispose();
});

test('disposing ends the run with `disposed`', async () => {
  const { gamma } = await TestGamma.with();
  const run = collect(
    gamma.scoreAll([{ sleep: 5 }, {}], { onProgress: ({ done }) => done === 2 && void gamma.dispose() }),
  );
  await expect(run).rejects.toMatchObject({ code: 'disposed' });
  await until(() => live.jobs === 0);
});

test('an engine that cannot be started afresh ends the run', async () => {
  const { gamma } = await TestGamma.with({ weights: new Blob([weightsOf()]).stream() });
  const seen: (string | undefined)[] = [];
  const run = (async () => {
    for await (const { error } of gamma.scoreAll([{}, { trap: 'step' }, {}, {}])) seen.push(error?.code);
  })();
  await expect(run).rejects.toMatchObject({ code: 'weights-none' });
  expect(seen).toEqual([undefined, 'wasm']);
  await gamma.dispose();
});

test('single calls may come between the photos of a run', async () => {
  const { gamma } = await TestGamma.with();
  const scores: number[] = [];
  for await (const { assessment } of gamma.scoreAll([{ score: 0.1 }, { score: 0.2 }])) {
    scores.push(assessment?.score ?? -1, (await gamma.score({ score: 0.9 })).score);
  }
  expect(scores).toEqual([0.1, 0.9, 0.2, 0.9]);
  await gamma.dispose();
});
