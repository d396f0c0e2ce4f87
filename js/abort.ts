// Ends calls by a caller's signal or by the end of the whole object, whichever comes first.
import { abortedBy, GammaError } from './error.js';

/** A signal of one call, whose reason is always a GammaError. */
export interface CallSignal {
  readonly signal: AbortSignal;
  /** Settles as `work`, or rejects as soon as the call is ended, whatever becomes of `work`. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Lets go of the signals that were listened to. */
  release(): void;
}

/** Why `signal` was aborted, as a GammaError. */
export function reasonOf(signal: AbortSignal): GammaError {
  return signal.reason instanceof GammaError ? signal.reason : abortedBy(signal);
}

/** The callbacks of a signal, and the one listener that calls them. */
interface Audience {
  readonly callbacks: Set<() => void>;
  readonly tell: () => void;
}

const audiences = new WeakMap<AbortSignal, Audience>();

/**
 * Calls `callback` when `signal` is aborted; the function returned undoes that. A signal gets one listener for all calls
 * that it is given to, because Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let audience = audiences.get(signal);
  if (!audience) {
    const callbacks = new Set<() => void>();
    const tell = () => {
      for (const each of [...callbacks]) each();
    };
    audience = { callbacks, tell };
    audiences.set(signal, audience);
  }
  const { callbacks, tell } = audience;
  if (callbacks.size === 0) signal.addEventListener('abort', tell);
  callbacks.add(callback);
  return () => {
    if (callbacks.delete(callback) && callbacks.size === 0) signal.removeEventListener('abort', tell);
  };
}

/** One signal for several; `AbortSignal.any` is not in every browser that can run the engine. */
export function callSignal(...signals: (AbortSignal | undefined)[]): CallSignal {
  const controller = new AbortController();
  const undo: (() => void)[] = [];
  for (const signal of signals) {
    if (!signal) continue;
    const abort = () => controller.abort(reasonOf(signal));
    if (signal.aborted) abort();
    else undo.push(onAbort(signal, abort));
  }
  const { signal } = controller;
  return {
    signal,
    race: (work) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) reject(signal.reason);
        const undo = onAbort(signal, () => reject(signal.reason));
        work.then(resolve, reject).finally(undo);
      }),
    release: () => {
      for (const step of undo) step();
    },
  };
}
