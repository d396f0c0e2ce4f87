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

/**
 * Chromium at `executablePath` with further flags and an empty profile: Playwright makes it in a temporary folder and removes it when the
 * browser closes.
 *
 * @param {string} executablePath
 * @param {readonly string[]} flags
 */
export const startChromium = (executablePath, flags) =>
  launched(() => playwright.launch({ executablePath, args: [...FLAGS, ...flags] }));

/** The same of the machine's Chromium, installed where it is missing. */
export const launchChromium = async (...flags) => startChromium(await chromium(), flags);

/**
 * Chromium at `executablePath` with an unpacked extension and an empty profile, as one context that the caller closes.
 *
 * @param {string} executablePath
 * @param {string} folder Of the extension.
 */
export const startWithExtension = (executablePath, folder) =>
  launched(() =>
    playwright.launchPersistentContext('', {
      executablePath,
      args: [...FLAGS, `--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
      ignoreDefaultArgs: ['--disable-extensions'],
      viewport: { width: 1000, height: 800 },
    }),
  );
