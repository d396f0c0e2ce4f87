// npm run test:feed [-- --photos FOLDER --count N --speed PIXELS --browsers chromium,firefox --veil --passes N
// --package FOLDER --crop MS]: what a visitor sees of bad pictures who scrolls a feed at reading speed, on the CPU module. Prints the figures, and writes
// them to target/feed/report.json.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { firefox } from 'playwright-core';
import { findBrowser } from '../../scripts/lib/browsers.mjs';
import { launchChromium, launched } from '../../scripts/lib/launch.mjs';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { inRoot, PKG } from '../../scripts/lib/paths.mjs';
import { main, say } from '../../scripts/lib/say.mjs';
import { within } from './patience.mjs';
import { makePhotos } from './photos.mjs';
import { usageOf } from './processes.mjs';
import { serveFeed } from './serve.mjs';

const FOLDER = inRoot('target/feed');

function launch(name) {
  if (name === 'chromium') return launchChromium();
  return launched(() => firefox.launch({ executablePath: findBrowser(name), channel: 'moz-firefox' }));
}

/** Seconds that a page of so many pictures gets for what takes moments: machines are slow, but not for ever. */
const PATIENCE = 180;

/** Pixels a second of a pass of which the memory is asked. */
const FAST = 12_000;

/** The part of a core that the page's processes take while nothing is asked of it, and the milliseconds of its scripts in that time. */
async function rest(browser, page, seconds) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const scripts = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'ScriptDuration').value;
  };
  // What the last pass left to clean up is done.
  await page.waitForTimeout(2000);
  const [before, begin] = [await usageOf(browser), await scripts()];
  await page.waitForTimeout(seconds * 1000);
  const [after, end] = [await usageOf(browser), await scripts()];
  await session.detach();
  return { share: (after.seconds - before.seconds) / seconds, scripts: (end - begin) * 1000 };
}

/** Bytes in use after a collection of garbage, of JavaScript's heap and of the page's processes; Chromium alone tells. */
async function memoryOf(browser, page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize: heap } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  const { memory } = await usageOf(browser);
  return { heap, memory };
}

/** What is asked of the feed's page, each with the time that it may take. */
function asking(page) {
  const state = () =>
    page.evaluate(() => ({ scrollY, height: document.body.scrollHeight, ...globalThis.feedTest.stats() }));
  const ask = (seconds, what, run, argument) => within(seconds, what, page.evaluate(run, argument), state);
  return {
    ask,
    scroll: async (what, speed, seconds) => {
      await ask(PATIENCE + seconds, what, ({ speed, seconds }) => globalThis.feedTest.scroll(speed, seconds), {
        speed,
        seconds,
      });
      // The last ones are judged after the page has come to rest.
      await ask(PATIENCE, `${what}: verdicts of the last ones`, async () => {
        while (globalThis.feedTest.stats().waiting > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      });
    },
  };
}

async function scrollFeed(name, url, { speed, veil, seconds, passes, msOfCrop }) {
  const browser = await launch(name);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('crash', () => errors.push('the page crashed'));
    // Where no model computes, the speed of this machine is not to matter either.
    await page.goto(msOfCrop ? `${url}?clock` : url);
    await page.waitForFunction(() => 'feedTest' in globalThis);
    const { ask, scroll } = asking(page);
    await ask(PATIENCE, 'the first verdicts', (more) => globalThis.feedTest.start({ ...more, cache: false }), {
      veil,
      msOfCrop,
    });
    const first = await ask(PATIENCE, 'first figures', () => globalThis.feedTest.report());
    const height = await ask(PATIENCE, 'the height', () => {
      globalThis.feedTest.begin();
      return document.body.scrollHeight;
    });
    const load = loadavg()[0];
    // What the endless end adds is not known yet.
    await scroll('scrolling', speed, seconds ?? (3 * height) / speed);
    const report = await ask(PATIENCE, 'figures', () => globalThis.feedTest.report());
    report.load = [load, loadavg()[0]];
    const contradictions = await ask(PATIENCE, 'marks', () => globalThis.feedTest.contradictions());
    const memories = [];
    for (let pass = 1; name === 'chromium' && pass <= passes; pass++) {
      await scroll(`pass ${pass} of ${passes}`, FAST, (3 * height) / FAST + 10);
      memories.push(await within(PATIENCE, `the memory after pass ${pass}`, memoryOf(browser, page)));
    }
    const idle = name === 'chromium' ? await within(PATIENCE, 'rest', rest(browser, page, 5)) : undefined;
    return {
      browser: name,
      version: browser.version(),
      first,
      ...report,
      idle,
      memories,
      contradictions,
      errors,
    };
  } finally {
    await browser.close();
  }
}

