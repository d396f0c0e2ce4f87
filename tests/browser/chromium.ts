import { type Browser, chromium } from 'playwright-core';
import { findBrowser, whyMissing } from '../../scripts/lib/browsers.mjs';
import { FLAGS, SOFTWARE_GPU } from '../../scripts/lib/flags.mjs';
import { launched } from '../../scripts/lib/launch.mjs';

/**
 * Path of Chromium.
 *
 * @throws {Error} that says how to get one.
 */
export function findChromium(): string {
  const path = findBrowser('chromium');
  if (path === undefined) throw new Error(whyMissing('chromium'));
  return path;
}

/** Starts Chromium with an empty profile and further `flags`; `webgpu` gives it an emulated GPU, without which it has none. */
export function launchChromium({ webgpu = false, flags = [] as string[] } = {}): Promise<Browser> {
  const args = [...FLAGS, ...(webgpu ? SOFTWARE_GPU : []), ...flags];
  // Playwright makes the profile in a fresh temporary folder and removes it when the browser closes.
  return launched(() => chromium.launch({ executablePath: findChromium(), args }));
}
