// The start of a browser in tests and benchmarks.
import { chromium as playwright } from 'playwright-core';
import { chromium } from './browsers.mjs';
import { FLAGS } from './flags.mjs';
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

/** Chromium with an empty profile and further flags, installed where it is missing. */
export async function launchChromium(...flags) {
  const executablePath = await chromium();
  return launched(() => playwright.launch({ executablePath, args: [...FLAGS, ...flags] }));
}