/** What passes over the same feed take in Chromium without the filter: memory after each, and processor time at rest after them. */
async function withoutFilter(url, passes) {
  const browser = await launch('chromium');
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    await page.goto(url);
    await page.waitForFunction(() => 'feedTest' in globalThis);
    const memories = [];
    for (let pass = 0; pass <= passes; pass++) {
      const scroll = page.evaluate((speed) => globalThis.feedTest.scroll(speed), FAST);
      await within(PATIENCE, 'scrolling without the filter', scroll);
      // The first pass loads the pictures.
      if (pass > 0) memories.push(await memoryOf(browser, page));
    }
    const idle = await within(PATIENCE, 'rest without the filter', rest(browser, page, 5));
    return { memories, idle };
  } finally {
    await browser.close();
  }
}

const percent = (part, whole) => (whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(1)}%`);

const atRest = ({ share, scripts }) => `${percent(share, 1)}, scripts of the page ${scripts.toFixed(1)} ms in 5 s`;

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

function print(report) {
  const { first, lateBy } = report;
  say(`\n${report.browser} ${report.version}: ${report.seen} pictures came into sight, ${report.judged} judged`);
  say(`  blurred before half was visible   ${report.inTime} of ${report.bad} (${percent(report.inTime, report.bad)})`);
  say(`  late by (ms, the latest)          ${lateBy.join(' ') || '-'}`);
  for (const text of report.whyLate.slice(0, 5)) say(`    ${text}`);
  say(`  wrongly blurred > 300 ms          ${report.wronglyBlurred}`);
  say(`  layout shift (CLS)                ${report.shift ?? 'not told by this browser'}`);
  const { longFrames, longestFrame, longFramesOfOurs, longestOfOurs } = report;
  const ours = `by our scripts ${longFramesOfOurs} (${longestOfOurs} ms)`;
  const frames = `${longFrames} (longest ${longestFrame} ms), ${ours}`;
  say(`  frames over 50 ms                 ${longFrames === undefined ? 'not told by this browser' : frames}`);
  for (const what of report.worstOfOurs) say(`    ${what}`);
  say(`  the worker computed               ${percent(report.busy, 1)} of the time`);
  say(`  crops of a picture, ms of each    ${report.crops.toFixed(1)}, ${report.msOfCrop.toFixed(0)}`);
  say(`  load of the machine               ${report.load.map((load) => load.toFixed(1)).join(' to ')}`);
  say(`  gaps of drawing over 50 ms        ${report.gapsOver50} of ${report.frames}`);
  say(`  on the screen from the beginning  ${first.inTime} of ${first.bad} bad ones blurred before they were seen`);
  if (report.idle) say(`  processor time at rest            ${atRest(report.idle)}`);
  if (report.without) say(`  ${'  without the filter'.padEnd(33)} ${atRest(report.without.idle)}`);
  for (const [what, name] of [
    ['heap', 'heap'],
    ['processes', 'memory'],
  ]) {
    const listed = (memories) => memories.map((memory) => megabytes(memory[name])).join(' ');
    if (report.memories.length === 0) continue;
    say(`  ${`${what} after each pass (MB)`.padEnd(33)} ${listed(report.memories)}`);
    say(`  ${'  without the filter'.padEnd(33)} ${listed(report.without.memories)}`);
  }
  say(`  by an estimate, known, late       ${report.stats.byEstimate}, ${report.stats.known}, ${report.stats.late}`);
  for (const text of [...report.contradictions, ...report.errors]) say(`  WRONG: ${text}`);
}

await main(async () => {
  const { values } = optionsOf({
    options: {
      photos: { type: 'string' },
      count: { type: 'string', default: '300' },
      speed: { type: 'string', default: '600' },
      seconds: { type: 'string' },
      browsers: { type: 'string', default: 'chromium,firefox' },
      veil: { type: 'boolean', default: false },
      passes: { type: 'string', default: '0' },
      crop: { type: 'string' },
      package: { type: 'string', default: PKG },
    },
  });
  const { photos: from, veil } = values;
  const [count, speed] = [Number(values.count), Number(values.speed)];
  const key = createHash('sha256').update(`${from} ${count}`).digest('hex').slice(0, 8);
  const folder = join(FOLDER, key);
  const painter = await launch('chromium');
  const names = await makePhotos(painter, { count, folder, from });
  await painter.close();
  const server = await serveFeed(folder, names, values.package);
  const reports = [];
  try {
    for (const name of values.browsers.split(',')) {
      const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
      const [passes, msOfCrop] = [Number(values.passes), values.crop && Number(values.crop)];
      const report = await scrollFeed(name, server.url, { speed, veil, seconds, passes, msOfCrop });
      if (name === 'chromium' && passes > 0) report.without = await withoutFilter(server.url, passes);
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
