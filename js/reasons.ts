// What an assessment says, in words for people: nothing that the engine did not compute or the file did not declare.
import { faultText } from './findings.js';
import type { Assessment, Levels } from './types.js';

/** A reason, for programs and for people. */
export interface Reason {
  /**
   * `low-score`; `too-many-pixels`; `not-a-photo`: it cannot be read as one. The others are remarks: `small`, it has
   * fewer pixels than the model looks at; `fault`, it has one ({@link Assessment.findings}); `uneven`, a part of it is much worse; `damaged`, a part cannot be decoded;
   * `declared-ai`, `declared-composite`.
   */
  readonly code:
    | 'low-score'
    | 'too-many-pixels'
    | 'not-a-photo'
    | 'small'
    | 'fault'
    | 'uneven'
    | 'damaged'
    | 'declared-ai'
    | 'declared-composite';
  /** One sentence. */
  readonly text: string;
}

/** Per cent by which the worst crop of an uneven photo is below the photo. */
const UNEVEN = 25;

/** The level with the largest share. */
export function strongest(levels: Levels): keyof Levels {
  const names = Object.keys(levels) as (keyof Levels)[];
  return names.reduce((best, name) => (levels[name] > levels[best] ? name : best));
}

/** Width and height of the photo itself, in pixels, upright. */
export function sizeOf({ width, height, scale }: Assessment): { width: number; height: number } {
  return { width: Math.round(width / scale), height: Math.round(height / scale) };
}

/** What there is to remark about a photo beside its score. */
export function remarks(assessment: Assessment): Reason[] {
  const { crops, percent, enlarged, damaged } = assessment;
  const found: Reason[] = [];
  if (enlarged) {
    const { width, height } = sizeOf(assessment);
    found.push({ code: 'small', text: `It has ${width} x ${height} pixels, fewer than are looked at.` });
  }
  if (damaged !== undefined)
    found.push({ code: 'damaged', text: `${Math.ceil(damaged * 100)}% of it are damaged and cannot be decoded.` });
  for (const finding of assessment.findings ?? [])
    found.push({ code: 'fault', text: `It looks ${faultText(finding)}.` });
  const worst = Math.min(...crops.map((crop) => crop.percent));
  if (percent - worst > UNEVEN)
    found.push({ code: 'uneven', text: `A part of it is much worse, ${Math.round(worst)} of 100.` });
  const { source } = assessment.provenance;
  if (source === 'ai') found.push({ code: 'declared-ai', text: 'The file declares that it was made by AI.' });
  if (source === 'composite')
    found.push({ code: 'declared-composite', text: 'The file declares that parts of it were made by AI.' });
  return found;
}
