// `gamma-wasm/check`, with the engine.
import type { Advice } from 'gamma-wasm/check';
import { describe, expect, test } from 'vitest';
import type { Tab } from '../drivers/tab.ts';

declare global {
  var checking: typeof import('gamma-wasm/check');
  var sample: (name: string) => Promise<File>;
}

async function prepare(page: Tab): Promise<void> {
  await page.evaluate(() => {
    globalThis.sample = async (name) => new File([await (await fetch(`/samples/${name}`)).arrayBuffer()], name);
  });
}

export function checks(page: () => Tab): void {
  describe('check', () => {
    test('says what is wrong with a photo, and what is not one', async () => {
      await prepare(page());
      const [good, bad, large, text] = await page().evaluate(async () => {
        const short = ({ ok, percent, reasons }: Advice) => ({ ok, percent, codes: reasons.map(({ code }) => code) });
        const { check } = checking;
        const gamma = await engine();
        return [
          short(await check(await sample('lighthouse.webp'), { atLeast: 40, gamma })),
          short(await check(await sample('lighthouse-blurred.webp'), { atLeast: 40, gamma })),
          short(await check(await sample('dog.jpg'), { maxPixels: 1000, gamma })),
          short(await check(new File(['These are notes.'], 'notes.jpg'), { gamma })),
        ];
      });
      expect(good).toMatchObject({ ok: true, codes: [] });
      expect(bad).toMatchObject({ ok: false, codes: ['low-score', 'fault'] });
      expect(large).toMatchObject({ ok: false });
      expect(large?.codes[0]).toBe('too-many-pixels');
      expect(text).toEqual({ ok: false, percent: undefined, codes: ['not-a-photo'] });
    });

    test('an input warns and lets the form be sent; it holds the form up where told', async () => {
      await prepare(page());
      const result = await page().evaluate(async () => {
        show(`<form><input type="file" data-gamma-check="40" multiple></form>
          <form><input type="file" data-gamma-check="40" data-gamma-block></form><form><input type="file"></form>`);
        const end = checking.checkInputs(document, { gamma: await engine() });
        const [warns, blocks, other] = document.querySelectorAll('input');
        const choose = async (input: HTMLInputElement | undefined, ...names: string[]) => {
          const all = new DataTransfer();
          for (const name of names) all.items.add(await sample(name));
          if (!input) throw new Error('no input');
          input.files = all.files;
          const told = new Promise<Event>((resolve) => input.addEventListener('gamma-check', resolve, { once: true }));
          input.dispatchEvent(new Event('change', { bubbles: true }));
          return told;
        };
        await choose(warns, 'lighthouse.webp', 'lighthouse-blurred.webp');
        const warned = [warns?.form?.querySelector('output')?.textContent, warns?.form?.checkValidity()];
        await choose(blocks, 'lighthouse-blurred.webp');
        const blocked = blocks?.form?.checkValidity();
        await choose(blocks, 'lighthouse.webp');
        const freed = [blocks?.form?.checkValidity(), blocks?.form?.querySelector('output')?.textContent];
        other?.dispatchEvent(new Event('change', { bubbles: true }));
        end();
        return { warned, blocked, freed, left: document.querySelectorAll('output').length };
      });
      expect(result.warned[0]).toMatch(
        /^lighthouse-blurred\.webp: It looks bad: \d+ of 100, and at least 40 is wanted\.\nlighthouse-blurred\.webp: It looks out of focus\.$/,
      );
      expect(result.warned[1]).toBe(true);
      expect(result.blocked).toBe(false);
      expect(result.freed).toEqual([true, '']);
      expect(result.left).toBe(0);
    });
  });
}
