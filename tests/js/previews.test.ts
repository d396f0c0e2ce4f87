// First estimates of all photos, then what is final.
import { afterEach, expect, test } from 'vitest';
import type { ScoreProgress } from '../../js/types.js';
import { live } from './fake-engine.js';
import { collect, type FakePhoto, later, TestGamma, until } from './fakes.js';

afterEach(async () => {
  await until(() => live.photos + live.jobs + live.loaders === 0);
});

const photos = (count: number, photo: FakePhoto = {}): FakePhoto[] =>
  Array.from({ length: count }, (_, index) => ({ name: String(index), score: index / 1000, ...photo }));

const kinds = [
  ['one worker', 1],
  ['three workers', 3],
] as const;

test.each(kinds)(
  'every photo comes with an estimate before any is final, in order both times (%s)',
  async (_, workers) => {
    const { gamma } = await TestGamma.with({ workers });
    const results = await collect(gamma.scoreAll(photos(8), { previews: true, crops: 4 }));
    expect(results.map(({ index, final }) => `${index} ${final}`)).toEqual(
      [false, true].flatMap((final) => photos(8).map(({ name }) => `${name} ${final}`)),
    );
    expect(results.slice(0, 8).every(({ assessment }) => assessment?.crops.length === 1)).toBe(true);
    expect(results.slice(0, 8).every(({ assessment }) => (assessment?.uncertainty ?? 0) > 0)).toBe(true);
    const plain = await collect(gamma.scoreAll(photos(8), { crops: 4 }));
    const shown = (all: typeof plain) => all.map(({ assessment }) => ({ ...assessment, ms: 0 }));
    expect(shown(results.slice(8))).toEqual(shown(plain));
    await gamma.dispose();
  },
);

test.each(kinds)('no crop of a File is computed twice, however many there are (%s)', async (_, workers) => {
  const { gamma } = await TestGamma.with({ workers });
  const [steps, resumed] = [live.steps, live.resumed];
  // More than are kept for later calls.
  const results = await collect(gamma.scoreAll(photos(400, { constant: true }), { previews: true, crops: 2 }));
  expect(results).toHaveLength(800);
  expect([live.steps - steps, live.resumed - resumed]).toEqual([800, 400]);
  await gamma.dispose();
});

test('what has one crop, cannot be read, or may change meanwhile is final at once', async () => {
  const { gamma, log } = await TestGamma.with();
  const one = await collect(gamma.scoreAll(photos(2), { previews: true, crops: 1 }));
  expect(one.map(({ final }) => final)).toEqual([true, true]);
  log.reading = [];
  const mixed = [{ score: 0.1 }, { code: 'image-format' }, { changing: true, name: 'canvas' }, { trap: 'step', at: 1 }];
  const results = await collect(gamma.scoreAll(mixed as FakePhoto[], { previews: true, crops: 4 }));
  expect(results.map(({ index, final, error }) => [index, final, error?.code])).toEqual([
    [0, false, undefined],
    [1, true, 'image-format'],
    [2, true, undefined],
    [3, true, 'wasm'],
    [0, true, undefined],
  ]);
  expect(results[2]?.assessment?.crops).toHaveLength(4);
  expect(log.reading.filter((step) => step === '+canvas')).toHaveLength(1);
  await gamma.dispose();
});

test('a photo that fails the second time yields its error', async () => {
  const { gamma } = await TestGamma.with();
  const results = await collect(gamma.scoreAll([{ trap: 'step' }, {}] as FakePhoto[], { previews: true, crops: 4 }));
  expect(results.map(({ index, final, error }) => [index, final, error?.code])).toEqual([
    [0, false, undefined],
    [1, false, undefined],
    [0, true, 'wasm'],
    [1, true, undefined],
  ]);
  await gamma.dispose();
});

test('progress goes on where the estimate stopped', async () => {
  const { gamma } = await TestGamma.with();
  const seen: string[] = [];
  const onProgress = ({ index, done, total }: ScoreProgress) => seen.push(`${index}: ${done}/${total}`);
  await collect(gamma.scoreAll(photos(2, { constant: true }), { previews: true, crops: 3, onProgress }));
  expect(seen).toEqual(['0: 1/3', '1: 1/3', '0: 2/3', '0: 3/3', '1: 2/3', '1: 3/3']);
  await gamma.dispose();
});

test('all scenes, and one that is added between the passes', async () => {
  const { gamma } = await TestGamma.with();
  const { steps } = live;
  const results: number[] = [];
  for await (const { index, final, assessment } of gamma.scoreAll(photos(2, { constant: true }), {
    previews: true,
    scene: 'all',
    crops: 4,
  })) {
    results.push(Object.keys(assessment ?? {}).length);
    if (index === 1 && !final) await gamma.addScene('product', '{level} product photo');
  }
  expect(results).toEqual([3, 3, 4, 4]);
  // The first crops did not answer under the new scene.
  expect(live.steps - steps).toBe(2 * (1 + 4));
  await gamma.dispose();
});

test('an abort and a caller who leaves end it in either pass', async () => {
  for (const wanted of [false, true]) {
    const { gamma } = await TestGamma.with({ workers: 2 });
    const controller = new AbortController();
    const run = (async () => {
      const all = gamma.scoreAll(photos(9, { sleep: 1 }), { previews: true, crops: 4, signal: controller.signal });
      for await (const { index, final } of all) if (index === 2 && final === wanted) controller.abort();
    })();
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
    let last = '';
    for await (const { index, final } of gamma.scoreAll(photos(9), { previews: true, crops: 4 })) {
      last = `${index} ${final}`;
      if (index === 2 && final === wanted) break;
    }
    expect(last).toBe(`2 ${wanted}`);
    await later(1);
    await gamma.dispose();
  }
});

test('`previews` is true or false', async () => {
  const { gamma } = await TestGamma.with();
  const wrong = gamma.scoreAll([{}], { previews: 1 as unknown as boolean }).next();
  await expect(wrong).rejects.toMatchObject({ code: 'option', message: expect.stringContaining('`previews`') });
  await gamma.dispose();
});
