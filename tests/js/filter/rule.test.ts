import { describe, expect, test } from 'vitest';
import { PageScores } from '../../../js/filter/page-scores.js';
import { checkRules, type Judged, LEAST_PICTURES, type Rule, sceneOf, verdict } from '../../../js/filter/rule.js';

const SCENE = 'natural-quality';

/** A picture; the levels stand for 0.2 to 1, so that `percent` is 125 (score - 0.2). */
function picture(percent: number, more: Partial<Judged> = {}): Judged {
  return { percent, score: 0.2 + percent / 125, uncertainty: 0, scene: SCENE, ...more };
}
const declares = (source: 'ai' | 'composite' | 'capture' | 'unknown') => ({ provenance: { source } });
const of = (judged: Judged | Record<string, Judged>, rule: Rule<Judged> | Rule<Judged>[], page?: PageScores) =>
  verdict(judged, checkRules(rule), page);

describe('a threshold', () => {
  test('holds below it and not at it', () => {
    expect(of(picture(39.9), { below: 40 })).toEqual({ rule: 0, action: 'blur', label: '', clear: true });
    expect(of(picture(40), { below: 40 })).toEqual({ rule: undefined, action: 'none', label: '', clear: true });
  });

  test('is clear only where the whole uncertainty lies on one side of it', () => {
    const uncertainty = 0.04; // 5 per cent
    expect(of(picture(34.9, { uncertainty }), { below: 40 }).clear).toBe(true);
    expect(of(picture(35.1, { uncertainty }), { below: 40 }).clear).toBe(false);
    expect(of(picture(44.9, { uncertainty }), { below: 40 }).clear).toBe(false);
    expect(of(picture(45.1, { uncertainty }), { below: 40 }).clear).toBe(true);
  });
});

describe('a declared origin', () => {
  test('alone, and as one of several', () => {
    expect(of(picture(90, declares('ai')), { declared: 'ai', action: 'hide' }).action).toBe('hide');
    expect(of(picture(90, declares('composite')), { declared: 'ai' }).rule).toBeUndefined();
    expect(of(picture(90, declares('composite')), { declared: ['ai', 'composite'] }).rule).toBe(0);
  });

  test('together with a threshold both have to hold', () => {
    const rule = { declared: 'ai', below: 40 } as const;
    expect(of(picture(30, declares('ai')), rule).rule).toBe(0);
    expect(of(picture(50, declares('ai')), rule).rule).toBeUndefined();
    expect(of(picture(30, declares('capture')), rule).rule).toBeUndefined();
  });

  test('no declaration is `unknown`', () => {
    expect(of(picture(30), { declared: 'unknown' }).rule).toBe(0);
    expect(of(picture(30), { declared: 'ai' }).rule).toBeUndefined();
  });

  test('does not depend on how certain the score is', () => {
    expect(of(picture(50, { uncertainty: 0.3, ...declares('ai') }), { declared: 'ai' }).clear).toBe(true);
  });
});

describe('a share of the page', () => {
  const page = (...percents: number[]) => {
    const scores = new PageScores();
    for (const percent of percents) scores.add(SCENE, percent);
    return scores;
  };
  const ten = [50, 10, 90, 30, 70, 20, 100, 40, 80, 60];

  test('holds for the worst of the pictures', () => {
    const worst = ten.filter((percent) => of(picture(percent), { worst: 20 }, page(...ten)).rule === 0);
    expect(worst.sort()).toEqual([10, 20]);
  });

  test('holds for none while there are few', () => {
    const few = page(...ten.slice(0, LEAST_PICTURES - 1));
    expect(of(picture(1), { worst: 20 }, few).rule).toBeUndefined();
    expect(of(picture(1), { worst: 20 }).rule).toBeUndefined();
  });

  test('counts pictures of the same scene that are still there', () => {
    const scores = page(...ten);
    scores.add('other', 1);
    expect(scores.count(SCENE)).toBe(10);
    scores.remove(SCENE, 30);
    scores.remove(SCENE, 30);
    expect([scores.count(SCENE), scores.lower(SCENE, 50)]).toEqual([9, 3]);
  });
});

describe('several rules', () => {
  test('the first that holds decides, with its own action', () => {
    const rules: Rule<Judged>[] = [
      { declared: 'ai', action: 'badge' },
      { below: 40, action: 'hide' },
    ];
    expect(of(picture(30, declares('ai')), rules)).toMatchObject({ rule: 0, action: 'badge', label: 'declared AI' });
    expect(of(picture(30), rules)).toMatchObject({ rule: 1, action: 'hide' });
    expect(of(picture(80), rules)).toMatchObject({ rule: undefined, action: 'none' });
  });

  test('may ask about several scenes', () => {
    const rules: Rule<Judged>[] = [
      { scene: 'face-quality', below: 20 },
      { scene: SCENE, below: 40 },
    ];
    const judged = { [SCENE]: picture(30), 'face-quality': picture(50, { scene: 'face-quality' }) };
    expect(of(judged, rules).rule).toBe(1);
    expect(sceneOf(rules)).toBe('all');
    expect(sceneOf([{ below: 40 }])).toBeUndefined();
    expect(sceneOf([{ below: 40, scene: SCENE }])).toBe(SCENE);
  });

  test('a verdict between two rules is not clear', () => {
    const rules: Rule<Judged>[] = [
      { below: 20, action: 'hide' },
      { below: 60, action: 'blur' },
    ];
    expect(of(picture(21, { uncertainty: 0.02 }), rules)).toMatchObject({ action: 'blur', clear: false });
  });
});

test('a condition of one’s own sees the picture at both ends of its uncertainty', () => {
  const asked: number[] = [];
  const when = ({ percent }: Judged) => {
    asked.push(Math.round(percent));
    return percent < 40;
  };
  expect(of(picture(38, { uncertainty: 0.04 }), { when })).toMatchObject({ rule: 0, clear: false });
  expect(asked.sort()).toEqual([33, 38, 43]);
});

test('a badge says the label, the declared origin or the percent', () => {
  expect(of(picture(12.4), { below: 40, action: 'badge' }).label).toBe('12');
  expect(of(picture(12.4), { below: 40, action: 'badge', label: 'poor' }).label).toBe('poor');
  expect(of(picture(12, declares('composite')), { declared: 'composite', action: 'badge' }).label).toBe(
    'declared AI edit',
  );
});

test.each<[string, unknown]>([
  ['no rule', []],
  ['a rule without a condition', { action: 'blur' }],
  ['a threshold that is none', { below: '40' }],
  ['a threshold out of its range', { below: 101 }],
  ['a share of nothing', { worst: 0 }],
  ['an origin that is none', { declared: 'robot' }],
  ['no origin', { declared: [] }],
  ['an action that is none', { below: 40, action: 'delete' }],
  ['a predicate that is none', { when: true }],
  ['every scene', { below: 40, scene: 'all' }],
])('%s is refused', (_, rule) => {
  expect(() => checkRules(rule as Rule<Judged>)).toThrow(expect.objectContaining({ code: 'option' }));
});
