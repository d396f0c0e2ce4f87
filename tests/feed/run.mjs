// npm run test:feed [-- --photos FOLDER --count N --speed PIXELS --browsers chromium,firefox --veil --passes N]: what a
// visitor sees of bad pictures who scrolls a feed at reading speed, on the CPU module. Prints the figures, and writes
// them to target/feed/report.json.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, firefox } from 'playwright-core';
import { findBrowser } from '../../scripts/lib/browsers.mjs';
import { FLAGS } from '../../scripts/lib/flags.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { main, say } from '../../scripts/lib/say.mjs';
import { makePhotos } from './photos.mjs';
import { serveFeed } from './serve.mjs';

const FOLDER = inRoot('target/feed');

function launch(name) {
  const executablePath = findBrowser(name);
  if (name === 'chromium') return chromium.launch({ executablePath, args: FLAGS });
  return firefox.launch({ executablePath, channel: 'moz-firefox' });
}

/** Processor time of the page's main thread while nothing happens, as a share; Chromium alone tells it. */
async function idleShare(page, seconds) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const now = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const before = await now();
  await page.waitForTimeout(seconds * 1000);
  const after = await now();
  return (after.ScriptDuration - before.ScriptDuration) / seconds;
}

/** Bytes of JavaScript's heap that are in use after a collection of garbage; Chromium alone tells it. */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

/** Scrolls the whole feed fast, `passes` times; gives the heap after each. */
async function memoryOver(page, passes) {
  const heaps = [];
  for (let pass = 0; pass < passes; pass++) {
    await page.evaluate(() => globalThis.feedTest.scroll(12_000, 60));
    heaps.push(await heapOf(page));
  }
  return heaps;
}

async function scrollFeed(name, url, { speed, veil, seconds, passes }) {
  const browser = await launch(name);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(url);
    await page.waitForFunction(() => 'feedTest' in globalThis);
    await page.evaluate(({ veil }) => globalThis.feedTest.start({ veil, cache: false }), { veil });
    const first = await page.evaluate(() => globalThis.feedTest.report());
    await page.evaluate(() => globalThis.feedTest.begin());
    await page.evaluate(({ speed, seconds }) => globalThis.feedTest.scroll(speed, seconds), { speed, seconds });
    // The last ones are judged after the page has come to rest.
    while (await page.evaluate(() => globalThis.feedTest.stats().waiting > 0)) await page.waitForTimeout(50);
    const report = await page.evaluate(() => globalThis.feedTest.report());
    const contradictions = await page.evaluate(() => globalThis.feedTest.contradictions());
    const heaps = name === 'chromium' ? await memoryOver(page, passes) : [];
    const idle = name === 'chromium' ? await idleShare(page, 3) : undefined;
    return { browser: name, version: browser.version(), first, ...report, idle, heaps, contradictions, errors };
  } finally {
    await browser.close();
  }
}

const percent = (part, whole) => (whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(1)}%`);

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

function print(report) {
  const { first, lateBy } = report;
  say(`\n${report.browser} ${report.version}: ${report.seen} pictures came into sight, ${report.judged} judged`);
  say(`  blurred before half was visible   ${report.inTime} of ${report.bad} (${percent(report.inTime, report.bad)})`);
  say(`  late by (ms, the latest)          ${lateBy.join(' ') || '-'}`);
  say(`  wrongly blurred > 300 ms          ${report.wronglyBlurred}`);
  say(`  layout shift (CLS)                ${report.shift ?? 'not told by this browser'}`);
  const { longFrames, longestFrame, longFramesOfOurs, longestOfOurs } = report;
  const ours = `by our scripts ${longFramesOfOurs} (${longestOfOurs} ms)`;
  const frames = `${longFrames} (longest ${longestFrame} ms), ${ours}`;
  say(`  frames over 50 ms                 ${longFrames === undefined ? 'not told by this browser' : frames}`);
  for (const what of report.worstOfOurs) say(`    ${what}`);
  say(`  the worker computed               ${percent(report.busy, 1)} of the time`);
  say(`  gaps of drawing over 50 ms        ${report.gapsOver50} of ${report.frames}`);
  say(`  on the screen from the beginning  ${first.inTime} of ${first.bad} bad ones blurred before they were seen`);
  if (report.idle !== undefined) say(`  script time at rest               ${percent(report.idle, 1)}`);
  if (report.heaps.length > 0) say(`  heap after each pass (MB)         ${report.heaps.map(megabytes).join(' ')}`);
  say(`  by an estimate, known, late       ${report.stats.byEstimate}, ${report.stats.known}, ${report.stats.late}`);
  for (const text of [...report.contradictions, ...report.errors]) say(`  WRONG: ${text}`);
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      photos: { type: 'string' },
      count: { type: 'string', default: '300' },
      speed: { type: 'string', default: '600' },
      seconds: { type: 'string' },
      browsers: { type: 'string', default: 'chromium,firefox' },
      veil: { type: 'boolean', default: false },
      passes: { type: 'string', default: '0' },
    },
  });
  const { photos: from, veil } = values;
  const [count, speed] = [Number(values.count), Number(values.speed)];
  const key = createHash('sha256').update(`${from} ${count}`).digest('hex').slice(0, 8);
  const folder = join(FOLDER, key);
  const painter = await launch('chromium');
  const names = await makePhotos(painter, { count, folder, from });
  await painter.close();
  const server = await serveFeed(folder, names);
  const reports = [];
  try {
    for (const name of values.browsers.split(',')) {
      const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
      const report = await scrollFeed(name, server.url, { speed, veil, seconds, passes: Number(values.passes) });
      reports.push(report);
      print(report);
    }
  } finally {
    await server.close();
  }
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'report.json'), `${JSON.stringify(reports, null, 2)}\n`);
  const wrong = reports.some(({ contradictions, errors }) => contradictions.length + errors.length > 0);
  if (wrong) process.exitCode = 1;
});
