// scoreAll in several workers: faster, and otherwise as in one.
import { afterEach, expect, test } from 'vitest';
import type { Loaded } from '../../js/pool/open.js';
import { crewSize } from '../../js/pool/size.js';
import { live } from './fake-engine.js';
import { CPU, collect, type FakePhoto, later, newLog, platformOf, TestGamma, until, weightsOf } from './fakes.js';

afterEach(async () => {
  // A worker that was ended here is a part of this thread, and runs to its end.
  await until(() => live.photos + live.jobs + live.loaders === 0);
});

const photos = (count: number, photo: (index: number) => FakePhoto = () => ({})): FakePhoto[] =>
  Array.from({ length: count }, (_, index) => ({ name: String(index), score: index / 100, sleep: 1, ...photo(index) }));

const scores = (results: { assessment?: { score: number } | undefined }[]) =>
  results.map(({ assessment }) => assessment?.score);

/** What `photos` score, in their order. */
const expected = (count: number) => Array.from({ length: count }, (_, index) => index / 100);

test('as many photos as there are workers are computed at a time, and results come in order', async () => {
  live.mostJobs = 0;
  const { gamma, log } = await TestGamma.with({ workers: 3 });
  const results = await collect(
    gamma.scoreAll(
      photos(30, (index) => ({ sleep: (index * 7) % 5 })),
      { crops: 4 },
    ),
  );
  expect(scores(results)).toEqual(expected(30));
  expect(results.map(({ index }) => index)).toEqual(results.map((_, index) => index));
  expect(results.every(({ final }) => final)).toBe(true);
  expect(log.spawned).toBe(3);
  expect(live.mostJobs).toBe(3);
  expect(log.maxAlive).toBeLessThanOrEqual(6);
  expect(log.modules).toEqual(['cpu', 'cpu', 'cpu']);
  await gamma.dispose();
  expect(log.terminated).toBe(3);
});

test('no more photos are taken from the source than a few beyond those that were handed on', async () => {
  const { gamma } = await TestGamma.with({ workers: 2 });
  let pulled = 0;
  function* source() {
    for (const photo of photos(40, (index) => ({ sleep: index % 10 === 0 ? 10 : 0 }))) {
      pulled += 1;
      yield photo;
    }
  }
  for await (const { index } of gamma.scoreAll(source(), { crops: 2 })) {
    await later(1);
    expect(pulled).toBeLessThanOrEqual(index + 5);
  }
  expect(pulled).toBe(40);
  await gamma.dispose();
});

test('workers are started when there are photos for them, and by scoreAll alone', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 4 });
  await Promise.all(photos(3).map((photo) => gamma.score(photo)));
  await collect(gamma.scoreAll(photos(1)));
  expect(log.spawned).toBe(1);
  await collect(gamma.scoreAll(photos(2)));
  expect(log.spawned).toBe(2);
  await collect(gamma.scoreAll(photos(9)));
  expect(log.spawned).toBe(4);
  await collect(gamma.scoreAll(photos(9)));
  expect(log.spawned, 'they stay for the next run').toBe(4);
  expect(await gamma.memory()).toMatchObject({ workers: 4 });
  await gamma.dispose();
});

test.each([
  ['half of the cores', 8, 'cpu', 4e6, 4],
  ['no more than four', 64, 'cpu-relaxed', 4e6, 4],
  ['one on two cores', 2, 'cpu', 4e6, 1],
  ['one where the cores are not told', 1, 'cpu', 4e6, 1],
  ['one for a large model', 16, 'cpu', 170e6, 1],
  ['one on a GPU', 16, 'gpu', 4e6, 1],
] as const)('unless told, %s', (_, cores, module, parameters, workers) => {
  expect(crewSize({ device: { module }, model: { parameters } } as unknown as Loaded, cores)).toBe(workers);
});

