// A filter with the engine: what it reads, what it keeps.
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

export function reading(page: () => Tab, elsewhere: () => string): void {
  describe('with the engine', () => {
    test('the same bytes are scored once, and known on the next visit', async () => {
      const { first, second } = await page().evaluate(async () => {
        const ask = <T>(request: IDBRequest<T>) =>
          new Promise<T>((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
          });
        const kept = async () => {
          const database = await ask(indexedDB.open('gamma-wasm-filter'));
          const count = await ask(database.transaction('assessments').objectStore('assessments').count());
          database.close();
          return count;
        };
        const visit = async () => {
          const names = ['lighthouse.webp?1', 'lighthouse.webp?2', 'lighthouse-blurred.webp', 'dog.jpg'];
          show(names.map((name) => `<img src="/samples/${name}" style="height:90px">`).join(''));
          start({ assess: undefined, gamma: engine() });
          await until(() => events.length === 4);
          const marks = [...document.images].map((image) => mark(image));
          const scores = events.map(({ assessment, final }) => `${assessment?.percent} ${final}`);
          // What is kept is written after the verdict: an object for each of three files.
          while ((await kept()) < 3) await new Promise((resolve) => setTimeout(resolve, 20));
          const { known } = feed.stats();
          events.length = 0;
          feed.dispose();
          return { marks, scores: scores.sort(), known };
        };
        return { first: await visit(), second: await visit() };
      });
      expect(first.marks).toEqual([null, null, 'blur', null]);
      expect(new Set(first.scores).size).toBe(3);
      expect(second.marks).toEqual(first.marks);
      expect(second.scores).toEqual(first.scores);
      expect(second.known).toBeGreaterThanOrEqual(4);
    });

    test('a rule on pictures made by AI asks for its file, and is judged by it', async () => {
      const { refused, judged } = await page().evaluate(async () => {
        const rule = { scene: 'ai-generated-quality', below: 99, action: 'badge' } as const;
        let refused = '';
        try {
          start({ rule, assess: undefined });
        } catch (error) {
          refused = `${(error as { code?: string }).code} ${(error as Error).message}`;
        }
        show('<img src="/samples/dog.jpg">');
        start({ rule, assess: undefined, weights: 'gamma-wasm/weights/gamma-lite-ai.safetensors', cache: false });
        await until(() => events.length === 1);
        const { state, assessment, action } = events[0] ?? {};
        return { refused, judged: [state, assessment?.scene, action] };
      });
      expect(refused).toMatch(/^option .*non-commercial/);
      expect(judged).toEqual(['judged', 'ai-generated-quality', 'badge']);
    });

    test('pictures of an origin that does not allow it are unreadable, which is said once', async () => {
      const result = await page().evaluate(async (origin) => {
        const said: string[] = [];
        const { warn } = console;
        console.warn = (text: string) => said.push(text);
        try {
          show(`<img src="${origin}samples/dog.jpg"><img src="${origin}samples/lighthouse.webp">`);
          start({ assess: undefined, gamma: engine() });
          await until(() => events.length === 2);
        } finally {
          console.warn = warn;
        }
        const told = events.map(({ state, error }) => `${state} ${error?.code}`);
        return { told, said: said.length, stats: feed.stats() };
      }, elsewhere());
      expect(result.told).toEqual(['unreadable photo-tainted', 'unreadable photo-tainted']);
      expect(result.said).toBe(1);
      expect(result.stats).toMatchObject({ unreadable: 2, acted: 0 });
    });

    test('a picture whose address was revoked is judged by what it shows', async () => {
      const event = await page().evaluate(async () => {
        const blob = await (await fetch('/samples/lighthouse-blurred.webp')).blob();
        const url = URL.createObjectURL(blob);
        show(`<img src="${url}">`);
        await document.images[0]?.decode();
        URL.revokeObjectURL(url);
        start({ assess: undefined, gamma: engine() });
        await until(() => events.length === 1);
        return [events[0]?.state, events[0]?.action];
      });
      expect(event).toEqual(['judged', 'blur']);
    });
  });
}
