/**
 * `<gamma-score>`: an element that shows how good a photo is. Nothing is defined when this module is imported; {@link
 * define} does it.
 *
 * @example
 * ```ts
 * import { define } from 'gamma-wasm/element';
 * define();
 * ```
 *
 * @module
 */
import type { GammaError } from '../error.js';
import type { Assessment } from '../types.js';
import { GammaScore } from './element.js';

export { GammaScore } from './element.js';
export type { ScoreState } from './view.js';

/** Attributes of the element, for the types of frameworks. */
export interface GammaScoreAttributes {
  /** Address of the photo. */
  src?: string | undefined;
  /** Id of an `<img>` in the same tree. */
  for?: string | undefined;
  /** Id of the scene; the model's default unless told. */
  scene?: string | undefined;
  /** Scores the photo even if the element is not near the viewport. */
  eager?: boolean | '' | undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    'gamma-score': GammaScore;
  }
  interface HTMLElementEventMap {
    'gamma-score': CustomEvent<Assessment>;
    'gamma-error': CustomEvent<GammaError>;
  }
}

/** Defines the element, once; a second call does nothing, and so does any on a server. */
export function define(name = 'gamma-score'): void {
  const registry = globalThis.customElements;
  if (!registry || registry.get(name)) return;
  // A class can have one name only.
  const isTaken = name !== 'gamma-score' && registry.getName?.(GammaScore) != null;
  registry.define(name, isTaken ? class extends GammaScore {} : GammaScore);
}