test('what the platform says of its cores is what counts', async () => {
  const { gamma, log } = await TestGamma.with({}, { cores: 4 });
  await collect(gamma.scoreAll(photos(6)));
  expect(log.spawned).toBe(2);
  await gamma.dispose();
});

test('weights from a stream are in one worker', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 3, weights: new Blob([weightsOf()]).stream() });
  expect(scores(await collect(gamma.scoreAll(photos(6))))).toEqual(expected(6));
  expect(log.spawned).toBe(1);
  await gamma.dispose();
});

test('a worker that does not start costs nothing but speed, and the next run tries again', async () => {
  const broken: Record<string, Error> = {};
  const { gamma, log } = await TestGamma.with({ workers: 2 }, { broken });
  broken.cpu = Object.assign(new Error('out of memory'), { code: 'wasm' });
  expect(scores(await collect(gamma.scoreAll(photos(9))))).toEqual(expected(9));
  expect(log).toMatchObject({ spawned: 2, terminated: 1 });
  delete broken.cpu;
  expect(scores(await collect(gamma.scoreAll(photos(9))))).toEqual(expected(9));
  expect(log.spawned).toBe(3);
  expect(await gamma.memory()).toMatchObject({ workers: 2 });
  await gamma.dispose();
  expect(log.terminated).toBe(3);
});

test('the photo of a worker that dies is computed by another one', async () => {
  for (const changing of [false, true]) {
    const { gamma, log } = await TestGamma.with({ workers: 2 });
    const dying = (index: number): FakePhoto =>
      index >= 4 && index < 6 ? { name: `dies ${index} ${changing}`, trap: 'step', times: 1, changing } : {};
    expect(scores(await collect(gamma.scoreAll(photos(12, dying), { crops: 3 })))).toEqual(expected(12));
    expect(log.terminated).toBeGreaterThan(0);
    await gamma.dispose();
    expect(log.terminated).toBe(log.spawned);
  }
});

test('a photo that no engine survives yields its error, and the rest goes on', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 3 });
  const results = await collect(gamma.scoreAll(photos(12, (index) => (index % 5 === 4 ? { trap: 'step' } : {}))));
  const found = results.map(({ assessment, error }) => assessment?.score ?? error?.code);
  expect(found).toEqual(expected(12).map((score, index) => (index % 5 === 4 ? 'wasm' : score)));
  expect(await gamma.score({ score: 0.3 })).toMatchObject({ score: 0.3 });
  await gamma.dispose();
  expect(log.terminated).toBe(log.spawned);
});

test('when the first worker dies, another one answers for the model, with the scenes of each handle', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 2 });
  await gamma.addScene('product', '{level} product photo');
  await collect(gamma.scoreAll(photos(4)));
  await until(() => log.spawned === 2);
  await gamma.memory();
  await expect(gamma.score({ trap: 'step' })).rejects.toMatchObject({ code: 'wasm' });
  expect(await gamma.score({ score: 0.2 }, { scene: 'product' })).toMatchObject({ score: 0.2, scene: 'product' });
  expect(gamma.scenes.map(({ id }) => id)).toContain('product');
  expect(log).toMatchObject({ spawned: 2, terminated: 1 });
  await gamma.dispose();
});

test('a scene that is added reaches every worker', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 3 });
  await gamma.addScene('product', '{level} product photo');
  expect(scores(await collect(gamma.scoreAll(photos(9), { scene: 'product' })))).toEqual(expected(9));
  await gamma.addScene('food', '{level} food photo');
  const all = await collect(gamma.scoreAll(photos(9), { scene: 'all' }));
  for (const { assessment } of all) expect(Object.keys(assessment ?? {})).toEqual(gamma.scenes.map(({ id }) => id));
  expect(log.spawned).toBe(3);
  await gamma.dispose();
});

