import { expect, test } from 'vitest';
import { Pace } from '../../js/worker/time-left.js';

/** Notes one step after the other: seconds and the bytes that are there then. */
function paced(steps: [seconds: number, bytes: number][]): Pace {
  const pace = new Pace();
  for (const [seconds, bytes] of steps) pace.note(bytes, 1000 * seconds);
  return pace;
}

test('nothing is foretold in the first second, nor while nothing comes', () => {
  expect(new Pace().secondsLeft(100, 0)).toBeUndefined();
  expect(
    paced([
      [0, 0],
      [0.5, 10],
    ]).secondsLeft(100, 500),
  ).toBeUndefined();
  expect(
    paced([
      [0, 0],
      [5, 0],
    ]).secondsLeft(100, 5000),
  ).toBeUndefined();
});

test('a steady pace foretells exactly', () => {
  const pace = paced(Array.from({ length: 21 }, (_, index) => [index / 2, 5 * index]));
  expect(pace.secondsLeft(200, 10_000)).toBeCloseTo(10, 6);
  expect(pace.secondsLeft(200, 11_000), 'and goes on while nothing is noted').toBeCloseTo(9, 6);
  expect(pace.secondsLeft(50, 10_000)).toBe(0);
});

test('a change of pace is followed within some seconds, not at once', () => {
  const pace = paced([
    [0, 0],
    [1, 100],
    [2, 200],
  ]);
  pace.note(210, 3000);
  const after = pace.secondsLeft(310, 3000) ?? 0;
  expect(after).toBeGreaterThan(1);
  expect(after).toBeLessThan(2);
  for (let second = 4; second < 30; second++) pace.note(210 + 10 * (second - 3), 1000 * second);
  expect(pace.secondsLeft(570, 29_000)).toBeCloseTo(10, 0);
});

test('a load that begins anew is measured anew', () => {
  const pace = paced([
    [0, 0],
    [10, 1000],
    [11, 0],
  ]);
  expect(pace.secondsLeft(1000, 11_000)).toBeUndefined();
});
