import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { App, FALSE_PHOTO, sample } from './app.ts';
import { launchChromium } from './chromium.ts';
import { stated } from './default-model.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

const SAMPLES = 6;

let server: Server;
let browser: Browser;
let app: App;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
  browser = await launchChromium();
});
afterEach(() => app?.close());
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens the page and scores three photos. */
async function withThree(): Promise<void> {
  app = await App.open(browser, server);
  await app.choose(['lighthouse.webp', 'dog.jpg', 'lighthouse-noisy.jpg'].map(sample));
  await app.settled(3);
}

test('the samples are scored and ranked, best first', async () => {
  app = await App.open(browser, server);
  await app.ready();
  await app.screenshot('empty');
  await app.button('Try the samples').click();
  await app.settled(SAMPLES);
  const percents = await app.percents();
  expect(percents).toHaveLength(SAMPLES);
  expect(percents).toEqual([...percents].sort((a, b) => b - a));
  const card = app.card('Dog');
  expect(await card.locator('.raw').textContent()).toMatch(/^model score 0\.\d{4}$/);
  expect(await card.locator('.level-bar span').count()).toBe(5);
  expect(await card.locator('.legend').innerText()).toMatch(/bad\s+\d+%[\s\S]*perfect\s+\d+%/);
  expect(await card.locator('.facts').innerText()).toMatch(/±\d+\.\d over \d+ crops\s*CPU, [\d.]+ m?s/);
  expect(await card.locator('img').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
  await app.screenshot('samples');
  expect(app.errors).toEqual([]);
});

test('a photo that the browser cannot show has the thumbnail that its score gives', async () => {
  app = await App.open(browser, server);
  await app.ready();
  await app.choose([repository('tests/fixtures/images/lzw.tiff')]);
  await app.settled(1);
  const image = app.cards.first().locator('img');
  await image.waitFor({ state: 'visible' });
  expect(await image.getAttribute('src')).toMatch(/^blob:/);
  expect(await image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBeGreaterThan(100);
  expect(await app.cards.first().locator('.no-preview').isVisible()).toBe(false);
});

test('it opens with the default model, and says whose scores these are, and which device it took and why', async () => {
  app = await App.open(browser, server);
  await app.ready();
  expect(await app.page.locator('#device-line').textContent()).toMatch(/^CPU.*GPU/);
  expect(await app.page.locator('#model-line').textContent()).toMatch(/^gamma-lite · \d\.\d M parameters · .*MIT/);
  expect(await app.page.getByText('Scores are those of our own small model').isVisible()).toBe(true);
  expect(await app.page.getByText('untrained').count()).toBe(0);
  expect(await app.page.locator('#scene').inputValue()).toBe('natural-quality');
});

test('another scene shows its scores without scoring again', async () => {
  app = await App.open(browser, server);
  await app.ready();
  // A model of several scenes, which the default one is not.
  await app.page.locator('#pick-weights').setInputFiles(repository('tests/golden/tiny/model.safetensors'));
  await expect.poll(() => app.page.locator('#scene option').count(), { timeout: 60_000 }).toBeGreaterThan(1);
  await app.choose(['lighthouse.webp', 'dog.jpg', 'lighthouse-noisy.jpg'].map(sample));
  await app.settled(3);
  const before = await app.page.locator('.raw').allTextContents();
  // Read in the same turn of the event loop as the change: no photo can have been scored in between.
  const after = await app.page.evaluate(() => {
    const scene = document.querySelector<HTMLSelectElement>('#scene');
    if (!scene) throw new Error('no scene picker');
    scene.selectedIndex = (scene.selectedIndex + 1) % scene.options.length;
    scene.dispatchEvent(new Event('change', { bubbles: true }));
    return [...document.querySelectorAll<HTMLElement>('.card')].map((card) => [
      card.dataset.status,
      card.querySelector('.raw')?.textContent,
    ]);
  });
  expect(after.map(([status]) => status)).toEqual(Array(3).fill('done'));
  expect(after.map(([, raw]) => raw).sort()).not.toEqual([...before].sort());
  const percents = await app.percents();
  expect(percents).toEqual([...percents].sort((a, b) => b - a));
  // The keyboard changes it too.
  const scene = app.page.getByRole('combobox', { name: 'Scene' });
  const chosen = await scene.inputValue();
  await scene.focus();
  await app.page.keyboard.press('ArrowUp');
  expect(await scene.inputValue()).not.toBe(chosen);
});

test('cards are sorted by name, by arrival and either way', async () => {
  await withThree();
  const names = (await app.names()).sort();
  await app.page.getByLabel('Sort by').selectOption('name');
  expect(await app.names()).toEqual(names);
  await app.button(/reverse the order/).click();
  expect(await app.names()).toEqual(names.toReversed());
  await app.page.getByLabel('Sort by').selectOption('arrival');
  expect((await app.names())[0]).toBe('lighthouse.webp');
  expect(await app.button(/reverse the order/).textContent()).toBe('Oldest first');
});

test('crops lie on the photo and tell their scores', async () => {
  await withThree();
  const card = app.card('lighthouse.webp');
  expect(await card.locator('.crops').isVisible()).toBe(false);
  await app.button('Show crops').click();
  const frame = await card.locator('img').boundingBox();
  const crops = card.getByRole('button', { name: /^Crop/ });
  const count = await crops.count();
  expect(count).toBeGreaterThan(2);
  for (const crop of await crops.all()) {
    const box = await crop.boundingBox();
    if (!frame || !box) throw new Error('the card has no photo');
    expect(box.x).toBeGreaterThan(frame.x - 1);
    expect(box.y).toBeGreaterThan(frame.y - 1);
    expect(box.x + box.width).toBeLessThan(frame.x + frame.width + 1);
    expect(box.y + box.height).toBeLessThan(frame.y + frame.height + 1);
    // The photo is wider than high.
    expect(box.height / frame.height).toBeCloseTo(224 / stated().shortSide, 2);
    expect(Math.abs(box.width - box.height)).toBeLessThan(1);
  }
  await crops.nth(2).focus();
  expect(await card.locator('.readout').textContent()).toMatch(new RegExp(`^Crop 3 of ${count}: \\d+\\.\\d%$`));
  await app.screenshot('crops');
  await app.button('Show crops').click();
  expect(await card.locator('.crops').isVisible()).toBe(false);
});

test('a text file called a photo gets an error card, and the others are scored', async () => {
  app = await App.open(browser, server);
  await app.choose([sample('dog.jpg')]);
  await app.choose([FALSE_PHOTO]);
  await app.choose([sample('lighthouse.webp'), repository('tests/browser/fixtures/small.jpg')]);
  await app.settled(4);
  const failed = app.card(FALSE_PHOTO.name);
  expect(await failed.locator('.problem-code').textContent()).toBe('image-format');
  expect((await failed.locator('.problem-text').textContent())?.length).toBeGreaterThan(10);
  expect((await app.percents()).length).toBe(3);
  // The photo without a score comes last.
  expect((await app.names()).at(-1)).toBe(FALSE_PHOTO.name);
  expect(await app.card('small.jpg').locator('.enlarged').textContent()).toBe(
    `Enlarged to ${Math.round((160 * stated().shortSide) / 120)}×${stated().shortSide}`,
  );
  await app.screenshot('error-card');
  await app.button(`Remove ${FALSE_PHOTO.name}`).click();
  expect(await app.cards.count()).toBe(3);
  await app.button('Clear all').click();
  expect(await app.cards.count()).toBe(0);
  expect(await app.button('Try the samples').isVisible()).toBe(true);
});

test('photos can be dropped anywhere and pasted', async () => {
  app = await App.open(browser, server);
  await app.page.evaluate(async () => {
    const photo = async (name: string) => {
      const blob = await (await fetch(`samples/${name}`)).blob();
      return new File([blob], name === 'dog.jpg' ? name : 'image.png', { type: blob.type });
    };
    const dropped = new DataTransfer();
    dropped.items.add(await photo('dog.jpg'));
    const drag = (type: string) =>
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: dropped, bubbles: true, cancelable: true }));
    drag('dragenter');
    if (!document.documentElement.hasAttribute('data-dropping'))
      throw new Error('the page does not show that it takes photos');
    if (drag('dragover')) throw new Error('the page does not take the drop');
    drag('drop');
    const pasted = new DataTransfer();
    pasted.items.add(await photo('lighthouse.webp'));
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: pasted, bubbles: true }));
  });
  await app.settled(2);
  expect((await app.names()).sort()).toEqual(['Pasted photo 1', 'dog.jpg']);
  expect((await app.percents()).length).toBe(2);
});

