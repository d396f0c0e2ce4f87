// The start of a browser in tests.
import { say } from './say.mjs';

/**
 * What `start` gives. A browser that dies while it starts, as Chromium now and then does on a busy machine, tells nothing of what is
 * tested: the reason is printed, and it is started once more.
 *
 * @template Started
 * @param {() => Promise<Started>} start
 * @returns {Promise<Started>}
 */
export async function launched(start) {
  try {
    return await start();
  } catch (error) {
    if (!/browser has been closed/.test(String(error))) throw error;
    say(`The browser died while it started; it is started once more. ${error}`);
    return start();
  }
}