test('a worker that cannot have the scenes is left out', async () => {
  let merges = 0;
  const failing = async () => {
    merges += 1;
    if (merges > 1) throw Object.assign(new Error('offline'), { code: 'network' });
    return '#version: fake';
  };
  const { gamma, log } = await TestGamma.with({ workers: 2 }, { host: { merges: failing } });
  await gamma.addScene('product', '{level} product photo');
  expect(scores(await collect(gamma.scoreAll(photos(9), { scene: 'product' })))).toEqual(expected(9));
  expect(merges).toBe(2);
  expect(log).toMatchObject({ spawned: 2, terminated: 1 });
  await gamma.dispose();
});

test('an abort, a caller who leaves, and the end of the handle end the work of all workers', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 3 });
  const slow = () => photos(20, () => ({ sleep: 5 }));
  const controller = new AbortController();
  const aborted = (async () => {
    for await (const { index } of gamma.scoreAll(slow(), { crops: 20, signal: controller.signal }))
      if (index === 3) controller.abort();
  })();
  await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
  await until(() => live.jobs === 0);
  let closed = false;
  function* source() {
    try {
      yield* slow();
    } finally {
      closed = true;
    }
  }
  for await (const { index } of gamma.scoreAll(source(), { crops: 20 })) if (index === 3) break;
  await until(() => closed && live.jobs === 0);
  expect(log).toMatchObject({ spawned: 3, terminated: 0 });
  const run = collect(gamma.scoreAll(slow(), { crops: 20 }));
  await until(() => live.jobs === 3);
  await gamma.dispose();
  await expect(run).rejects.toMatchObject({ code: 'disposed' });
  expect(log.terminated).toBe(3);
});

test('the end of the handle while a worker starts ends that one, too', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 2 }, { slowModule: 20 });
  const run = collect(gamma.scoreAll(photos(5, () => ({ sleep: 5 }))));
  await until(() => log.spawned === 2);
  await gamma.dispose();
  await expect(run).rejects.toMatchObject({ code: 'disposed' });
  await until(() => log.terminated === 2);
});

test('single calls go between the photos of a run', async () => {
  const { gamma } = await TestGamma.with({ workers: 2 });
  let single: Promise<{ score: number }> | undefined;
  let singleAfter = -1;
  for await (const { index } of gamma.scoreAll(photos(20), { crops: 2 })) {
    if (index === 4) single = gamma.score({ score: 0.9 });
    single?.then(() => {
      if (singleAfter < 0) singleAfter = index;
    });
  }
  expect(await single).toMatchObject({ score: 0.9 });
  expect(singleAfter).toBeGreaterThan(0);
  expect(singleAfter).toBeLessThan(12);
  await gamma.dispose();
});

test('workers are shared by the handles of a model and end with the last one', async () => {
  const log = newLog();
  const platform = platformOf(log, { candidates: [CPU] });
  const weights = weightsOf();
  const first = await TestGamma.on(platform, { weights, workers: 2 });
  const second = await TestGamma.on(platform, { weights, workers: 3 });
  const both = await Promise.all([collect(first.scoreAll(photos(9))), collect(second.scoreAll(photos(9)))]);
  for (const results of both) expect(scores(results)).toEqual(expected(9));
  expect(log.spawned).toBe(3);
  const engines = live.engines;
  await first.dispose();
  expect(log.terminated).toBe(0);
  expect(scores(await collect(second.scoreAll(photos(9))))).toEqual(expected(9));
  expect(live.engines, "the first one's engines are freed").toBeLessThan(engines);
  await second.dispose();
  expect(log.terminated).toBe(3);
});

test('a handle of one worker keeps to one', async () => {
  const log = newLog();
  const platform = platformOf(log);
  const weights = weightsOf();
  const many = await TestGamma.on(platform, { weights, workers: 3 });
  await collect(many.scoreAll(photos(9)));
  const one = await TestGamma.on(platform, { weights });
  live.mostJobs = 0;
  expect(scores(await collect(one.scoreAll(photos(9))))).toEqual(expected(9));
  expect(live.mostJobs).toBe(1);
  await many.dispose();
  await one.dispose();
});
