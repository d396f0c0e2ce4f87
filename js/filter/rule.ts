// What is to happen to a picture: rules over its assessment, its declared origin and the other pictures of the page.
// Pure functions, which know neither elements nor workers.
import { GammaError } from '../error.js';
import type { Assessment, Provenance } from '../types.js';
import type { PageScores } from './page-scores.js';

/** What is done to a picture: `none` only tells `onVerdict`. */
export type Action = 'blur' | 'hide' | 'badge' | 'none';

/**
 * What a file declares about its origin: `provenance.source` of its assessment, `unknown` where it declares nothing.
 */
export type DeclaredOrigin = Provenance['source'];

/** What rules look at: an assessment, of which the declared origin may be missing. */
export type Judged = Pick<Assessment, 'score' | 'percent' | 'uncertainty' | 'scene'> & {
  readonly provenance?: { readonly source: DeclaredOrigin } | undefined;
};

/**
 * A picture meets a rule if it meets every condition that the rule states. At least one of `below`, `worst`, `declared`
 * and `when` has to be stated.
 */
export interface Rule<J extends Judged = Assessment> {
  /** Id of the scene whose score counts; the model's default unless told. */
  readonly scene?: string | undefined;
  /** The score is below this, on the scale of {@link Assessment.percent}: above 0, at most 100. */
  readonly below?: number | undefined;
  /**
   * The picture is among the worst of this page: fewer than this share of the scored pictures, in per cent above 0 and
   * at most 100, have a lower score. Holds for none before {@link LEAST_PICTURES} pictures are scored.
   */
  readonly worst?: number | undefined;
  /** The file declares this origin, or one of these. */
  readonly declared?: DeclaredOrigin | readonly DeclaredOrigin[] | undefined;
  /**
   * A condition of one's own. It has to depend on its arguments alone, and is asked for several scores of one picture.
   */
  readonly when?: ((judged: J, page: PageScores | undefined) => boolean) | undefined;
  /** What is done then; the filter's `action` unless told. */
  readonly action?: Action | undefined;
  /** The text of a badge; the percent or the declared origin unless told. */
  readonly label?: string | undefined;
}

/** What the rules say of a picture. */
export interface Verdict {
  /** Position of the first rule that the picture meets; undefined if it meets none. */
  readonly rule: number | undefined;
  /** What is to be done; `none` if it meets no rule. */
  readonly action: Action;
  /** The text of a badge; empty for other actions. */
  readonly label: string;
  /** Whether the verdict is the same wherever the score lies within its uncertainty. */
  readonly clear: boolean;
}

/** Scored pictures that a page has to have before {@link Rule.worst} holds for any. */
export const LEAST_PICTURES = 10;

/** Per cent for 1 of a score: the five levels stand for scores from 0.2 to 1. */
const PERCENT_PER_SCORE = 100 / (1 - 0.2);

const ACTIONS: readonly Action[] = ['blur', 'hide', 'badge', 'none'];
const ORIGINS: readonly DeclaredOrigin[] = ['ai', 'composite', 'capture', 'unknown'];
const ORIGIN_LABELS: Readonly<Record<DeclaredOrigin, string>> = {
  ai: 'declared AI',
  composite: 'declared AI edit',
  capture: 'declared photo',
  unknown: '',
};

/**
 * Applies rules to a picture: the first one that it meets decides.
 *
 * @param judged Its assessment; its assessments by scene where rules ask about different scenes.
 * @param rules As {@link checkRules} gives them.
 * @param page The scores of the page's pictures, for {@link Rule.worst}.
 * @param action What rules without an action of their own do.
 */
export function verdict<J extends Judged = Assessment>(
  judged: J | Readonly<Record<string, J>>,
  rules: readonly Rule<J>[],
  page?: PageScores,
  action: Action = 'blur',
): Verdict {
  const at = (side: -1 | 0 | 1) =>
    rules.findIndex((rule) => {
      const found = pick(judged, rule.scene);
      return found !== undefined && meets(shifted(found, side), rule, page);
    });
  const found = at(0);
  const clear = at(-1) === found && at(1) === found;
  const rule = rules[found];
  if (!rule) return { rule: undefined, action: 'none', label: '', clear };
  const does = rule.action ?? action;
  const label = does === 'badge' ? (rule.label ?? labelOf(pick(judged, rule.scene), rule)) : '';
  return { rule: found, action: does, label, clear };
}

/** The assessment under `scene`, the only or the first one where it is not told. */
function pick<J extends Judged>(judged: J | Readonly<Record<string, J>>, scene: string | undefined): J | undefined {
  if (isOne(judged)) return scene === undefined || judged.scene === scene ? judged : undefined;
  return scene === undefined ? Object.values(judged)[0] : judged[scene];
}

