// Which picture a filter judges.
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

export function pictures(page: () => Tab): void {
  describe('which picture', () => {
    test.each([
      ['the image', '<img id="a" src="$">', 'src'],
      ['a `<source>`', '<picture><source srcset="$"><img id="a"></picture>', 'srcset'],
    ] as const)(
      'A01, E05: another address of %s drops the verdict at once, and no late answer lands on it',
      async (_, html, attribute) => {
        const result = await page().evaluate(
          async ({ html, attribute }) => {
            show(html.replace('$', photo(30)));
            start({});
            await quiet(1);
            const image = find<HTMLImageElement>('#a');
            const ask = (address: string) => find(`[${attribute}]`).setAttribute(attribute, address);
            const first = mark(image);
            ask(photo(20, '&hold'));
            await null;
            await null;
            await null;
            const dropped = mark(image);
            await until(() => held.length === 1);
            // Its answer comes when the element shows a third picture, and in the very step in which that is set.
            held[0]?.answer();
            ask(photo(80));
            await quiet(2);
            const { aborted } = held[0]?.request.signal ?? {};
            return {
              first,
              dropped,
              third: mark(image),
              aborted,
              told: events.map(({ address }) => address.slice(-10)),
            };
          },
          { html, attribute },
        );
        expect(result).toEqual({
          first: 'blur',
          dropped: null,
          third: null,
          aborted: true,
          told: ['percent=30', 'percent=80'],
        });
      },
    );

    test('E05: the address judged is the one shown, of `srcset`, `<picture>`, `data-src` and placeholders', async () => {
      const told = await page().evaluate(async () => {
        const tiny = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';
        show(`<img id="set" srcset="${photo(31)} 1x, ${photo(32)} 9x">
          <picture><source media="(min-width: 1px)" srcset="${photo(33)}"><img id="pic" src="${photo(34)}"></picture>
          <img id="late" src="${tiny}" data-src="${photo(35)}">`);
        start({});
        await quiet(2);
        const early = addresses.length;
        const late = find<HTMLImageElement>('#late');
        late.src = late.dataset.src ?? '';
        find<HTMLSourceElement>('source').srcset = photo(36);
        await quiet(4);
        const shown = events.map(({ element, address }) => `${element.id} ${address.slice(-2)}`);
        return { early, shown, marks: ['#set', '#pic', '#late'].map((name) => mark(name)) };
      });
      expect(told.early).toBe(2);
      expect(told.shown.sort()).toEqual(['late 35', 'pic 33', 'pic 36', 'set 31']);
      expect(told.marks).toEqual(['blur', 'blur', 'blur']);
    });

    test('a copy of a marked element is judged by its own picture', async () => {
      const marks = await page().evaluate(async () => {
        show(`<img id="a" src="${photo(30)}">`);
        start({});
        await quiet(1);
        const copy = find<HTMLImageElement>('#a').cloneNode() as HTMLImageElement;
        copy.id = 'b';
        copy.src = photo(80);
        document.body.append(copy);
        await quiet(2);
        return [mark('#a'), mark('#b')];
      });
      expect(marks).toEqual(['blur', null]);
    });

    test('a mark that the page takes away is put back', async () => {
      const marks = await page().evaluate(async () => {
        show(`<img id="a" src="${photo(30)}">`);
        start({});
        await quiet(1);
        find('#a').removeAttribute('data-gamma-filter');
        await null;
        await null;
        return mark('#a');
      });
      expect(marks).toBe('blur');
    });

    test('E08: small and decorative pictures, SVG and backgrounds are left alone', async () => {
      const [stats, told] = await page().evaluate(async () => {
        const svg = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='300' height='300'/>";
        show(`<img src="${photo(10)}" style="width:48px;height:48px"><img src="${svg}"><img src="/icon.svg">
          <img src="${photo(10)}" role="presentation"><img src="/fixtures/small.jpg?percent=10" style="height:60px">
          <div style="width:300px;height:300px;background-image:url('${photo(11)}')"></div>`);
        start({});
        await quiet();
        return [feed.stats(), addresses.length];
      });
      expect(stats).toMatchObject({ watched: 5, skipped: 5, judged: 0 });
      expect(told).toBe(0);
    });

    test('a small picture that grows is judged', async () => {
      const marks = await page().evaluate(async () => {
        show(`<img id="a" src="${photo(10)}" style="width:48px;height:48px">`);
        start({});
        await quiet();
        const small = mark('#a');
        find<HTMLElement>('#a').style.cssText = 'width:300px;height:200px';
        await until(() => events.length > 0);
        return [small, mark('#a')];
      });
      expect(marks).toEqual([null, 'blur']);
    });

    test('backgrounds and posters, where asked for', async () => {
      const told = await page().evaluate(async () => {
        const box = 'width:300px;height:200px';
        show(`<div id="bg" style="${box};background-image:url('${photo(11)}')">text</div>
          <div id="sprite" style="${box};background:url('${photo(12)}') -20px -40px"></div>
          <video id="v" poster="${photo(13)}" style="${box}"></video>`);
        start({ backgrounds: true });
        await until(() => events.length === 2);
        const found = events.map(({ element, kind, action }) => [element.id, kind, action].join(' '));
        const images = () => getComputedStyle(find('#bg')).backgroundSize;
        const hidden = images();
        find<HTMLElement>('#bg').style.backgroundImage = `url('${photo(90)}')`;
        await until(() => events.length === 3);
        return { found: found.sort(), hidden, marks: [mark('#bg'), mark('#sprite'), mark('#v')] };
      });
      expect(told).toEqual({
        found: ['bg background blur', 'v poster blur'],
        hidden: '0px 0px',
        marks: [null, null, 'blur'],
      });
    });
  });
}
