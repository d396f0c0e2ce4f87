// What was computed of a photo that cannot change is not computed again.
import { afterEach, expect, test } from 'vitest';
import { type Kept, Shelf } from '../../js/pool/results.js';
import type { WireAssessment } from '../../js/protocol.js';
import type { ScoreProgress } from '../../js/types.js';
import { live } from './fake-engine.js';
import { type FakePhoto, newLog, platformOf, TestGamma, weightsOf } from './fakes.js';

afterEach(() => {
  expect(live, 'everything is freed').toMatchObject({ photos: 0, jobs: 0, loaders: 0 });
});

/** Model runs of `work`. */
async function steps(work: () => Promise<unknown>): Promise<number> {
  const before = live.steps;
  await work();
  return live.steps - before;
}

const file = (photo: FakePhoto = {}): FakePhoto => ({ constant: true, score: 0.4, ...photo });

test('another scene costs no model run and no reading, and its score is that of a first call', async () => {
  const { gamma, log } = await TestGamma.with();
  const photo = file({ name: 'a' });
  const first = await gamma.score(photo, { scene: 'generic', crops: 3 });
  const seen: ScoreProgress[] = [];
  const onProgress = (progress: ScoreProgress) => seen.push(progress);
  expect(await steps(() => gamma.score(photo, { scene: 'face-quality', crops: 3, onProgress }))).toBe(0);
  expect(log.reading).toEqual(['+a', '-a']);
  expect(seen).toEqual([{ index: 0, done: 3, total: 3, estimate: { score: 0.4, percent: 40, uncertainty: 0 } }]);
  expect(await gamma.score(photo, { scene: 'generic', crops: 3 })).toEqual(first);
  const all = await gamma.score(photo, { scene: 'all', crops: 3 });
  expect(Object.values(all).map(({ scene }) => scene)).toEqual(gamma.scenes.map(({ id }) => id));
  expect(await steps(() => gamma.score({ ...photo }, { crops: 3 })), 'an equal object is another photo').toBe(3);
  await gamma.dispose();
});

test('in scoreAll, in either way, and for the same photo twice in one run', async () => {
  const { gamma } = await TestGamma.with({ workers: 2 });
  const photos = [file(), file(), file()];
  const run = async (all: FakePhoto[], scene: string, previews = false) => {
    const found: boolean[] = [];
    for await (const { final } of gamma.scoreAll(all, { scene, crops: 4, previews })) found.push(final);
    return found;
  };
  expect(await steps(() => run(photos, 'generic'))).toBe(12);
  expect(await steps(() => run(photos, 'face-quality'))).toBe(0);
  expect(await run(photos, 'all', true), 'what is known is final at once').toEqual([true, true, true]);
  expect(await steps(() => Promise.all(photos.map((photo) => gamma.score(photo, { crops: 4 }))))).toBe(0);
  const one = await TestGamma.with();
  const twice = file();
  const before = live.steps;
  for await (const { assessment } of one.gamma.scoreAll([twice, twice], { crops: 4 })) {
    expect(assessment?.score).toBe(0.4);
  }
  expect(live.steps - before).toBe(4);
  await gamma.dispose();
  await one.gamma.dispose();
});

test('what a first estimate was computed of is kept, too', async () => {
  const { gamma } = await TestGamma.with();
  const photo = file();
  for await (const _ of gamma.scoreAll([photo], { previews: true, crops: 4 })) break;
  expect(await steps(() => gamma.score(photo, { crops: 4, scene: 'generic' }))).toBe(3);
  await gamma.dispose();
});

test('other options are another question; photos that may change are asked about anew', async () => {
  const { gamma } = await TestGamma.with();
  const photo = file();
  await gamma.score(photo, { crops: 3 });
  for (const options of [
    { crops: 4 },
    { crops: 3, seed: 1 },
    { crops: 3, policy: 'grid' },
    { crops: 3, parity: true },
  ] as const) {
    expect(await steps(() => gamma.score(photo, options)), JSON.stringify(options)).toBe(options.crops);
  }
  expect(await steps(() => gamma.score(photo, { crops: 3 }))).toBe(0);
  const address: FakePhoto = {};
  await gamma.score(address, { crops: 3 });
  expect(await steps(() => gamma.score(address, { crops: 3 }))).toBe(3);
  await gamma.dispose();
});

