// What a filter says about its pictures: to its caller, and once for each origin on the console.
import { GammaError } from '../error.js';
import type { Picture } from './picture.js';
import type { Rule } from './rule.js';
import type { PictureEvent } from './types.js';

/** Tells the caller of one filter. */
export class Telling {
  readonly #rules: readonly Rule[];
  readonly #onVerdict: ((event: PictureEvent) => void) | undefined;
  readonly #said = new Set<string>();

  constructor(rules: readonly Rule[], onVerdict: ((event: PictureEvent) => void) | undefined) {
    this.#rules = rules;
    this.#onVerdict = onVerdict;
  }

  /** Tells what is known of a picture. */
  tell(picture: Picture, state: PictureEvent['state'], error?: GammaError): void {
    if (state === 'unreadable') this.#warn(picture.shown.address);
    if (!this.#onVerdict) return;
    const { element, shown, verdict, found } = picture;
    const { kind, address } = shown;
    const rule = verdict?.rule === undefined ? undefined : this.#rules[verdict.rule];
    const action = verdict?.action ?? 'none';
    const { assessment, final = false } = found ?? {};
    try {
      this.#onVerdict({ element, kind, address, state, action, rule, assessment, final, error });
    } catch (thrown) {
      reportError(thrown);
    }
  }

  #warn(address: string): void {
    const { origin } = new URL(address);
    if (this.#said.has(origin)) return;
    this.#said.add(origin);
    console.warn(`gamma-wasm/filter: ${origin} does not allow this page to read its pictures; they are shown unjudged`);
  }
}

/** Errors of an `assess` of one's own may come from another place, and keep their code. */
export function asGammaError(error: unknown): GammaError {
  if (error instanceof GammaError) return error;
  const { code, message } = Object(error) as Partial<GammaError>;
  return new GammaError(code ?? 'worker', message ?? String(error), { cause: error });
}
