// Answers that come in time, or are given up.

/** How long a part of the browser may take for one answer. */
export interface Wait {
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** The number of looks: time in which the page is suspended does not count. */
  readonly looks: number;
}

/** 10 s. */
export const WAIT: Wait = { interval: 100, looks: 100 };

/** There was no answer in time. */
export class NoAnswer extends Error {}

/** The error for `what`, which took longer than `wait`. */
export const noAnswer = (what: string, { interval, looks }: Wait): NoAnswer =>
  new NoAnswer(`${what} within ${Math.round((interval * looks) / 1000)} s`);

/** `work`, unless it takes too long: then {@link NoAnswer} of `what`, and what comes of `work` later is nobody's. */
export function inTime<T>(
  work: Promise<T>,
  wait: Wait = WAIT,
  what = "the browser's private file system did not answer",
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let left = wait.looks;
    const timer = setInterval(() => {
      left -= 1;
      if (left <= 0) reject(noAnswer(what, wait));
      if (left <= 0) clearInterval(timer);
    }, wait.interval);
    work.then(resolve, reject).finally(() => clearInterval(timer));
  });
}