test('a scene that is added, or replaces another one, is computed; the others are still there', async () => {
  const { gamma } = await TestGamma.with();
  const photo = file();
  const score = (scene: string) => steps(() => gamma.score(photo, { scene, crops: 3 }));
  expect(await score('generic')).toBe(3);
  await gamma.addScene('product', '{level} product photo');
  expect([await score('generic'), await score('product'), await score('face-quality')]).toEqual([0, 3, 0]);
  await gamma.addScene('product', '{level} photo of a product');
  expect([await score('generic'), await score('product'), await score('product')]).toEqual([0, 3, 0]);
  await gamma.addScene('generic', '{level} anything');
  expect([await score('face-quality'), await score('generic')]).toEqual([0, 3]);
  await gamma.dispose();
});

test('with a tolerance, which has to do for the scenes asked about, another scene is another question', async () => {
  const { gamma } = await TestGamma.with();
  const photo = file();
  const score = (scene: string) => steps(() => gamma.score(photo, { scene, crops: 5, tolerance: 0.01 }));
  // Three crops do for this scene of the fake engine.
  expect([await score('generic'), await score('generic')]).toEqual([3, 0]);
  expect([await score('face-quality'), await score('generic'), await score('all')]).toEqual([5, 0, 5]);
  await gamma.addScene('generic', '{level} anything');
  expect([await score('generic'), await score('face-quality'), await score('all')]).toEqual([3, 0, 5]);
  await gamma.dispose();
});

test('handles of one model share what they computed, but not scenes of the same name', async () => {
  const platform = platformOf(newLog());
  const weights = weightsOf();
  const first = await TestGamma.on(platform, { weights });
  const second = await TestGamma.on(platform, { weights });
  await first.addScene('product', '{level} product photo');
  await second.addScene('product', '{level} photo of a product');
  const photo = file();
  await first.score(photo, { scene: 'product', crops: 3 });
  expect(await steps(() => second.score(photo, { scene: 'generic', crops: 3 }))).toBe(0);
  expect(await steps(() => second.score(photo, { scene: 'product', crops: 3 }))).toBe(3);
  await first.dispose();
  await second.dispose();
});

test('a model that had to be loaded again is asked anew', async () => {
  const { gamma } = await TestGamma.with();
  const photo = file();
  await gamma.score(photo, { crops: 3 });
  await expect(gamma.score({ trap: 'step' })).rejects.toMatchObject({ code: 'wasm' });
  expect(await steps(() => gamma.score(photo, { crops: 3 }))).toBe(3);
  await gamma.dispose();
});

test('a caller who changes what was answered changes nothing of it', async () => {
  const { gamma } = await TestGamma.with();
  const photo = file();
  for (let round = 0; round < 3; round++) {
    const answer = await gamma.score(photo, { crops: 3 });
    expect(answer.crops[0]?.score).toBe(0.4);
    Object.assign(answer.crops[0] ?? {}, { score: 9 });
    Object.assign(answer.levels, { bad: 9 });
  }
  await gamma.dispose();
});

test('after a few hundred photos the first one is asked anew, and those asked for last are not', async () => {
  const { gamma } = await TestGamma.with();
  const photos = Array.from({ length: 257 }, () => file());
  for await (const { error } of gamma.scoreAll(photos, { crops: 1 })) expect(error).toBeUndefined();
  const again = (photo: FakePhoto | undefined) => steps(() => gamma.score(photo ?? {}, { crops: 1 }));
  expect([await again(photos[1]), await again(photos[256]), await again(photos[0])]).toEqual([0, 0, 1]);
  // The one that was asked for long ago went for it; the one asked for a moment ago did not.
  expect([await again(photos[1]), await again(photos[2])]).toEqual([0, 1]);
  await gamma.dispose();
});

test('a shelf is bounded by size as well as by number', () => {
  const crops = Array.from({ length: 100 }, (_, x) => ({ x, y: 0, size: 224, score: 0.5, percent: 50 }));
  const kept: Kept = {
    assessments: new Map([['generic', { crops } as unknown as WireAssessment]]),
    device: 'cpu',
    total: 100,
  };
  const shelf = new Shelf(1000, 100_000);
  for (let index = 0; index < 50; index++) shelf.put(String(index), kept);
  const held = Array.from({ length: 50 }, (_, index) => shelf.get(String(index)) !== undefined);
  const count = held.filter(Boolean).length;
  expect(count).toBeGreaterThan(5);
  expect(count).toBeLessThan(12);
  expect(held.slice(-count).every(Boolean), 'the last ones').toBe(true);
  shelf.put('49', kept);
  expect(shelf.get(String(50 - count)), 'one that is put again is counted once').toBeDefined();
  shelf.clear();
  expect(shelf.get('49')).toBeUndefined();
});
