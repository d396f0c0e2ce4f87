// The page's whole way in each browser: photos come in, are scored and ranked, looked at, and exported.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stated } from './default-model.ts';
import { whyWithoutStore } from './drivers/detect.ts';
import { inEveryBrowser } from './drivers/every.ts';
import { GOLDEN_MODEL, requireModules, type Server, servePage } from './server.ts';
import { type Card, Visitor } from './visitor.ts';

/** How far scores of different modules may be apart. */
const TOLERANCE = 0.002;

let server: Server;
/** The samples' scores in each browser, by the module that computed them. */
const found: { browser: string; module: string; scores: Record<string, number> }[] = [];

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed', 'cpu-threads', 'extras');
  server = await servePage();
});
afterAll(() => server?.close());

const percents = (cards: Card[]) => cards.flatMap(({ percent }) => percent ?? []);

inEveryBrowser((driver) => {
  let visitor: Visitor;

  beforeAll(async () => {
    visitor = await Visitor.open(driver(), server);
  });

  test('it opens with the default model, and says which device it took and why', async () => {
    expect(await visitor.text('#device-line')).toMatch(/^CPU.*GPU/);
    expect(await visitor.text('#model-line')).toMatch(/^gamma-lite · \d\.\d M parameters · .*MIT/);
  });

  test('photos are chosen and dropped, a text file among them; the others are scored and ranked, best first', async () => {
    await visitor.choose('dog.jpg', 'lighthouse.webp');
    await visitor.drop('notes.jpg', 'lighthouse-noisy.jpg');
    await visitor.settled(4);
    await visitor.until(
      () => document.querySelectorAll('.card .no-preview:not([hidden]), .card img[src]').length === 4,
    );
    const cards = await visitor.cards();
    const ranked = percents(cards);
    expect(ranked).toHaveLength(3);
    expect(ranked).toEqual([...ranked].sort((a, b) => b - a));
    for (const { raw, spread, cost, preview } of cards.slice(0, 3)) {
      expect(raw).toMatch(/^model score 0\.\d{4}$/);
      expect(spread).toMatch(/±\d+\.\d over \d+ crops/);
      expect(cost).toMatch(/^CPU, [\d.]+ m?s/);
      expect(preview).toBeGreaterThan(100);
    }
    expect(cards.at(-1)).toMatchObject({ name: 'notes.jpg', status: 'failed', code: 'image-format' });
  });

  test('a dropped folder with a dead link and a folder that cannot be read gives its other photos, and says so', async () => {
    await visitor.dropFolder();
    await visitor.until(() => document.querySelector('[role=alert]') !== null);
    expect(await visitor.text('[role=alert]')).toBe('2 files could not be read: album/dead.jpg and 1 more');
    await visitor.settled(6);
    for (const name of ['one.jpg', 'two.jpg']) await visitor.click(`Remove ${name}`);
    await visitor.settled(4);
  });

  test('photos can be pasted', async ({ skip }) => {
    if (!(await visitor.paste('lighthouse.webp'))) skip('a script can make no event of pasted files');
    await visitor.settled(5);
    const cards = await visitor.cards();
    const [first, second, ...others] = cards.filter(({ name }) => name === 'lighthouse.webp');
    expect(second?.raw).toBe(first?.raw);
    expect(others).toEqual([]);
    await visitor.click('Remove lighthouse.webp');
  });

  test('cards are sorted by name and by arrival', async () => {
    const names = async () => (await visitor.cards()).map(({ name }) => name);
    await visitor.set('#sort', 'name');
    expect(await names()).toEqual([...(await names())].sort());
    await visitor.set('#sort', 'arrival');
    expect((await names())[0]).toBe('dog.jpg');
    await visitor.set('#sort', 'score');
    expect((await names()).at(-1)).toBe('notes.jpg');
  });

  test('crops lie on the photo and tell their scores', async () => {
    await visitor.click('Show crops');
    const { boxes, frame, readout } = await visitor.tab.evaluate(() => {
      const card = document.querySelector('#photos > .card');
      const box = (element: Element | null | undefined) => {
        const { left = 0, top = 0, right = 0, bottom = 0 } = element?.getBoundingClientRect() ?? {};
        return { left, top, right, bottom };
      };
      const crops = [...(card?.querySelectorAll<HTMLElement>('.crops button') ?? [])];
      crops[1]?.focus();
      const readout = card?.querySelector('.readout')?.textContent ?? '';
      return { boxes: crops.map(box), frame: box(card?.querySelector('img')), readout };
    });
    expect(boxes.length).toBeGreaterThan(2);
    for (const { left, top, right, bottom } of boxes) {
      expect(right).toBeGreaterThan(left);
      expect(bottom).toBeGreaterThan(top);
      expect(left).toBeGreaterThan(frame.left - 1);
      expect(top).toBeGreaterThan(frame.top - 1);
      expect(right).toBeLessThan(frame.right + 1);
      expect(bottom).toBeLessThan(frame.bottom + 1);
    }
    expect(readout).toMatch(/^Crop 2 of \d+: \d+\.\d%$/);
    await visitor.click('Show crops');
  });

  test('results are exported as CSV and JSON', async () => {
    const csv = await visitor.save('CSV');
    expect(csv.name).toBe('gamma-natural-quality.csv');
    const lines = csv.text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^image,scene,score,percent,bad,poor,fair,good,perfect,spread,/);
    expect(lines.at(-1)).toMatch(/^notes\.jpg,.*image-format,/);
    const json = JSON.parse((await visitor.save('JSON')).text);
    expect(json.photos).toHaveLength(4);
    expect(Object.keys(json.photos[0].scenes).sort()).toEqual(stated().scenes.sort());
    expect(json.model).toMatchObject({ name: 'gamma-lite', trained: true });
  });

  test('Stop ends the run, and the rest can be scored later', async () => {
    await visitor.click('Clear all');
    await visitor.choose('dog.jpg');
    await visitor.settled(1);
    await visitor.set('#crop-count', '100');
    await visitor.choose('lighthouse.webp', 'city-at-night.webp', 'lighthouse-noisy.jpg');
    await visitor.until(() => document.querySelector('.card[data-status="scoring"]') !== null);
    await visitor.click('Stop');
    await visitor.settled(4);
    expect((await visitor.cards()).filter(({ status }) => status === 'stopped').length).toBeGreaterThan(0);
    expect(await visitor.text('#run-text')).toMatch(/photos? not scored/);
    await visitor.set('#crop-count', '1');
    await visitor.click('Score the rest');
    await visitor.settled(4);
    expect(percents(await visitor.cards())).toHaveLength(4);
    await visitor.set('#crop-count', '10');
    await visitor.click('Clear all');
  });

  test('samples score the same in every browser: to the bit where the module is the same', async () => {
    await visitor.click('Try the samples');
    await visitor.settled(6);
    const { device, photos } = JSON.parse((await visitor.save('JSON')).text) as {
      device: { module: string };
      photos: { image: string; scenes: Record<string, { score: number }> }[];
    };
    const scene = stated().scenes[0] ?? '';
    const scores = Object.fromEntries(photos.map(({ image, scenes }) => [image, scenes[scene]?.score ?? Number.NaN]));
    expect(Object.keys(scores)).toHaveLength(6);
    for (const { browser, module, scores: theirs } of found) {
      if (module === device.module) expect(scores, `as in ${browser}`).toEqual(theirs);
      for (const [image, score] of Object.entries(scores)) {
        expect(Math.abs(score - (theirs[image] ?? Number.NaN)), `${image}, as in ${browser}`).toBeLessThan(TOLERANCE);
      }
    }
    found.push({ browser: driver().name, module: device.module, scores });
  });

  test('own weights are used, bad ones refused, and the default model is there to go back to', async () => {
    await visitor.click('Clear all');
    await visitor.choose('dog.jpg');
    await visitor.settled(1);
    const [before] = await visitor.cards();
    const model = await visitor.text('#model-line');
    await visitor.weights();
    await visitor.until(
      () => document.querySelector('[role=alert]')?.textContent?.includes('header-too-large') === true,
    );
    // What was there is there: the score, the model, and the next photo's score.
    expect(await visitor.cards()).toEqual([before]);
    expect(await visitor.text('#model-line')).toBe(model);
    await visitor.choose('dog.jpg');
    await visitor.settled(2);
    expect((await visitor.cards()).map(({ raw }) => raw)).toEqual([before?.raw, before?.raw]);
    expect(await visitor.text('[role=alert]')).toMatch(/header-too-large/);
    await visitor.click('Remove dog.jpg');
    await visitor.settled(1);
    await visitor.weights(GOLDEN_MODEL);
    await visitor.until(() => document.body.textContent?.includes('This model is untrained') === true);
    await visitor.settled(1);
    const [other] = await visitor.cards();
    expect(other?.raw).not.toBe(before?.raw);
    expect(await visitor.text('[role=alert]')).toBe('');
    await visitor.click('Back to Gamma-Lite');
    await visitor.until(() => document.querySelector('#model-line')?.textContent?.startsWith('gamma-lite') === true);
    await visitor.settled(1);
    expect((await visitor.cards())[0]?.raw).toBe(before?.raw);
  });

  test('nothing went wrong unseen', () => {
    expect(visitor.tab.errors).toEqual([]);
  });

  test('the model is kept on this device, and can be deleted', async ({ skip }) => {
    const lacks = await whyWithoutStore(visitor.tab);
    if (lacks !== undefined) {
      expect(await visitor.text('#model-line')).not.toMatch(/kept on this device/);
      skip(lacks);
    }
    await visitor.tab.goto(server.url);
    await visitor.arrive();
    expect(await visitor.text('#model-line')).toMatch(/kept on this device$/);
    await visitor.click('Models kept on this device');
    expect(await visitor.text('#kept-list li')).toMatch(/gamma-lite\.safetensors . \d+\.\d MB\s*Delete/);
    await visitor.tab.evaluate(() => document.querySelector<HTMLButtonElement>('#kept-list button')?.click());
    await visitor.until(() => document.querySelector('#kept-list li') === null);
  });
});
