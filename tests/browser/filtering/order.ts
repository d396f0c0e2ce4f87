// When a filter judges which picture.
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

export function order(page: () => Tab): void {
  describe('order', () => {
    test('nearest first, and not before a picture is near the viewport', async () => {
      const result = await page().evaluate(async () => {
        const at = (top: number, percent: number) =>
          `<img style="position:absolute;top:${top}px" src="${photo(percent)}">`;
        show(`<div style="height:9000px">${at(1200, 12)}${at(6000, 60)}${at(900, 9)}${at(0, 1)}</div>`);
        await Promise.all([...document.images].map((image) => image.decode()));
        start({ budget: { perSecond: 20 } });
        await until(() => addresses.length === 3);
        await quiet();
        const near = addresses.map((address) => address.split('=')[1]);
        scrollTo(0, 5800);
        await until(() => addresses.length === 4);
        return [near, addresses.length];
      });
      expect(result).toEqual([['1', '9', '12'], 4]);
    });

    test('an estimate decides where it is clear; the full score is asked for where it is not', async () => {
      const result = await page().evaluate(async () => {
        show(`<img id="far" src="${photo(10)}"><img id="close" src="${photo(39)}">`);
        // The page lies still: what the test before this one scrolled to is gone, which is a scroll, too.
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const steps: string[] = [];
        start({
          assess: async ({ element: { id }, estimate }) => {
            steps.push(`${id} ${estimate}`);
            const percent = id === 'far' ? 10 : estimate ? 39 : 45;
            const uncertainty = estimate ? 0.05 : 0;
            const assessment = { percent, score: 0.2 + percent / 125, uncertainty, scene: 'natural-quality' };
            return { assessment: assessment as never, final: !estimate };
          },
        });
        await until(() => events.length === 2);
        return { steps: steps.sort(), marks: [mark('#far'), mark('#close')], byEstimate: feed.stats().byEstimate };
      });
      expect(result).toEqual({
        steps: ['close false', 'close true', 'far true'],
        marks: ['blur', null],
        byEstimate: 1,
      });
    });

    test('on the way to the full score a better estimate decides as soon as it is clear', async () => {
      const result = await page().evaluate(async () => {
        show(`<img src="${photo(45)}">`);
        const steps: string[] = [];
        start({
          assess: async ({ estimate, enough }) => {
            const of = (percent: number, uncertainty: number) => ({ percent, score: 0.2 + percent / 125, uncertainty });
            const better = [of(44, 0.1), of(30, 0.04)].find((one) => {
              const is = enough?.(one) ?? false;
              if (!estimate) steps.push(`${one.percent} ${is}`);
              return is;
            });
            const numbers = better ?? of(45, 0.2);
            return { assessment: { ...numbers, scene: 'natural-quality' } as never, final: false };
          },
        });
        await until(() => events.length === 1);
        return { steps, action: events[0]?.action, final: events[0]?.final };
      });
      expect(result).toEqual({ steps: ['44 false', '30 true'], action: 'blur', final: false });
    });

    test('a picture that comes into sight while the page is scrolled is judged by what is known', async () => {
      const result = await page().evaluate(async () => {
        show(`<div style="height:9000px"><img style="position:absolute;top:1500px" src="${photo(36)}"></div>`);
        let aborted = false;
        let asked = false;
        start(
          {
            ahead: 5,
            assess: async ({ estimate, signal }) => {
              if (!estimate) {
                asked = true;
                await new Promise((resolve) => signal.addEventListener('abort', resolve));
                aborted = true;
                signal.throwIfAborted();
              }
              const assessment = { percent: 36, score: 0.49, uncertainty: 0.1, scene: 'natural-quality' };
              return { assessment: assessment as never, final: false };
            },
          },
          document.body,
        );
        await until(() => asked);
        const before = mark('img');
        // In sight and out of it again, until that was seen while the page is scrolled.
        for (let at = 0; events.length === 0; at = 1000 - at) {
          scrollTo(0, at);
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
        await until(() => aborted);
        return [before, mark('img'), events[0]?.action, events[0]?.final, feed.stats().waiting];
      });
      expect(result).toEqual([null, 'blur', 'blur', false, 0]);
    });

    test('a lazy picture is loaded once it is near, and keeps its attribute', async () => {
      const result = await page().evaluate(async () => {
        const lazy = (id: string, top: number) =>
          `<img id="${id}" loading="lazy" style="position:absolute;top:${top}px" src="${photo(30, `&${id}`)}">`;
        show(`<div style="height:30000px">${lazy('near', 9000)}${lazy('far', 29_000)}</div>`);
        // Farther than any browser loads by itself.
        start({ ahead: 9000 / innerHeight });
        await until(() => events.length === 1);
        const before = [mark('#near'), find('#near').getAttribute('loading')];
        return [...before, find<HTMLImageElement>('#far').complete, find('#far').getAttribute('loading')];
      });
      expect(result).toEqual(['blur', 'lazy', false, 'lazy']);
    });

    test('pause, resume, reveal, stats', async () => {
      const result = await page().evaluate(async () => {
        show(`<img id="a" src="${photo(10)}">`);
        start({});
        await until(() => events.length === 1);
        const shown = [feed.reveal(find('#a')), mark('#a'), feed.reveal(find('#a'))];
        feed.pause();
        document.body.insertAdjacentHTML('beforeend', `<img id="b" src="${photo(11)}"><img id="c" src="${photo(10)}">`);
        await until(() => feed.stats().waiting === 1);
        const paused = events.length;
        feed.resume();
        await until(() => events.length === 2);
        return { shown, paused, again: [mark('#b'), mark('#c')], stats: feed.stats() };
      });
      expect(result.shown).toEqual([true, null, false]);
      expect(result.paused).toBe(1);
      // The picture that was revealed is shown in another element, too.
      expect(result.again).toEqual(['blur', null]);
      expect(result.stats).toMatchObject({ watched: 3, judged: 1, acted: 1, waiting: 0, failed: 0 });
    });

    test('a share of the page: pictures are compared once there are ten', async () => {
      const marks = await page().evaluate(async () => {
        show(Array.from({ length: 9 }, (_, at) => `<img src="${photo(10 + at)}" style="height:100px">`).join(''));
        start({ rule: { worst: 20 }, ahead: 5 });
        await until(() => events.length === 9);
        const before = document.querySelectorAll('[data-gamma-filter]').length;
        document.body.insertAdjacentHTML('beforeend', `<img src="${photo(50)}" style="height:100px">`);
        await until(() => document.querySelectorAll('[data-gamma-filter]').length > 0);
        const blurred = [...document.querySelectorAll('[data-gamma-filter]')].map((element) => element.outerHTML);
        return [before, blurred.map((html) => html.match(/percent=(\d+)/)?.[1])];
      });
      expect(marks).toEqual([0, ['10', '11']]);
    });

    test('a signal disposes', async () => {
      const left = await page().evaluate(async () => {
        show(`<img src="${photo(10)}">`);
        const controller = new AbortController();
        start({ signal: controller.signal });
        await until(() => events.length === 1);
        controller.abort();
        return document.querySelectorAll('[data-gamma-filter]').length;
      });
      expect(left).toBe(0);
    });
  });
}
