// Wrong options are named, with what was given and what is allowed.
import { expect, test } from 'vitest';
import { checkDevice, jobOptions, sceneOf } from '../../js/api/options.js';
import type { ScoreOptions } from '../../js/types.js';
import { live } from './fake-engine.js';
import { TestGamma } from './fakes.js';

test.each([
  [{ crops: 0 }, /`crops`: expected a whole number from 1 to 100, got 0/],
  [{ crops: 101 }, /`crops`.*got 101/],
  [{ crops: 1.5 }, /`crops`.*got 1.5/],
  [{ crops: Number.NaN }, /`crops`.*got NaN/],
  [{ crops: '3' }, /`crops`.*got "3"/],
  [{ crops: null }, /`crops`.*got an object/],
  [{ tolerance: 0 }, /`tolerance`: expected a number above 0, got 0/],
  [{ tolerance: '0.01' }, /`tolerance`.*got "0.01"/],
  [{ tolerance: Number.NaN }, /`tolerance`.*got NaN/],
  [{ seed: -1 }, /`seed`: expected a whole number from 0 to 2\^53 - 1, got -1/],
  [{ seed: 2 ** 53 }, /`seed`.*got 9007199254740992/],
  [{ seed: 1n }, /`seed`.*got 1/],
  [{ policy: 'middle' }, /`policy`: expected one of random, five, center, grid, got "middle"/],
  [{ parity: 1 }, /`parity`: expected true or false, got 1/],
  [{ scene: 5 }, /`scene`: expected the id of a scene, got 5/],
  [{ signal: {} }, /`signal`: expected an AbortSignal/],
  [{ onProgress: 'x' }, /`onProgress`: expected a function/],
])('%o', async (options, message) => {
  const { gamma } = await TestGamma.with();
  const before = live.decoded.length;
  const wrong = { code: 'option', message: expect.stringMatching(message) };
  await expect(gamma.score({}, options as unknown as ScoreOptions)).rejects.toMatchObject(wrong);
  await expect(gamma.scoreAll([{}], options as unknown as ScoreOptions).next()).rejects.toMatchObject(wrong);
  expect(live.decoded.length).toBe(before);
  await gamma.dispose();
});

test('the limits themselves are allowed, and what is not given is left to the engine', () => {
  const most = { crops: 100, seed: Number.MAX_SAFE_INTEGER, policy: 'grid', parity: true, tolerance: 0.01 } as const;
  expect(jobOptions(most)).toEqual(most);
  expect(jobOptions({ crops: 1, seed: 0 })).toEqual({ crops: 1, seed: 0 });
  expect(jobOptions({ crops: undefined, seed: undefined, policy: undefined, parity: undefined })).toEqual({});
});

test('scenes', () => {
  const offered = [{ id: 'natural-quality' }, { id: 'generic' }];
  expect(sceneOf({}, offered)).toBe('natural-quality');
  expect(sceneOf({ scene: 'all' }, offered)).toBe('all');
  expect(sceneOf({}, [{ id: 'face-quality' }, { id: 'generic' }])).toBe('face-quality');
  expect(() => sceneOf({ scene: 'x' }, offered)).toThrow(/it offers natural-quality, generic/);
});

test('the precision reaches the engine, fast unless told', async () => {
  for (const [options, precision] of [
    [{}, 'fast'],
    [{ precision: 'exact' }, 'exact'],
  ] as const) {
    const { gamma } = await TestGamma.with(options);
    expect(live.precision).toBe(precision);
    await gamma.dispose();
  }
});

test('options of load', async () => {
  expect(checkDevice(undefined)).toBe('auto');
  const load = (options: object) => TestGamma.with(options);
  await expect(load({ device: 'gpu' })).rejects.toMatchObject({
    code: 'option',
    message: 'option `device`: expected one of auto, webgpu, cpu, got "gpu"',
  });
  await expect(load({ precision: 'half' })).rejects.toMatchObject({
    code: 'option',
    message: 'option `precision`: expected one of fast, exact, got "half"',
  });
  for (const workers of [0, 17, 1.5, '2', null]) {
    const message = expect.stringContaining('`workers`: expected a whole number from 1 to 16');
    await expect(load({ workers })).rejects.toMatchObject({ code: 'option', message });
  }
  await expect(load({ weights: 5 })).rejects.toMatchObject({
    code: 'option',
    message: expect.stringMatching(/`weights`/),
  });
  await expect(load({ weights: null })).rejects.toMatchObject({
    code: 'option',
    message: expect.stringMatching(/`weights`/),
  });
  await expect(load({ signal: 'now' })).rejects.toMatchObject({ code: 'option' });
  await expect(load({ onProgress: {} })).rejects.toMatchObject({ code: 'option' });
});
