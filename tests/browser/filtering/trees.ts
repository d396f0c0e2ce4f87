// Where a filter finds pictures.
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

export function trees(page: () => Tab): void {
  describe('where pictures are', () => {
    test('E06: in open shadow roots: there from the beginning, added later, attached late', async () => {
      const marks = await page().evaluate(async () => {
        const { host } = { host: () => document.createElement('div') };
        const early = host();
        early.attachShadow({ mode: 'open' }).innerHTML = `<img src="${photo(10)}">`;
        document.body.append(early);
        start({});
        await until(() => events.length === 1);
        const nested = host();
        nested.attachShadow({ mode: 'open' }).innerHTML = `<img src="${photo(11)}">`;
        early.shadowRoot?.append(nested);
        await until(() => events.length === 2);
        const late = document.createElement(`late-host-${Date.now()}`);
        late.style.display = 'block';
        document.body.append(late);
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        late.attachShadow({ mode: 'open' }).innerHTML = `<img src="${photo(12)}">`;
        await until(() => events.length === 3);
        const image = late.shadowRoot?.querySelector('img');
        const blurred = image && getComputedStyle(image).filter !== 'none';
        return { marks: events.map(({ element }) => mark(element)), blurred };
      });
      expect(marks).toEqual({ marks: ['blur', 'blur', 'blur'], blurred: true });
    });

    test('E06: nodes that are recycled while an endless list is scrolled have the verdict of what they show', async () => {
      const wrong = await page().evaluate(async () => {
        show('<div id="list" style="position:relative;height:60000px"></div>');
        const rows = Array.from({ length: 8 }, () => {
          const row = document.createElement('img');
          row.style.cssText = 'position:absolute;height:200px;width:300px';
          find('#list').append(row);
          return row;
        });
        // Row n of the list is shown by element n mod 8; every third one is bad.
        const draw = () => {
          const first = Math.max(0, Math.floor(scrollY / 200) - 1);
          for (let row = first; row < first + 8; row++) {
            const image = rows[row % 8];
            if (!image || image.dataset.row === String(row)) continue;
            image.dataset.row = String(row);
            image.style.top = `${200 * row}px`;
            image.src = photo(row % 3 === 0 ? 20 : 80, `&row=${row}`);
          }
        };
        addEventListener('scroll', draw);
        draw();
        start({});
        const wrong: string[] = [];
        const look = () => {
          for (const image of rows) {
            if (mark(image) === 'blur' && !image.src.includes('percent=20')) wrong.push(image.src);
          }
        };
        const observer = new MutationObserver(() => queueMicrotask(() => queueMicrotask(look)));
        observer.observe(document.body, { subtree: true, attributes: true });
        for (let step = 0; step < 40; step++) {
          scrollTo(0, step * 150);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        await quiet();
        const missed = rows.filter((image) => image.src.includes('percent=20') !== (mark(image) === 'blur'));
        observer.disconnect();
        removeEventListener('scroll', draw);
        return [...wrong, ...missed.map(({ src }) => `missed ${src}`)];
      });
      expect(wrong).toEqual([]);
    });

    test('in frames of the same origin, also after they show another document', async () => {
      const marks = await page().evaluate(async () => {
        show('<iframe style="width:400px;height:300px"></iframe>');
        const frame = find<HTMLIFrameElement>('iframe');
        frame.srcdoc = `<img src="${photo(10)}" width="300" height="200">`;
        start({});
        await until(() => events.length === 1);
        frame.srcdoc = `<img src="${photo(11)}" width="300" height="200">`;
        await until(() => events.length === 2);
        const image = frame.contentDocument?.querySelector('img');
        const { watched } = feed.stats();
        return [image && mark(image), watched];
      });
      expect(marks).toEqual(['blur', 1]);
    });

    test('a lazy picture without a height is judged once it has one', async () => {
      const marks = await page().evaluate(async () => {
        show(`<img id="a" loading="lazy" style="width:auto;height:auto">`);
        start({});
        await new Promise((resolve) => setTimeout(resolve, 50));
        find<HTMLImageElement>('#a').src = photo(10);
        await until(() => events.length === 1);
        return mark('#a');
      });
      expect(marks).toBe('blur');
    });

    test('only below the root', async () => {
      const told = await page().evaluate(async () => {
        show(`<main id="root"></main><img src="${photo(10)}">`);
        start({}, find('#root'));
        find('#root').innerHTML = `<img id="in" src="${photo(11)}">`;
        await until(() => events.length === 1);
        await quiet();
        return events.map(({ element }) => element.id);
      });
      expect(told).toEqual(['in']);
    });

    test('pictures that are gone are forgotten', async () => {
      const stats = await page().evaluate(async () => {
        show(`<img src="${photo(10)}"><img id="b" src="${photo(11)}">`);
        start({});
        await until(() => events.length === 2);
        find('#b').remove();
        await new Promise((resolve) => setTimeout(resolve));
        return feed.stats();
      });
      expect(stats).toMatchObject({ watched: 1, judged: 1, acted: 1 });
    });
  });
}
