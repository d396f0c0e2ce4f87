/**
 * Advice about a photo before it is uploaded. It warns; it blocks nothing unless told.
 *
 * @example
 * ```ts
 * import { check } from 'gamma-wasm/check';
 * const advice = await check(file, { atLeast: 40 });
 * if (!advice.ok) console.log(advice.reasons[0]?.text);
 * ```
 *
 * @module
 */
export type { Reason } from '../reasons.js';
export { type Advice, type CheckOptions, check } from './advise.js';
export { type CheckEvent, checkInputs, type InputOptions } from './inputs.js';
