// Waits that end: each says what it waits for, and what was there when its time was over.
import { Failure, say } from '../../scripts/lib/say.mjs';

/** Milliseconds after which a wait is told of. */
const TOLD = 30_000;

/**
 * Waits for `promise`, at most so many seconds.
 *
 * @param {string} what is waited for, as `pass 3 of 10`
 * @param {() => Promise<unknown>} [state] tells what there is when the time is over
 */
export async function within(seconds, what, promise, state) {
  let timer;
  const telling = setInterval(() => say(`  still waiting for ${what}`), TOLD);
  const over = new Promise((_, reject) => {
    timer = setTimeout(async () => {
      const late = new Promise((resolve) => setTimeout(resolve, 5000, 'the page does not answer'));
      const found = await Promise.race([state?.().catch(String), late]);
      reject(new Failure(`${what}: not within ${seconds} s. There is: ${JSON.stringify(found)}`));
    }, 1000 * seconds);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    clearInterval(telling);
  }
}
