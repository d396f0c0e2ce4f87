// Where the package cannot run, and what a filter does there.
import type { Browser } from 'playwright-core';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  requireModules();
  server = await servePage();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** A filter as one script that needs no module, as content scripts of extensions are. */
async function contentScript(): Promise<string> {
  const build = await rolldown({ input: repository('js/filter/index.ts'), platform: 'browser', logLevel: 'silent' });
  const { output } = await build.generate({ format: 'iife', name: 'gammaFilter', codeSplitting: false });
  await build.close();
  return output[0].code;
}

test('E02: in a service worker loading fails with an error that says why', async () => {
  const page = await browser.newPage();
  const script = `import { Gamma } from '/pkg/index.js';
    onmessage = ({ source }) => Gamma.load().then(() => 'loaded', ({ code, message }) => code + ': ' + message)
      .then((text) => source.postMessage(text));`;
  await page
    .context()
    .route('**/service.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
  await page.goto(`${server.url}bare.html`);
  const said = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.register('/service.js', { type: 'module' });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    while (registration.active === null) await new Promise((resolve) => setTimeout(resolve, 20));
    const answer = new Promise<string>((resolve) => {
      navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
    });
    navigator.serviceWorker.startMessages();
    (worker ?? registration.active).postMessage('load');
    return answer;
  });
  expect(said).toMatch(/^worker: .*no Worker/);
  await page.close();
});

test('E03: on a page whose policy forbids everything a filter that is given its answers blurs, hides and marks', async () => {
  const page = await browser.newPage();
  await page.route('**/strict.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      headers: { 'Content-Security-Policy': "default-src 'none'; script-src 'none'; img-src 'self'" },
      body: ['blur', 'hide', 'badge'].map((id) => `<img id="${id}" src="/samples/dog.jpg?${id}" width="300">`).join(''),
    }),
  );
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('favicon')) errors.push(message.text());
  });
  await page.addInitScript({ content: `${await contentScript()}; globalThis.gammaFilter = gammaFilter;` });
  await page.goto(`${server.url}strict.html`);
  const looks = await page.evaluate(async () => {
    const { filter } = (globalThis as unknown as { gammaFilter: typeof import('gamma-wasm/filter') }).gammaFilter;
    const marks = new Map<string, string | null>();
    filter(document, {
      rule: [
        { when: ({ score }) => score === 1, action: 'blur' },
        { when: ({ score }) => score === 2, action: 'hide' },
        { when: ({ score }) => score === 3, action: 'badge', label: 'marked' },
      ],
      assess: async ({ element }) => {
        const score = ['', 'blur', 'hide', 'badge'].indexOf(element.id);
        const assessment = { score, percent: 50, uncertainty: 0, scene: 'natural-quality' };
        return { assessment: assessment as never, final: true };
      },
      onVerdict: ({ element }) => marks.set(element.id, element.getAttribute('data-gamma-filter')),
    });
    while (marks.size < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    const style = (id: string) => getComputedStyle(document.getElementById(id) as HTMLElement);
    return [style('blur').filter, style('hide').visibility, document.querySelectorAll('gamma-filter-badges').length];
  });
  expect(looks).toEqual(['blur(24px)', 'hidden', 1]);
  expect(errors).toEqual([]);
  await page.close();
});
