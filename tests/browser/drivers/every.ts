// The same tests in every browser.
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { BROWSER_NAMES, type BrowserName, whyMissing } from '../../../scripts/lib/browsers.mjs';
import { launch } from './playwright.ts';
import type { Driver } from './tab.ts';
import { launchWebKit } from './webkit.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** The browser in which a test runs, with its version where it was started. */
    browser?: { name: BrowserName; version: string };
  }
}

/** Starts a browser. */
export const start = (name: BrowserName): Promise<Driver> => (name === 'webkit' ? launchWebKit() : launch(name));

/**
 * Describes tests for each browser. They get a function that gives the browser once it runs. Where one is not on the machine
 * its tests are skipped, with the reason; Chromium has to be there.
 */
export function inEveryBrowser(describeTests: (driver: () => Driver, name: BrowserName) => void): void {
  // The variable takes some of them, to repeat a test quickly.
  const chosen = process.env.GAMMA_BROWSERS?.split(',');
  describe.each(BROWSER_NAMES.filter((name) => chosen?.includes(name) ?? true))('%s', (name) => {
    let missing: string | undefined;
    let driver: Driver | undefined;
    beforeAll(async () => {
      missing = whyMissing(name);
      if (missing !== undefined && name === 'chromium') throw new Error(missing);
      if (missing === undefined) driver = await start(name);
    });
    beforeEach(({ task, skip }) => {
      task.meta.browser = { name, version: driver?.version ?? '' };
      if (missing !== undefined) skip(missing);
    });
    afterAll(() => driver?.close());
    describeTests(() => {
      if (driver === undefined) throw new Error(`${name} does not run`);
      return driver;
    }, name);
  });
}
