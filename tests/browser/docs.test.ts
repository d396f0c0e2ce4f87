// The samples of the pages about filtering run as they stand there.
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const PAGES = ['filter', 'element', 'check'];

/** Blocks of JavaScript in a page of docs/. */
const samples = (page: string): [string, string][] =>
  [...readFileSync(repository(`docs/${page}.md`), 'utf8').matchAll(/```js\n(.*?)```/gs)].map(([, code = ''], at) => [
    `${page}.md ${at + 1}`,
    code.replaceAll(/'gamma-wasm\/(\w+)'/g, "'/pkg/$1/index.js'").replaceAll("'gamma-wasm'", "'/pkg/index.js'"),
  ]);

test.each(PAGES.flatMap(samples))('%s', async (_, code) => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.route('**/sample.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><body><img src="/samples/dog.jpg"><form><input type="file" name="photo"></form>
        <script type="module">${code};globalThis.done = true;</script></body>`,
    }),
  );
  await page.goto(`${server.url}sample.html`);
  // A sample that throws never comes to its end.
  while (errors.length === 0 && !(await page.evaluate(() => 'done' in globalThis))) await page.waitForTimeout(20);
  expect(errors).toEqual([]);
  await page.close();
});
