// Plain lines that say what goes on and how long it took.

/** A failure whose message is all that a person needs: it is printed without a stack. */
export class Failure extends Error {}

const start = performance.now();

/** Seconds as a person reads them: `0.4 s`, `12 s`, `3 min 05 s`. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** Milliseconds since the command began. */
export const elapsed = () => performance.now() - start;

export function say(text) {
  console.log(text);
}

/** Says what begins, does it, says how long it took. What takes no time (below 0.3 s) is told in one line. */
export async function step(title, action) {
  const begin = performance.now();
  say(`• ${title} ...`);
  const result = await action();
  const took = performance.now() - begin;
  if (took > 300) say(`  ${title}: ${duration(took)}`);
  return result;
}

/** Runs a script: prints a failure in words and sets the exit status. */
export async function main(action) {
  try {
    await action();
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
