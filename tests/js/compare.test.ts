// Which of two photos is better, as far as scores tell.
import { describe, expect, test } from 'vitest';
import { compare } from '../../js/api/compare.js';
import type { Assessment, ModelInfo } from '../../js/types.js';

const model: ModelInfo = {
  name: 'made',
  parameters: 1,
  config: {},
  text_tower: false,
  trained: true,
  reliability: { 'natural-quality': { interval: 0.2, difference: 0.05, measured: [] } },
};

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
    expect(compare(model, first, second)).toBe(expected);
  });

  test('of other scenes, or of a model that states nothing, are refused', () => {
    expect(() => compare(model, of(0.6), of(0.7, 0, 'face-quality'))).toThrow(/not comparable/);
    expect(() => compare({ ...model, reliability: undefined }, of(0.6), of(0.7))).toThrow(/does not state/);
  });
});