/** Whether it is one assessment, not one for each scene. */
export function isOne<J extends Judged>(judged: J | Readonly<Record<string, J>>): judged is J {
  return typeof (judged as Judged).percent === 'number';
}

/** The assessment with its score at an end of what its uncertainty allows. */
function shifted<J extends Judged>(judged: J, side: -1 | 0 | 1): J {
  if (side === 0 || judged.uncertainty === 0) return judged;
  const by = side * judged.uncertainty;
  const percent = Math.min(100, Math.max(0, judged.percent + by * PERCENT_PER_SCORE));
  return { ...judged, score: judged.score + by, percent };
}

function meets<J extends Judged>(judged: J, rule: Rule<J>, page: PageScores | undefined): boolean {
  const { below, worst, declared, when } = rule;
  if (declared !== undefined) {
    const source = judged.provenance?.source ?? 'unknown';
    if (!([] as readonly DeclaredOrigin[]).concat(declared).includes(source)) return false;
  }
  if (below !== undefined && !(judged.percent < below)) return false;
  if (worst !== undefined && !isAmongWorst(judged, worst, page)) return false;
  return when === undefined || when(judged, page);
}

function isAmongWorst({ percent, scene }: Judged, worst: number, page: PageScores | undefined): boolean {
  const count = page?.count(scene) ?? 0;
  if (!page || count < LEAST_PICTURES) return false;
  return page.lower(scene, percent) < (worst / 100) * count;
}

function labelOf(judged: Judged | undefined, rule: Rule<never>): string {
  const origin = judged?.provenance?.source ?? 'unknown';
  if (rule.declared !== undefined && ORIGIN_LABELS[origin]) return ORIGIN_LABELS[origin];
  return judged ? String(Math.round(judged.percent)) : '';
}

/** Stands for every scene. */
export const ALL = 'all';

/** The scene to ask about for `rules`: undefined for the model's default, `all` if they ask about several. */
export function sceneOf(rules: readonly Rule<never>[]): string | undefined {
  const scenes = new Set(rules.map(({ scene }) => scene));
  return scenes.size > 1 ? ALL : [...scenes][0];
}

/** Whether a verdict may change with the other pictures of the page. */
export const dependsOnPage = (rules: readonly Rule<never>[]): boolean =>
  rules.some(({ worst, when }) => worst !== undefined || when !== undefined);

/** The rules as a list, checked: `option` says what is wrong with one. */
export function checkRules<J extends Judged>(given: Rule<J> | readonly Rule<J>[]): readonly Rule<J>[] {
  const rules = Array.isArray(given) ? (given as readonly Rule<J>[]) : [given as Rule<J>];
  if (rules.length === 0) throw wrong('rule', 'there is none');
  for (const rule of rules) {
    if (rule === null || typeof rule !== 'object') throw wrong('rule', 'expected an object, or several in an array');
    const { scene, below, worst, declared, when, action, label } = rule;
    for (const [name, value] of Object.entries({ below, worst })) {
      if (value !== undefined && !(typeof value === 'number' && value > 0 && value <= 100))
        throw wrong(`rule.${name}`, `expected a number above 0, at most 100, got ${String(value)}`);
    }
    for (const [name, value] of Object.entries({ scene, label })) {
      if (value !== undefined && typeof value !== 'string') throw wrong(`rule.${name}`, 'expected a string');
    }
    if (scene === ALL) throw wrong('rule.scene', 'expected one scene; give a rule to each');
    const origins = declared === undefined ? [] : ([] as readonly DeclaredOrigin[]).concat(declared);
    if (declared !== undefined && (origins.length === 0 || origins.some((origin) => !ORIGINS.includes(origin))))
      throw wrong('rule.declared', `expected one or several of ${ORIGINS.join(', ')}`);
    if (when !== undefined && typeof when !== 'function') throw wrong('rule.when', 'expected a function');
    checkAction(action, 'rule.action');
    if (below === undefined && worst === undefined && declared === undefined && when === undefined)
      throw wrong('rule', 'it states no condition: below, worst, declared or when');
  }
  return rules;
}

/** Checks an action that may be left out. */
export function checkAction(action: unknown, name = 'action'): Action | undefined {
  if (action === undefined) return undefined;
  const known = ACTIONS.find((one) => one === action);
  if (!known) throw wrong(name, `expected one of ${ACTIONS.join(', ')}`);
  return known;
}

const wrong = (name: string, what: string) => new GammaError('option', `option \`${name}\`: ${what}`);

/** An assessment, or one for each scene, as a list. */
export const listOf = <J extends Judged>(judged: J | Readonly<Record<string, J>>): readonly J[] =>
  isOne(judged) ? [judged] : Object.values(judged);
