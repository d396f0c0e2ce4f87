// A short feed under a strict Content-Security-Policy, scrolled: marks agree with verdicts, and nothing moves. How fast it is,
// `npm run test:feed` measures.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { whyMissing } from '../../scripts/lib/browsers.mjs';
import { makePhotos } from '../feed/photos.mjs';
import { serveFeed } from '../feed/serve.mjs';
import { launchChromium } from './chromium.ts';
import { launch } from './drivers/playwright.ts';
import { requireModules } from './server.ts';

/** What the page of the feed offers. */
declare global {
  var feedTest: {
    start(options: object): Promise<void>;
    scroll(speed: number, seconds: number): Promise<void>;
    stats(): { waiting: number; judged: number; failed: number };
    contradictions(): string[];
    report(): { seen: number; judged: number; bad: number; shift?: number };
  };
}

let folder: string;
let server: Awaited<ReturnType<typeof serveFeed>>;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  folder = mkdtempSync(join(tmpdir(), 'gamma-feed-'));
  const painter = await launchChromium();
  const names = await makePhotos(painter, { count: 22, folder, from: undefined });
  await painter.close();
  server = await serveFeed(folder, names);
});
afterAll(async () => {
  await server?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test.each(['chromium', 'firefox'] as const)('%s', async (name) => {
  const missing = whyMissing(name);
  if (missing !== undefined) throw new Error(missing);
  const driver = await launch(name);
  const page = await driver.open(server.url);
  const { report, contradictions, stats } = await page.evaluate(async () => {
    while (!('feedTest' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 20));
    await feedTest.start({ cache: false });
    // Faster than anybody reads: what is asked is whether it is right.
    await feedTest.scroll(4000, 60);
    while (feedTest.stats().waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return { report: feedTest.report(), contradictions: feedTest.contradictions(), stats: feedTest.stats() };
  });
  expect(contradictions).toEqual([]);
  expect(stats.failed).toBe(0);
  expect(report.seen).toBeGreaterThan(3);
  expect(report.bad).toBeGreaterThan(0);
  expect(report.shift ?? 0).toBe(0);
  expect(page.errors).toEqual([]);
  await driver.close();
});
