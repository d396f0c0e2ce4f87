// Hiding pictures until they are judged.
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

export function veil(page: () => Tab): void {
  describe('the veil', () => {
    test('E04: a bad picture is at no moment visible, a good one is once it is judged', async () => {
      const result = await page().evaluate(async () => {
        start({ veil: 60_000 });
        const seen: string[] = [];
        let watching = true;
        const look = () => {
          for (const image of document.images) {
            const { visibility, filter } = getComputedStyle(image);
            if (visibility === 'visible' && filter === 'none') seen.push(image.id);
          }
          if (watching) requestAnimationFrame(look);
        };
        show(`<img id="bad" src="${photo(10)}"><img id="held" src="${photo(90, '&hold')}">`);
        look();
        await until(() => events.length === 1 && held.length === 1);
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const before = [...seen];
        held[0]?.answer();
        await until(() => seen.includes('held'));
        watching = false;
        return { before, bad: seen.includes('bad') };
      });
      expect(result).toEqual({ before: [], bad: false });
    });

    test('is lifted after its time, though no answer ever comes, and while the filter pauses', async () => {
      const result = await page().evaluate(async () => {
        show(`<img id="a" src="${photo(10, '&hold')}">`);
        start({ veil: 300 });
        const isVisible = () => getComputedStyle(find('#a')).visibility === 'visible';
        await until(() => held.length === 1);
        await until(isVisible);
        feed.dispose();
        start({ veil: 60_000 });
        await until(() => held.length === 2);
        const hidden = !isVisible();
        feed.pause();
        return [hidden, isVisible()];
      });
      expect(result).toEqual([true, true]);
    });

    test('leaves icons and pictures that cannot be judged visible', async () => {
      const visible = await page().evaluate(async () => {
        show(`<img id="icon" src="/icon.svg" style="width:32px;height:32px"><img id="a" src="${photo(10)}">`);
        start({ veil: 60_000, assess: () => Promise.reject(new Error('no model')) });
        await until(() => events.length === 1);
        await quiet();
        return [events[0]?.state, ...['#icon', '#a'].map((name) => getComputedStyle(find(name)).visibility)];
      });
      expect(visible).toEqual(['failed', 'visible', 'visible']);
    });
  });
}
