// What a filter does to pictures.
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

export function actions(page: () => Tab): void {
  describe('actions', () => {
    test('pictures below the threshold are blurred, the others are not touched', async () => {
      const marks = await page().evaluate(async () => {
        show(`<img id="a" src="${photo(30)}"><img id="b" src="${photo(70)}">`);
        start({});
        await quiet(2);
        const { filter } = getComputedStyle(find('#a'));
        return [mark('#a'), filter, mark('#b'), getComputedStyle(find('#b')).filter];
      });
      expect(marks).toEqual(['blur', 'blur(24px)', null, 'none']);
    });

    test('E07: a hidden picture keeps its box, and its container is not touched', async () => {
      const [before, after, style] = await page().evaluate(async () => {
        show(`<div id="cell"><img id="a" src="${photo(30)}"></div><p id="next">text</p>`);
        const boxes = () => ['#cell', '#a', '#next'].map((name) => JSON.stringify(find(name).getBoundingClientRect()));
        await find<HTMLImageElement>('#a').decode();
        const before = boxes();
        start({ action: 'hide' });
        await quiet(1);
        return [before, boxes(), [getComputedStyle(find('#a')).visibility, getComputedStyle(find('#cell')).visibility]];
      });
      expect(after).toEqual(before);
      expect(style).toEqual(['hidden', 'visible']);
    });

    test('a badge lies on the picture and moves nothing', async () => {
      const result = await page().evaluate(async () => {
        show(`<div style="height:50px"></div><img id="a" src="${photo(90, '&source=ai')}">`);
        await find<HTMLImageElement>('#a').decode();
        const height = document.documentElement.scrollHeight;
        const children = document.body.childNodes.length;
        start({ rule: { declared: 'ai', action: 'badge' } });
        await quiet(1);
        const layers = document.querySelectorAll('gamma-filter-badges').length;
        const same = [document.documentElement.scrollHeight === height, document.body.childNodes.length === children];
        feed.dispose();
        return { layers, same, left: document.querySelectorAll('gamma-filter-badges').length };
      });
      expect(result).toEqual({ layers: 1, same: [true, true], left: 0 });
    });

    test('`none` only tells the callback', async () => {
      const [marked, told] = await page().evaluate(async () => {
        show(`<img id="a" src="${photo(30)}"><img id="b" src="${photo(70)}">`);
        start({ action: 'none' });
        await quiet(2);
        const told = events.map(({ element, action, rule }) => `${element.id} ${action} ${rule?.below}`);
        return [document.querySelectorAll('[data-gamma-filter]').length, told];
      });
      expect(marked).toBe(0);
      expect(told.sort()).toEqual(['a none 40', 'b none undefined']);
    });

    test('dispose leaves the page as it was', async () => {
      const [before, during, after] = await page().evaluate(async () => {
        show(`<img src="${photo(30)}"><img src="${photo(31)}" style="filter: none"><p>text</p>`);
        const state = () => [document.documentElement.outerHTML, document.adoptedStyleSheets.length];
        const before = state();
        start({ rule: [{ below: 31, action: 'badge' }, { below: 40 }], veil: true });
        await quiet(2);
        const during = state();
        feed.dispose();
        feed.dispose();
        return [before, during, state()];
      });
      expect(during).not.toEqual(before);
      expect(after).toEqual(before);
    });
  });
}
