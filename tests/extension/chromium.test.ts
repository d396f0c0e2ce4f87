// What can be looked at in Chromium alone: its service worker, the engine's document, the badge and the context menu.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DEFAULTS } from '../../extension/settings.ts';
import { buildExtension } from '../../scripts/extension.mjs';
import { ChromiumWithExtension } from './browsers.ts';
import { becomes, change, expected, looks, scrollThrough, until } from './filtering.ts';
import { serveSite } from './site.ts';

/** What the tests call in the extension. */
declare const chrome: {
  readonly action: { getBadgeText(details: { tabId: number }): Promise<string> };
  readonly contextMenus: { readonly onClicked: { dispatch(clicked: object, tab: object | undefined): void } };
  readonly tabs: { query(wanted: object): Promise<{ id?: number; url?: string }[]> };
};

let site: Awaited<ReturnType<typeof serveSite>>;
let browser: ChromiumWithExtension;

beforeAll(async () => {
  site = await serveSite();
  browser = await ChromiumWithExtension.start(await buildExtension('chromium'));
});

beforeEach(() => change(browser, { ...DEFAULTS, declared: 'off' }));

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test('the badge counts what is treated', async () => {
  const tab = await browser.open(`${site.url}/feed?count=7`);
  const settings = await browser.open(`${browser.base}options.html`);
  const count = () =>
    settings.evaluate(async () => {
      const tabs = await chrome.tabs.query({});
      const texts = await Promise.all(tabs.map(({ id = 0 }) => chrome.action.getBadgeText({ tabId: id })));
      return texts.join('');
    });
  await tab.page.bringToFront();
  await scrollThrough(tab);
  await until(count, (text) => text === '4');
  await change(browser, { below: 10 });
  await tab.page.bringToFront();
  await scrollThrough(tab);
  await until(count, (text) => text === '1');
  await settings.close();
  await tab.close();
});

test('the context menu scores an image and shows one', async () => {
  const tab = await browser.open(`${site.url}/feed?count=7`);
  await scrollThrough(tab);
  await until(
    () => looks(tab),
    (found) => found.slice(3).every((look) => look === 'blurred'),
  );
  const choose = async (menuItemId: string, at: number) => {
    const image = tab.page.locator('img').nth(at);
    // The menu itself is the browser's: what it tells the extension is made here.
    await image.dispatchEvent('contextmenu');
    const srcUrl = await image.evaluate((element) => (element as HTMLImageElement).currentSrc);
    const worker = await browser.worker();
    await worker.evaluate(
      async ({ menuItemId, srcUrl, origin }) => {
        const tabs = await chrome.tabs.query({});
        const tab = tabs.find(({ url }) => url?.startsWith(origin));
        chrome.contextMenus.onClicked.dispatch({ menuItemId, srcUrl, frameId: 0 }, tab);
      },
      { menuItemId, srcUrl, origin: site.url },
    );
  };
  await choose('reveal', 3);
  await until(
    () => looks(tab),
    (found) => found.join() === ['shown', 'shown', 'shown', 'shown', 'blurred', 'blurred', 'blurred'].join(),
  );
  // The score stands in a closed shadow root: it is seen in a picture.
  const image = tab.page.locator('img').nth(0);
  await image.scrollIntoViewIfNeeded();
  const corner = async () => {
    const box = await image.boundingBox();
    const clip = { x: (box?.x ?? 0) + 2, y: (box?.y ?? 0) + 2, width: 80, height: 30 };
    return (await tab.page.screenshot({ clip })).toString('base64');
  };
  const before = await corner();
  await choose('score', 0);
  await until(corner, (after) => after !== before);
  await tab.close();
});

test('the engine goes when it is idle, with its memory, and comes back', async () => {
  await change(browser, { idle: 5 });
  const tab = await browser.open(`${site.url}/feed?count=3`);
  await until(
    () => browser.engines(),
    (count) => count === 1,
  );
  await tab.close();
  await until(
    () => browser.engines(),
    (count) => count === 0,
  );
  const again = await browser.open(`${site.url}/feed?count=4`);
  await until(
    () => looks(again),
    (found) => found[3] === 'blurred',
  );
  expect(await browser.engines()).toBe(1);
  await again.close();
});

// The last one: Playwright does not notice that a worker ended.
test('verdicts still come when the service worker is killed in the middle', async () => {
  const tab = await browser.open(`${site.url}/strict?count=28`);
  let killed = 0;
  // Once while pictures are asked about, and again while the next ones are.
  for (const blurred of [1, 3, 5]) {
    await until(
      () => looks(tab),
      (found) => found.filter((look) => look === 'blurred').length >= blurred,
    );
    await tab.evaluate(() => scrollBy(0, 1200));
    killed += await browser.killWorker();
  }
  await becomes(tab, expected(28, 40, 'blurred'));
  expect(killed).toBeGreaterThanOrEqual(2);
  await tab.close();
}, 120_000);
