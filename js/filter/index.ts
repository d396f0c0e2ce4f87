/**
 * Hides or marks pictures of a page by how good they are and what they declare about their origin, before they come
 * into sight.
 *
 * Nothing runs when this module is imported; pictures are judged on this device.
 *
 * @example
 * ```ts
 * import { filter } from 'gamma-wasm/filter';
 * const feed = filter(document, { rule: { below: 40 }, action: 'blur' });
 * feed.dispose(); // the page is as it was
 * ```
 *
 * @module
 */
import { AI_SCENE, AI_WEIGHTS } from '../ai-weights.js';
import { GammaError } from '../error.js';
import { Gamma } from '../index.js';
import { PageFilter } from './filter.js';
import { Judge } from './judge.js';
import { numberOf, type Settings, settingsOf } from './settings.js';
import { Store } from './store.js';
import type { Filter, FilterOptions } from './types.js';

export { PageScores } from './page-scores.js';
export type { Action, DeclaredOrigin, Judged, Rule, Verdict } from './rule.js';
export { checkRules, LEAST_PICTURES, verdict } from './rule.js';
export { styleText } from './sheets.js';
export type * from './types.js';

const ENTRIES = 5000;

/**
 * Filters the pictures below `root`, those included that come later, until the filter is disposed of.
 *
 * @param root A document, an element or an open shadow root.
 * @throws {GammaError} `option` for options that are none.
 */
export function filter(root: Document | Element | ShadowRoot, options: FilterOptions): Filter {
  if (typeof (root as Partial<Node> | null)?.getRootNode !== 'function')
    throw new GammaError('option', 'option `root`: expected a document, an element or a shadow root');
  const settings = settingsOf(options);
  checkScenes(settings.rules, options);
  const entries = options.cache === false ? 0 : numberOf('cache', options.cache, ENTRIES, 0);
  let own: Promise<Gamma> | undefined;
  const load = () => {
    if (options.gamma) return Promise.resolve(options.gamma);
    own ??= Gamma.load({ weights: options.weights }).catch((error: unknown) => {
      // The next picture tries again.
      own = undefined;
      throw error;
    });
    return own;
  };
  const store = options.assess || entries === 0 ? undefined : new Store(entries);
  const judge = new Judge(load, store);
  const { signal } = options;
  const end = () => {
    signal?.removeEventListener('abort', dispose);
    judge.close();
    store?.close();
    own?.then(
      (gamma) => gamma.dispose(),
      () => {},
    );
  };
  const page = new PageFilter(root, settings, options.assess ?? judge.assess, end);
  const dispose = () => page.dispose();
  if (signal?.aborted) dispose();
  else signal?.addEventListener('abort', dispose);
  return page;
}

/** Refuses rules about a scene that Gamma-Lite does not have, before the first picture fails of it. */
function checkScenes(rules: Settings['rules'], { gamma, weights, assess }: FilterOptions): void {
  if (gamma !== undefined || weights !== undefined || assess !== undefined) return;
  if (rules.every(({ scene }) => scene !== AI_SCENE)) return;
  throw new GammaError(
    'option',
    `option \`rule.scene\`: Gamma-Lite has no scene \`${AI_SCENE}\`; say weights: '${AI_WEIGHTS}' if the use is non-commercial, as its licence asks`,
  );
}