test('of a folder only the photos are taken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gamma-page-'));
  try {
    writeFileSync(join(folder, 'dog.jpg'), readFileSync(sample('dog.jpg')));
    writeFileSync(join(folder, 'notes.txt'), 'notes');
    app = await App.open(browser, server);
    await app.page.locator('#pick-folder').setInputFiles(folder);
    await app.settled(1);
    expect((await app.names())[0]).toMatch(/dog\.jpg$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('everything is reached and used by keyboard alone', async () => {
  app = await App.open(browser, server);
  await app.ready();
  const { keyboard } = app.page;
  const focused = () =>
    app.page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const label = element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '';
      const ring = getComputedStyle(
        element.matches('[type=radio]') ? (element.nextElementSibling ?? element) : element,
      );
      return { label: element.id || label, ring: ring.outlineStyle };
    });
  /** Tabs until the element is reached; every stop on the way shows where the keyboard is. */
  const tabTo = async (label: string) => {
    for (let i = 0; i < 60; i++) {
      await keyboard.press('Tab');
      const { label: here, ring } = await focused();
      expect(ring, `no visible focus at ${here}`).not.toBe('none');
      if (here === label) return;
    }
    throw new Error(`the keyboard does not reach ${label}`);
  };
  await keyboard.press('Tab');
  expect((await focused()).label).toBe('Skip to the photos');
  await tabTo('Try the samples');
  await keyboard.press('Enter');
  await app.settled(SAMPLES);
  await app.page.locator('.masthead').click();
  await tabTo('scene');
  await tabTo('crops-toggle');
  await keyboard.press('Space');
  await tabTo('Options');
  await keyboard.press('Enter');
  await tabTo('policy');
  await keyboard.press('Escape');
  expect(await app.page.locator('#options').getAttribute('open')).toBeNull();
  expect((await focused()).label).toBe('Options');
  const first = (await app.names())[0] ?? '';
  const second = (await app.names())[1] ?? '';
  await tabTo('clear');
  await keyboard.press('Tab');
  expect((await focused()).label).toMatch(/^Crop 1 of \d+/);
  await tabTo(`Remove ${first}`);
  await keyboard.press('Enter');
  expect(await app.cards.count()).toBe(SAMPLES - 1);
  // The keyboard stays in the list.
  expect((await focused()).label).toBe(`Remove ${second}`);
});

