// The extension in Chromium and Firefox.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GECKO_ID } from '../../extension/manifest.mjs';
import { DEFAULTS } from '../../extension/settings.ts';
import { buildExtension } from '../../scripts/extension.mjs';
import { findBrowser, whyMissing } from '../../scripts/lib/browsers.mjs';
import { startFirefox } from './bidi.ts';
import { ChromiumWithExtension, type ExtensionBrowser } from './browsers.ts';
import { becomes, change, expected, looks, until } from './filtering.ts';
import { serveSite } from './site.ts';

let site: Awaited<ReturnType<typeof serveSite>>;

beforeAll(async () => {
  site = await serveSite();
});

afterAll(() => site?.close());

async function start(name: 'chromium' | 'firefox'): Promise<ExtensionBrowser> {
  const folder = await buildExtension(name);
  if (name === 'chromium') return ChromiumWithExtension.start(folder);
  return startFirefox(findBrowser('firefox') ?? '', folder, GECKO_ID);
}

describe.each(['chromium', 'firefox'] as const)('%s', (name) => {
  let browser: ExtensionBrowser;
  const missing = whyMissing(name);

  beforeAll(async () => {
    if (missing === undefined) browser = await start(name);
  });

  beforeEach(async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    await change(browser, DEFAULTS);
  });

  afterAll(() => browser?.close());

  test.each(['feed', 'strict'])('images of /%s that score low are blurred', async (path) => {
    const tab = await browser.open(`${site.url}/${path}?count=14`);
    const right = expected(14, 40, 'blurred');
    // Those that declare themselves are marked first, which is the rule that is asked first.
    for (const at of [5, 6, 12, 13]) right[at] = 'shown';
    await becomes(tab, right);
    await tab.close();
  });

  test('changed settings hold for what is judged already, and on the strict page', async () => {
    const tab = await browser.open(`${site.url}/strict?count=7`);
    await becomes(tab, ['shown', 'shown', 'shown', 'blurred', 'blurred', 'shown', 'shown']);
    await change(browser, { below: 60, action: 'hide', declared: 'off' });
    await becomes(tab, ['shown', 'shown', 'hidden', 'hidden', 'hidden', 'hidden', 'hidden']);
    await change(browser, { below: 0, declared: 'blur' });
    await becomes(tab, ['shown', 'shown', 'shown', 'shown', 'shown', 'blurred', 'blurred']);
    await change(browser, { declaredBelow: 35 });
    await becomes(tab, ['shown', 'shown', 'shown', 'shown', 'shown', 'shown', 'blurred']);
    await change(browser, { everywhere: false });
    await becomes(tab, Array(7).fill('shown'));
    await change(browser, { exceptions: ['127.0.0.1'], below: 20, declared: 'off' });
    await becomes(tab, ['shown', 'shown', 'shown', 'hidden', 'shown', 'shown', 'shown']);
    await tab.close();
  });

  test('a picture that is exchanged loses its verdict at once, and gets its own', async () => {
    const tab = await browser.open(`${site.url}/feed?count=1`);
    const exchange = (to: string) =>
      tab.evaluate(async (url) => {
        const image = document.images[0] as HTMLImageElement;
        image.src = url;
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        return getComputedStyle(image).filter;
      }, `${site.pictures}${to}`);
    const looksLike = (look: string) =>
      until(
        () => looks(tab),
        ([found]) => found === look,
      );
    await exchange('blurred.webp');
    await looksLike('blurred');
    expect(await exchange('never-there.png')).toBe('none');
    await exchange('compressed.jpg');
    await looksLike('blurred');
    expect(await exchange('lighthouse.webp')).toBe('none');
    await tab.close();
  });

  test('pages cannot ask for its files', async () => {
    const tab = await browser.open(`${site.url}/feed?count=1`);
    const files = [
      'manifest.json',
      'content.js',
      'wasm/cpu/gamma_bg.wasm',
      'wasm/gamma-lite.safetensors',
      'options.html',
    ];
    const read = await tab.evaluate(
      ({ base, files }) =>
        Promise.all(
          files.map((file) =>
            fetch(base + file).then(
              () => file,
              () => '',
            ),
          ),
        ),
      { base: browser.base, files },
    );
    expect(read.join('')).toBe('');
    await tab.close();
  });
});
