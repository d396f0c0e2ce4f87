import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** What every Chromium of these tests is started with. */
export const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** WebGPU computed by the CPU: correct values on a machine without a GPU. */
const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Path of Chromium: the environment variable CHROME, or the first one in PATH.
 *
 * @throws {Error} that says how to get one.
 */
export function findChromium(): string {
  const { CHROME, PATH = '' } = process.env;
  if (CHROME) {
    if (isExecutable(CHROME)) return CHROME;
    throw new Error(`CHROME is set to ${CHROME}, which cannot be run.`);
  }
  const places = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = places.find(isExecutable);
  if (found) return found;
  throw new Error(
    'The browser tests need Chromium. Install it (Debian: apt-get install chromium) or set CHROME to the path of a Chromium or Chrome.',
  );
}

/** Starts Chromium with an empty profile; `webgpu` gives it an emulated GPU, without which it has none. */
export function launchChromium({ webgpu = false } = {}): Promise<Browser> {
  // Playwright makes the profile in a fresh temporary folder and removes it when the browser closes.
  return chromium.launch({ executablePath: findChromium(), args: webgpu ? [...FLAGS, ...SOFTWARE_GPU] : FLAGS });
}