test('on a phone of 360 pixels in the dark', async () => {
  const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
  app = await App.open(browser, server, { ...phone, colorScheme: 'dark' });
  await app.ready();
  await app.screenshot('phone-dark-empty');
  await app.button('Try the samples').tap();
  await app.settled(SAMPLES);
  const { overflow, page, ink } = await app.page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - innerWidth,
    page: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.body).color,
  }));
  expect(overflow).toBeLessThanOrEqual(0);
  const lightness = (colour: string) => Math.max(...(colour.match(/\d+/g) ?? []).map(Number));
  expect(lightness(page)).toBeLessThan(40);
  expect(lightness(ink)).toBeGreaterThan(200);
  await app
    .button('Options')
    .or(app.page.getByText('Options', { exact: true }))
    .first()
    .tap();
  const panel = await app.page.locator('#options .menu-panel').boundingBox();
  expect(panel && panel.x >= 0 && panel.x + panel.width <= 360).toBe(true);
  await app.screenshot('phone-dark-options');
  await app.page.keyboard.press('Escape');
  await app.cards.first().scrollIntoViewIfNeeded();
  await app.screenshot('phone-dark-samples');
});

test('in the dark on a desk', async () => {
  app = await App.open(browser, server, { colorScheme: 'dark' });
  await app.button('Try the samples').click();
  await app.settled(SAMPLES);
  await app.button('Show crops').click();
  await app.screenshot('dark');
});

test('Stop ends the run, and the rest can be scored later', async () => {
  app = await App.open(browser, server);
  await app.choose([sample('dog.jpg')]);
  await app.settled(1);
  await app.page.locator('#options summary').click();
  await app.page.getByLabel('Number of crops').fill('100');
  await app.page.keyboard.press('Escape');
  await app.choose(['lighthouse.webp', 'city-at-night.webp', 'lighthouse-noisy.jpg'].map(sample));
  await app.page.locator('.card[data-status="scoring"] progress[value]:not([value="0"])').first().waitFor();
  await app.screenshot('running');
  await app.button('Stop').click();
  await app.settled(4);
  expect(await app.page.locator('.card[data-status="stopped"]').count()).toBeGreaterThan(0);
  expect(await app.page.locator('#run-text').textContent()).toMatch(/photos? not scored/);
  await app.page.locator('#options summary').click();
  await app.page.getByLabel('Number of crops').fill('1');
  await app.page.keyboard.press('Escape');
  await app.button('Score the rest').click();
  await app.settled(4);
  expect((await app.percents()).length).toBe(4);
  expect(await app.page.locator('#dock').isVisible()).toBe(false);
});

