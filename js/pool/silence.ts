// A worker that never says a word: some bundlers write scripts that start and do nothing.
import { GammaError } from '../error.js';

/** How long a worker may be silent at its start. */
export interface Silence {
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** The number of looks: time in which the page is suspended does not count. */
  readonly looks: number;
}

/** 20 s: a script that comes over a slow line has that long. */
export const SILENCE: Silence = { interval: 1000, looks: 20 };

/** What to do about a worker that does not start. */
export const REMEDY =
  'if a bundler made this page, it did not take the worker along: copy worker.js and wasm/ of gamma-wasm beside the page and pass ' +
  "their addresses, Gamma.load({ worker: '/gamma/worker.js', wasm: '/gamma/wasm/' }); docs/javascript.md, \"Bundlers\", has recipes";

/** Calls `onSilence` once, unless ended before. */
export function watchSilence({ interval, looks }: Silence, onSilence: (error: GammaError) => void): { end(): void } {
  let left = looks;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    const seconds = Math.round((interval * looks) / 1000);
    onSilence(new GammaError('worker', `the worker said nothing within ${seconds} s: ${REMEDY}`));
  }, interval);
  // Under Node it does not keep the process alive.
  (timer as { unref?: () => void }).unref?.();
  return { end: () => clearInterval(timer) };
}
