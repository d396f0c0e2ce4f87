// Chromium, and what a page of a case did in it.
import { readFileSync } from 'node:fs';
import { chromium as find } from '../../../scripts/lib/browsers.mjs';
import { launchChromium, startWithExtension } from '../../../scripts/lib/launch.mjs';
import { inRoot } from '../../../scripts/lib/paths.mjs';

/** Chromium's own remark where a page asks for WebGPU on a machine without a GPU. */
const NO_GPU = 'No available adapters.';

/** The photos that are scored, by the path that pages know. */
export const PHOTOS = {
  'photos/dog.jpg': inRoot('www/samples/dog.jpg'),
  'photos/lossy.webp': inRoot('tests/golden/preprocess/images/lossy_301x231.webp'),
};

let running;

/** One Chromium for all cases; each page gets a context of its own. */
export async function browser() {
  running ??= launchChromium();
  return running;
}

export async function closeBrowser() {
  await (await running)?.close();
}

/** Chromium with an unpacked extension; a context of its own, which the caller closes. */
export const extensionContext = async (folder) => startWithExtension(await find(), folder);

/**
 * Opens a page that calls `report` and waits for its scores.
 *
 * Gives what `report` left, the number of `workers` that were started, and in `complaints` every error and warning of the console and every request that failed.
 */
export async function open(url, { context, timeout = 90_000 } = {}) {
  const own = context === undefined ? await (await browser()).newContext() : undefined;
  const page = await (context ?? own).newPage();
  const complaints = [];
  let workers = 0;
  page.on('worker', () => {
    workers += 1;
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    const counts = ['error', 'warning'].includes(message.type()) && message.text() !== NO_GPU;
    if (counts) complaints.push(`console: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  try {
    for (const [path, file] of Object.entries(PHOTOS)) {
      if (!context) await page.route(`**/${path}`, (route) => route.fulfill({ body: readFileSync(file) }));
    }
    await page.goto(url);
    const result = await page
      .waitForFunction(() => globalThis.packaging, undefined, { timeout })
      .then((handle) => handle.jsonValue())
      .catch((error) => ({ error: `the page gave no scores: ${error.message.split('\n')[0]}` }));
    return { ...result, complaints, workers };
  } finally {
    await page.close();
    await own?.close();
  }
}