test('many photos are ranked at a first look before one of them is done, then settle', async () => {
  app = await App.open(browser, server);
  await app.choose([repository('tests/browser/fixtures/small.jpg')]);
  await app.settled(1);
  await app.page.locator('#options summary').click();
  await app.page.getByLabel('Number of crops').fill('60');
  await app.page.keyboard.press('Escape');
  await app.choose(['lighthouse.webp', 'dog.jpg', 'lighthouse-noisy.jpg', 'city-at-night.webp'].map(sample));
  await app.page.waitForFunction(() => document.querySelectorAll('.card[data-estimate]').length === 4);
  expect(await app.page.locator('.card[data-status="done"]').count()).toBe(1);
  expect(await app.card('dog.jpg').locator('.raw').textContent()).toMatch(/^estimate 0\.\d\d ± 0\.\d\d$/);
  await app.page.waitForTimeout(600);
  const estimates = await app.percents();
  expect(estimates).toEqual([...estimates].sort((a, b) => b - a));
  await app.screenshot('first-look');
  // A photo that comes now gets its first look before the others go on, and nothing is lost by it.
  await app.choose([sample('lighthouse-blurred.webp')]);
  await app.card('lighthouse-blurred.webp').and(app.page.locator('[data-estimate]')).waitFor();
  expect(await app.page.locator('.card[data-estimate]').count()).toBeGreaterThan(2);
  // One that is removed while it is computed does not hold up the others.
  await app.button('Remove dog.jpg').click();
  await app.settled(5);
  expect(await app.page.locator('.card[data-estimate]').count()).toBe(0);
  expect(await app.cards.first().locator('.raw').textContent()).toMatch(/^model score 0\.\d{4}$/);
  const percents = await app.percents();
  expect(percents).toHaveLength(5);
  expect(percents).toEqual([...percents].sort((a, b) => b - a));
  expect(app.errors).toEqual([]);
});

test('other crops are taken by scoring again', async () => {
  app = await App.open(browser, server);
  await app.choose([sample('dog.jpg')]);
  await app.settled(1);
  await app.page.locator('#options summary').click();
  await app.page.getByRole('combobox', { name: 'Crops' }).selectOption('five');
  await app.button('Score all again').click();
  await app.settled(1);
  expect(await app.card('dog.jpg').locator('.spread').textContent()).toMatch(/over 5 crops/);
});

test('results are exported as CSV and JSON', async () => {
  app = await App.open(browser, server);
  await app.choose([
    { name: '=1+1, "x".jpg', mimeType: 'image/jpeg', buffer: readFileSync(sample('dog.jpg')) },
    FALSE_PHOTO,
  ]);
  await app.settled(2);
  const save = async (name: string) => {
    await app.page.locator('#export summary').click();
    const [download] = await Promise.all([app.page.waitForEvent('download'), app.button(name).click()]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
  };
  const csv = await save('CSV');
  expect(csv.name).toBe('gamma-natural-quality.csv');
  const lines = csv.text.trimEnd().split('\r\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^image,scene,score,percent,bad,poor,fair,good,perfect,spread,/);
  // A name that a spreadsheet would run as a formula is made harmless, and quoted.
  expect(lines[1]).toMatch(/^"'=1\+1, ""x"".jpg",natural-quality,0\.\d+,/);
  expect(lines[2]).toMatch(/^notes\.jpg,.*image-format,/);
  const json = JSON.parse((await save('JSON')).text);
  expect(json.photos.map(({ image }: { image: string }) => image)).toEqual(['=1+1, "x".jpg', 'notes.jpg']);
  expect(Object.keys(json.photos[0].scenes).sort()).toEqual(stated().scenes.sort());
  expect(json.photos[1].error.code).toBe('image-format');
  expect(json.model).toMatchObject({ name: 'gamma-lite', trained: true });
});
