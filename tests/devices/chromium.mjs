// Photos in Chromium, on the CPU or WebGPU.
import { basename, dirname } from 'node:path';
import { PKG } from '../../scripts/lib/paths.mjs';
import { Failure } from '../../scripts/lib/say.mjs';
import { EMPTY_PAGE, serveFolders } from '../../scripts/lib/serve.mjs';

/** Runs in the page. A page of its own for each pass: one page answers a photo that it has scored from what it keeps. */
async function score({ device, weights, photos, policy }) {
  const { Gamma } = await import('/pkg/index.js');
  const gamma = await Gamma.load({ device, weights, cache: 'no-store' });
  const scores = [];
  for await (const { assessment, error } of gamma.scoreAll(photos, policy ? { policy } : {})) {
    if (error) throw error;
    scores.push(assessment.score);
  }
  const { kind } = gamma.device;
  await gamma.dispose();
  return { kind, scores };
}

/** Scores of the photos `names` in `folder`, of two passes. */
export async function inChromium(browser, { device, folder, names, weights, policy }) {
  const server = await serveFolders({ pkg: PKG, photos: folder, weights: dirname(weights) }, { pages: EMPTY_PAGE });
  try {
    const passes = [];
    for (let pass = 0; pass < 2; pass++) {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      await page.goto(`${server.url}page.html`);
      const photos = names.map((name) => `/photos/${encodeURIComponent(name)}`);
      const asked = { device, weights: `/weights/${basename(weights)}`, photos, policy };
      const { kind, scores } = await page.evaluate(score, asked);
      if (kind !== device) throw new Failure(`${device} was asked for, and ${kind} computed.`);
      passes.push(scores);
      await page.close();
    }
    return passes;
  } finally {
    await server.close();
  }
}
