// What the parts of the extension tell each other. Each message names its receiver, since all parts hear all messages.
import type { Assessed } from '../js/filter/types.js';

/** What is asked about a picture. */
export interface Question {
  /** Its address: http, https or data. */
  readonly url: string;
  /** Whether an estimate will do. */
  readonly estimate: boolean;
}

/** The answer: an assessment, or why there is none. */
export type Answer =
  | { readonly found: Assessed }
  | { readonly error: { readonly code: string; readonly message: string } };

/** To the background, from a page. */
export type ToBackground =
  | { readonly to: 'background'; readonly kind: 'judge'; readonly question: Question }
  /** How many pictures of a frame are blurred, hidden or marked, for the badge. */
  | { readonly to: 'background'; readonly kind: 'count'; readonly count: number };

/** To the engine's document, from the background. */
export interface ToEngine {
  readonly to: 'engine';
  readonly question: Question;
  /** Seconds without a question after which the engine ends. */
  readonly idle: number;
}

/** To the script in a frame of a page, from the background: of the context menu. */
export type ToContent =
  | { readonly to: 'content'; readonly kind: 'reveal' }
  | { readonly to: 'content'; readonly kind: 'waiting' }
  | { readonly to: 'content'; readonly kind: 'score'; readonly answer: Answer };

/** A message if it is meant for `to`; messages come from this extension alone. */
export function meant<Message extends { readonly to: string }>(
  message: unknown,
  to: Message['to'],
): Message | undefined {
  const isMeant = typeof message === 'object' && message !== null && (message as { to?: unknown }).to === to;
  return isMeant ? (message as Message) : undefined;
}
