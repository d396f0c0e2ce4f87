// Photos of the same, over the fake engine: those that show the same number at the same time. tests/js/grouping.test.ts has the real one.
import { afterEach, expect, test } from 'vitest';
import { GammaError } from '../../js/error.js';
import { live } from './fake-engine.js';
import { type FakePhoto, TestGamma } from './fakes.js';

afterEach(() => {
  expect(live, 'everything is freed').toMatchObject({ photos: 0, groupings: 0 });
});

test('each photo that can be read is in one group, and one that cannot be is told', async () => {
  const { gamma } = await TestGamma.with();
  const photos: FakePhoto[] = [
    { shown: 1, time: 5 },
    { shown: 2, time: 5 },
    { code: 'image-format' },
    { shown: 1, time: 5 },
    { unreadable: new GammaError('http', '404') },
    { shown: 1, time: 600 },
    { trap: 'step' },
    { shown: 2, time: 5 },
  ];
  const done: number[] = [];
  const { groups, failed } = await gamma.group(photos, { onProgress: (progress) => done.push(progress.done) });
  expect(groups).toEqual([
    { kind: 'alike', photos: [photos[0], photos[3]], indices: [0, 3] },
    { kind: 'alike', photos: [photos[1], photos[7]], indices: [1, 7] },
    { kind: 'single', photos: [photos[5]], indices: [5] },
  ]);
  expect(failed.map(({ index, photo, error }) => [index, photo, error.code])).toEqual([
    [2, photos[2], 'image-format'],
    [4, photos[4], 'http'],
    [6, photos[6], 'wasm'],
  ]);
  expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await gamma.dispose();
});

test('no photos, no groups; what is no list is refused', async () => {
  const { gamma } = await TestGamma.with();
  expect(await gamma.group([])).toEqual({ groups: [], failed: [] });
  expect(await gamma.group([{ code: 'image-format' }])).toMatchObject({ groups: [], failed: [{ index: 0 }] });
  await expect(gamma.group('a.jpg' as never)).rejects.toMatchObject({ code: 'option' });
  await expect(gamma.group([], { signal: 1 as never })).rejects.toMatchObject({ code: 'option' });
  await gamma.dispose();
});

test('an abort ends it and leaves the model usable', async () => {
  const { gamma } = await TestGamma.with();
  const controller = new AbortController();
  const grouping = gamma.group(
    Array.from({ length: 9 }, () => ({ shown: 1, sleep: 1 })),
    {
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 3) controller.abort();
      },
    },
  );
  await expect(grouping).rejects.toMatchObject({ code: 'aborted' });
  expect((await gamma.group([{ shown: 1 }, { shown: 1 }])).groups).toHaveLength(1);
  await gamma.dispose();
});
