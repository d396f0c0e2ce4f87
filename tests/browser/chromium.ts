import type { Browser } from 'playwright-core';
import { findBrowser, whyMissing } from '../../scripts/lib/browsers.mjs';
import { SOFTWARE_GPU } from '../../scripts/lib/flags.mjs';
import { startChromium } from '../../scripts/lib/launch.mjs';

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
export async function launchChromium({ webgpu = false, flags = [] as string[] } = {}): Promise<Browser> {
  return startChromium(findChromium(), [...(webgpu ? SOFTWARE_GPU : []), ...flags]);
}
