// What is looked at in pages, and how the settings are changed: by the settings page itself.
import type { Settings } from '../../extension/settings.ts';
import type { ExtensionBrowser, ExtensionTab } from './browsers.ts';
import { PICTURES, type Picture } from './site.ts';

/** How long a verdict may take, in milliseconds: a machine may be busy, and the model is loaded first. */
const MAX_WAIT = 60_000;
/** Milliseconds between two looks. */
const LOOK = 100;

/** How an image looks. */
export type Look = 'shown' | 'blurred' | 'hidden';

/** Waits until `look` gives what is `wanted`; fails with what it gave last. */
export async function until<Result>(look: () => Promise<Result>, wanted: (found: Result) => boolean): Promise<Result> {
  for (const deadline = performance.now() + MAX_WAIT; ; await new Promise((resolve) => setTimeout(resolve, LOOK))) {
    const found = await look();
    if (wanted(found)) return found;
    if (performance.now() > deadline) throw new Error(`it never came: ${JSON.stringify(found)}`);
  }
}

/** The looks of a page's images, in their order. */
export function looks(tab: ExtensionTab): Promise<Look[]> {
  return tab.evaluate(() =>
    [...document.images].map((image) => {
      const { filter, visibility } = getComputedStyle(image);
      if (visibility === 'hidden') return 'hidden';
      return filter.startsWith('blur') ? 'blurred' : 'shown';
    }),
  );
}

/** The looks that the images of a feed have to have under `below`. */
export function expected(count: number, below: number, look: Look): Look[] {
  const names = Object.keys(PICTURES) as Picture[];
  return Array.from({ length: count }, (_, at) => {
    const picture = PICTURES[names[at % names.length] as Picture];
    return picture.percent < below ? look : 'shown';
  });
}

/** Scrolls a page from its top to its end, a third of a view at a time. A page without scripts has no timers. */
export async function scrollThrough(tab: ExtensionTab): Promise<void> {
  for (let step = 0; ; step++) {
    const isEnd = await tab.evaluate((at) => {
      const top = (at * innerHeight) / 3;
      scrollTo(0, top);
      return top + innerHeight >= document.documentElement.scrollHeight;
    }, step);
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (isEnd) return;
  }
}

/** Scrolls through a page until its images look right: what was passed before the model was loaded is judged the next time. */
export async function becomes(tab: ExtensionTab, right: readonly Look[]): Promise<void> {
  await until(
    async () => {
      await scrollThrough(tab);
      return looks(tab);
    },
    (found) => found.join() === right.join(),
  );
}

/** Changes settings on the settings page, as a person does: each field, then its event. */
export async function change(browser: ExtensionBrowser, settings: Partial<Settings>): Promise<void> {
  const tab = await browser.open(`${browser.base}options.html`);
  await until(
    () => tab.evaluate(() => (document.querySelector('[name=below]') as HTMLInputElement | null)?.value !== ''),
    (ready) => ready,
  );
  await tab.evaluate((given) => {
    const form = document.querySelector('form') as HTMLFormElement;
    for (const [name, value] of Object.entries(given)) {
      const field = form.elements.namedItem(name) as HTMLInputElement;
      if (typeof value === 'boolean') field.checked = value;
      else field.value = Array.isArray(value) ? value.join(' ') : String(value);
    }
    form.dispatchEvent(new Event('change', { bubbles: true }));
  }, settings);
  await until(
    () => tab.evaluate(() => document.querySelector('[role=status]')?.textContent),
    (text) => text === 'Saved.',
  );
  await tab.close();
}
