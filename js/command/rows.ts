// A result as programs read it: JSON lines and CSV, the same as the native command's.
import type { Assessment, Finding, Levels } from '../node.js';
import type { Failure } from './failure.js';
import { exact } from './names.js';
import { decimal, milliseconds, plain, single } from './numbers.js';

export const LEVELS = ['bad', 'poor', 'fair', 'good', 'perfect'] as const satisfies readonly (keyof Levels)[];

/** The names of the columns. */
export const HEADER = [
  ...['image', 'scene', 'score', 'percent', 'spread', 'uncertainty', ...LEVELS, 'crops', 'policy', 'seed'],
  ...['width', 'height', 'scale', 'enlarged', 'model', 'seconds', 'error_code', 'error'],
];

/** A photo and what it took. */
export interface Scored {
  readonly path: Buffer;
  readonly model: string;
  readonly seconds: number;
}

/** Fields of a JSON object that are written already. */
const object = (fields: Readonly<Record<string, string>>) =>
  `{${Object.entries(fields)
    .map(([key, value]) => `"${key}":${value}`)
    .join(',')}}`;

/** One object of a photo and scene. */
export function jsonRow({ path, model, seconds }: Scored, assessment: Assessment): string {
  const { levels, crops, preview, interval, findings, damaged } = assessment;
  const pair = (ends: readonly number[]) => `[${ends.map(single).join(',')}]`;
  const crop = ({ x, y, size, score, percent }: Assessment['crops'][number]) =>
    object({ x: String(x), y: String(y), size: String(size), score: single(score), percent: single(percent) });
  const finding = ({ fault, form, score, percent, level, crops }: Finding) =>
    object({
      fault: JSON.stringify(fault),
      ...(form !== undefined && { form: JSON.stringify(form) }),
      score: single(score),
      percent: single(percent),
      level: JSON.stringify(level),
      crops: JSON.stringify(crops),
    });
  return object({
    image: JSON.stringify(exact(path)),
    score: single(assessment.score),
    percent: single(assessment.percent),
    levels: object(Object.fromEntries(LEVELS.map((level) => [level, single(levels[level])]))),
    spread: single(assessment.spread),
    uncertainty: single(assessment.uncertainty),
    ...(interval && { interval: object({ score: pair(interval.score), percent: pair(interval.percent) }) }),
    ...(findings && { findings: `[${findings.map(finding).join(',')}]` }),
    crops: `[${crops.map(crop).join(',')}]`,
    scene: JSON.stringify(assessment.scene),
    model: JSON.stringify(model),
    seconds: decimal(milliseconds(seconds)),
    width: String(assessment.width),
    height: String(assessment.height),
    scale: single(assessment.scale),
    enlarged: String(assessment.enlarged),
    policy: JSON.stringify(assessment.policy),
    seed: String(assessment.seed),
    ...(preview && {
      source: JSON.stringify(assessment.source),
      preview: object({ width: String(preview.width), height: String(preview.height) }),
    }),
    ...(damaged && { damaged: single(damaged) }),
    provenance: JSON.stringify(assessment.provenance),
  });
}

/** One object of a photo without a score. */
export function failedJsonRow(path: Buffer, { code, message }: Failure): string {
  return JSON.stringify({ image: exact(path), error: { code, message } });
}

/** One line of a photo and scene. */
export function csvRow({ path, model, seconds }: Scored, assessment: Assessment): string {
  const { score, percent, spread, uncertainty, levels, crops, policy, seed } = assessment;
  return line([
    image(path),
    text(assessment.scene),
    ...[score, percent, spread, uncertainty, ...LEVELS.map((level) => levels[level])].map(plain),
    String(crops.length),
    policy,
    String(seed),
    String(assessment.width),
    String(assessment.height),
    plain(assessment.scale),
    String(assessment.enlarged),
    text(model),
    String(milliseconds(seconds)),
    '',
    '',
  ]);
}

/** One line of a photo without a score. */
export function failedCsvRow(path: Buffer, { code, message }: Failure): string {
  return line(HEADER.map((column) => ({ image: image(path), error_code: code, error: text(message) })[column] ?? ''));
}

/** Fields as RFC 4180 wants them. */
export function line(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}

/** A path that no spreadsheet runs as a formula, and that still leads to the file. */
const image = (path: Buffer) => neutral(exact(path), './');

/** Text that no spreadsheet runs as a formula: names of files, and what a model says of itself, come from anywhere. */
const text = (value: string) => neutral(value, "'");

function neutral(value: string, shield: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `${shield}${value}` : value;
}
