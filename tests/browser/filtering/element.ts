// `<gamma-score>`, with a model that answers when the test says so.
import type { GammaScore } from 'gamma-wasm/element';
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

/** A question to the model of the test. */
interface Asked {
  photo: string;
  signal: AbortSignal;
  answer: (percent: number) => void;
  refuse: (code: string) => void;
}

declare global {
  var element: typeof import('gamma-wasm/element');
  var GammaError: typeof import('gamma-wasm').GammaError;
  var questions: Asked[];
  /** The text of the element's parts, one after the other. */
  var parts: (element: Element) => string;
}

/** Puts the model into the page. */
async function prepare(page: Tab): Promise<void> {
  await page.evaluate(() => {
    globalThis.questions = [];
    const score = (photo: HTMLImageElement | string, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        questions.push({
          photo: typeof photo === 'string' ? photo : photo.currentSrc,
          signal,
          answer: (percent) =>
            resolve({
              percent,
              score: 0.2 + percent / 125,
              levels: { bad: 0.1, poor: 0.2, fair: 0.5, good: 0.15, perfect: 0.05 },
              crops: [{ percent }],
              provenance: { source: 'ai' },
            }),
          refuse: (code) => reject(new GammaError(code as never, 'refused')),
        });
      });
    element.GammaScore.gamma = { score } as never;
    element.define();
    element.define();
    globalThis.parts = (element) => element.shadowRoot?.querySelector('[part~="panel"]')?.textContent?.trim() ?? '';
  });
}

export function elements(page: () => Tab): void {
  describe('<gamma-score>', () => {
    test('shows the number, the levels, a reason and the declared origin, to screen readers and keys, too', async () => {
      await prepare(page());
      const result = await page().evaluate(async () => {
        show(`<gamma-score eager src="${photo(1)}"></gamma-score>`);
        const score = find<GammaScore>('gamma-score');
        await until(() => questions.length === 1);
        const waiting = [score.state, parts(score)];
        let told = 0;
        score.addEventListener('gamma-score', ({ detail }) => {
          told = detail.percent;
        });
        questions[0]?.answer(41.6);
        await until(() => score.state === 'scored');
        const part = (name: string) => score.shadowRoot?.querySelector(`[part~="${name}"]`)?.textContent;
        const summary = score.shadowRoot?.querySelector('summary');
        summary?.focus();
        return {
          waiting,
          told,
          texts: ['number', 'level', 'reason', 'origin'].map(part),
          focused: score.shadowRoot?.activeElement === summary,
          label: summary?.getAttribute('aria-label'),
        };
      });
      expect(result).toEqual({
        waiting: ['waiting', 'Scoring…'],
        told: 41.6,
        texts: ['42', 'fair', 'The model sees 50% fair and 20% poor.', 'Declared: made by AI'],
        focused: true,
        label: 'Photo quality 42 of 100, mostly fair',
      });
    });

    test('E09: the last source wins, and no result of an older one is ever shown', async () => {
      await prepare(page());
      const result = await page().evaluate(async () => {
        show(`<gamma-score eager src="${photo(1)}"></gamma-score>`);
        const score = find<GammaScore>('gamma-score');
        await until(() => questions.length === 1);
        score.src = photo(2);
        score.setAttribute('src', photo(3));
        await until(() => questions.length === 2);
        questions[0]?.answer(11);
        await new Promise((resolve) => setTimeout(resolve, 20));
        const early = score.state;
        questions[1]?.answer(33);
        await until(() => score.state === 'scored');
        const first = score.assessment?.percent;
        score.src = photo(4);
        await null;
        await null;
        const cleared = `${score.state} ${score.assessment === undefined}`;
        await until(() => questions.length === 3);
        return {
          asked: questions.map((one) => one.photo.slice(-1)),
          aborted: questions[0]?.signal.aborted,
          early,
          first,
          cleared,
        };
      });
      expect(result).toEqual({
        asked: ['1', '3', '4'],
        aborted: true,
        early: 'waiting',
        first: 33,
        cleared: 'waiting true',
      });
    });

    test('E09: an attribute before the element is connected; removal aborts; put elsewhere it goes on', async () => {
      await prepare(page());
      const result = await page().evaluate(async () => {
        show('<main></main><aside></aside>');
        const score = document.createElement('gamma-score');
        score.setAttribute('eager', '');
        score.setAttribute('src', photo(1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        const before = questions.length;
        find('main').append(score);
        await until(() => questions.length === 1);
        score.remove();
        const aborted = questions[0]?.signal.aborted;
        find('aside').append(score);
        await until(() => questions.length === 2);
        questions[1]?.answer(50);
        await until(() => score.state === 'scored');
        find('main').append(score);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { before, aborted, asked: questions.length, state: score.state };
      });
      expect(result).toEqual({ before: 0, aborted: true, asked: 2, state: 'scored' });
    });

    test('wraps an image or names one, and follows what it shows', async () => {
      await prepare(page());
      const result = await page().evaluate(async () => {
        show(`<gamma-score id="w" eager><img src="${photo(1)}"></gamma-score>
          <img id="pic" src="${photo(2)}"><gamma-score id="n" eager for="pic"></gamma-score>`);
        await until(() => questions.length === 2);
        for (const [at, one] of questions.entries()) one.answer(at);
        await until(() => find<GammaScore>('#n').state === 'scored');
        const image = find<HTMLImageElement>('#pic');
        image.src = photo(3);
        await until(() => questions.length === 3);
        // The answer comes in the step in which the picture changes once more.
        questions[2]?.answer(77);
        image.src = photo(4);
        await until(() => questions.length === 4);
        const between = find<GammaScore>('#n').state;
        questions[3]?.answer(44);
        await until(() => find<GammaScore>('#n').state === 'scored');
        const { assessment } = find<GammaScore>('#n');
        return { asked: questions.map((one) => one.photo.slice(-1)).sort(), between, last: assessment?.percent };
      });
      expect(result).toEqual({ asked: ['1', '2', '3', '4'], between: 'waiting', last: 44 });
    });

    test('failed, unreadable, broken, and no source', async () => {
      await prepare(page());
      const states = await page().evaluate(async () => {
        show(`<gamma-score id="a" eager src="${photo(1)}"></gamma-score><gamma-score id="b" eager src="${photo(2)}">
          </gamma-score><gamma-score id="c"><img src="/none.jpg"></gamma-score><gamma-score id="d"></gamma-score>`);
        await until(() => questions.length === 2);
        questions[0]?.refuse('image-decode');
        questions[1]?.refuse('photo-tainted');
        await until(() => find<GammaScore>('#c').state === 'failed' && find<GammaScore>('#b').state !== 'waiting');
        return ['a', 'b', 'c', 'd'].map((id) => `${find<GammaScore>(`#${id}`).state} ${parts(find(`#${id}`))}`);
      });
      expect(states).toEqual(['failed No score', 'unreadable Not readable from here', 'failed No score', 'idle ']);
    });

    test('a photo far away is not scored before it comes near', async () => {
      await prepare(page());
      const asked = await page().evaluate(async () => {
        show(`<div style="height:9000px"></div><gamma-score src="${photo(1)}"></gamma-score>`);
        await new Promise((resolve) => setTimeout(resolve, 200));
        const before = questions.length;
        scrollTo(0, 9000);
        await until(() => questions.length === 1);
        return before;
      });
      expect(asked).toBe(0);
    });
  });
}
