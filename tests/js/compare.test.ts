// Which of two photos is better, as far as scores tell.
import { describe, expect, test } from 'vitest';
import { compare } from '../../js/api/compare.js';
import type { Assessment, Scene } from '../../js/types.js';

const reliability = { interval: 0.2, difference: 0.05, measured: [] };
const scenes: Scene[] = [
  { id: 'natural-quality', template: '{level} image', reliability },
  { id: 'product', template: '{level} product photo' },
];

const of = (score: number, uncertainty = 0, scene = 'natural-quality') => ({ score, uncertainty, scene }) as Assessment;

describe('two scores', () => {
  test.each([
    [of(0.7), of(0.6), 'better'],
    [of(0.6), of(0.7), 'worse'],
    [of(0.6), of(0.64), 'no difference'],
    [of(0.6), of(0.6), 'no difference'],
    [of(0.6), of(0.7, 0.08), 'no difference'],
    [of(Number.NaN), of(0.7), 'no difference'],
  ])('%o and %o: %s', (first, second, expected) => {
    expect(compare(scenes, first, second)).toBe(expected);
  });

  test('of other scenes, or of a model that states nothing, are refused', () => {
    expect(() => compare(scenes, of(0.6), of(0.7, 0, 'product'))).toThrow(/not comparable/);
    expect(() => compare(scenes, of(0.6, 0, 'product'), of(0.7, 0, 'product'))).toThrow(/does not state/);
  });
});
