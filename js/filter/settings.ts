// Options of a filter, checked and filled in.
import { GammaError } from '../error.js';
import { type Action, checkAction, checkRules, type Rule } from './rule.js';
import type { FilterOptions, PictureEvent } from './types.js';

/** Milliseconds of a veil unless told. */
const VEIL = 3000;

/** Workers that a model has on this device, more or less. */
export const WORKERS = Math.min(4, Math.max(1, Math.floor((globalThis.navigator?.hardwareConcurrency ?? 2) / 2)));
/**
 * Pictures that are read or scored at a time: while one is scored, the next ones are read. What is begun is not overtaken
 * by nearer pictures, so they are few.
 */
export const PARALLEL = 2 + 2 * WORKERS;

/** Options, checked and filled in. */
export interface Settings {
  readonly rules: readonly Rule[];
  readonly action: Action;
  readonly smallest: number;
  readonly backgrounds: boolean;
  readonly frames: boolean;
  readonly ahead: number;
  readonly perSecond: number;
  readonly scrolling: number;
  /** Milliseconds of the veil. */
  readonly veil: number | undefined;
  readonly onVerdict: ((event: PictureEvent) => void) | undefined;
}

/** Checks options; `option` says what is wrong. */
export function settingsOf(options: FilterOptions): Settings {
  if (options === null || typeof options !== 'object')
    throw new GammaError('option', 'expected an object with a `rule`');
  const { budget = {}, veil, onVerdict } = options;
  if (onVerdict !== undefined && typeof onVerdict !== 'function')
    throw new GammaError('option', 'option `onVerdict`: expected a function');
  return {
    rules: checkRules(options.rule),
    action: checkAction(options.action) ?? 'blur',
    smallest: numberOf('smallest', options.smallest, 80, 0),
    backgrounds: options.backgrounds ?? false,
    frames: options.frames ?? true,
    ahead: numberOf('ahead', options.ahead, 2, 0),
    perSecond: numberOf('budget.perSecond', budget.perSecond, 60, 0.1),
    scrolling: numberOf('budget.scrolling', budget.scrolling, 40, 0.1),
    veil: veil === false || veil === undefined ? undefined : numberOf('veil', veil === true ? VEIL : veil, VEIL, 1),
    onVerdict,
  };
}

/** A number that may be left out. */
export function numberOf(name: string, value: unknown, unlessTold: number, least: number): number {
  if (value === undefined) return unlessTold;
  if (typeof value === 'number' && value >= least && value < Infinity) return value;
  throw new GammaError('option', `option \`${name}\`: expected a number of at least ${least}, got ${String(value)}`);
}
