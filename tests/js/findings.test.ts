// Faults in words for people.
import { expect, test } from 'vitest';
import { faultText } from '../../js/findings.js';
import { remarks } from '../../js/reasons.js';
import type { Assessment, Finding } from '../../js/types.js';

const finding = (fault: string, form?: string): Finding => ({
  fault,
  ...(form !== undefined && { form }),
  score: 0.4,
  percent: 25,
  level: 'poor',
  crops: [0],
});

test('every fault has words, with and without its form', () => {
  const forms: Record<string, (string | undefined)[]> = {
    sharpness: [undefined, 'focus', 'motion', 'oversharpened'],
    noise: [undefined],
    exposure: [undefined, 'under', 'over', 'contrast'],
    compression: [undefined, 'artefacts', 'banding'],
    colour: [undefined, 'pale', 'oversaturated', 'fringes'],
  };
  const words = Object.entries(forms).flatMap(([fault, of]) => of.map((form) => faultText(finding(fault, form))));
  for (const text of words) expect(text).toMatch(/^[a-z]+( [a-z]+)*$/);
  // Compression leaves artefacts unless told otherwise.
  expect(new Set(words).size).toBe(words.length - 1);
});

test('faults and forms that only another model knows are called by their ids', () => {
  expect(faultText(finding('tilt'))).toBe('tilt');
  expect(faultText(finding('tilt', 'left'))).toBe('tilt: left');
  expect(faultText(finding('noise', 'chroma'))).toBe('noisy');
  expect(faultText(finding('constructor'))).toBe('constructor');
});

test('the upload check remarks them', () => {
  const assessment = {
    crops: [{ x: 0, y: 0, size: 224, score: 0.5, percent: 40 }],
    percent: 40,
    findings: [finding('exposure', 'under'), finding('noise')],
    provenance: { source: 'unknown' },
  } as unknown as Assessment;
  expect(remarks(assessment)).toEqual([
    { code: 'fault', text: 'It looks too dark.' },
    { code: 'fault', text: 'It looks noisy.' },
  ]);
});
