// The pages of the filter, the element and the upload check, in the built page on a static host.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sample } from './app.ts';
import { serveBuiltPage } from './built-page.ts';
import { launchChromium } from './chromium.ts';

let host: Awaited<ReturnType<typeof serveBuiltPage>>;
let browser: Browser;

beforeAll(async () => {
  host = await serveBuiltPage();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

/** Opens a page by its link on the photo page; gives the errors that it has. */
async function open(link: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(host.url);
  await page.getByRole('navigation').getByRole('link', { name: link, exact: true }).click();
  await page.waitForLoadState('load');
  return { page, errors };
}

test('the filter blurs what is below its threshold, and a click reveals it', async () => {
  const { page, errors } = await open('Filter');
  const blurred = page.locator('[data-gamma-filter="blur"]');
  await blurred.first().waitFor();
  expect(await blurred.first().getAttribute('alt')).toMatch(/lighthouse-(blurred|compressed)/);
  const image = await blurred.first().elementHandle();
  await image?.click();
  expect(await image?.getAttribute('data-gamma-filter')).toBeNull();
  await page.getByLabel('Action').selectOption('hide');
  await page.locator('[data-gamma-filter="hide"]').first().waitFor({ state: 'attached' });
  expect(await page.locator('[data-gamma-filter="blur"]').count()).toBe(0);
  expect(errors).toEqual([]);
  await page.close();
});

test('the element shows the scores of the samples, and of a photo that is chosen', async () => {
  const { page, errors } = await open('Element');
  const numbers = page.locator('gamma-score summary');
  await numbers.nth(3).waitFor();
  await page.locator('#own').setInputFiles(sample('lighthouse-blurred.webp'));
  await numbers.nth(4).waitFor();
  await numbers.first().focus();
  await page.keyboard.press('Enter');
  const first = page.locator('gamma-score').first();
  expect(await first.locator('[part="origin"]').isVisible()).toBe(true);
  expect(await first.locator('summary').getAttribute('aria-label')).toMatch(/^Photo quality \d+ of 100, mostly bad$/);
  expect(errors).toEqual([]);
  await page.close();
});

test('the upload check warns, and holds the form up when it is told to', async () => {
  const { page, errors } = await open('Upload check');
  await page.locator('#photo').setInputFiles(sample('lighthouse-blurred.webp'));
  await page.locator('#advice:has-text("looks bad")').waitFor();
  await page.getByRole('button', { name: 'Send' }).click();
  expect(await page.locator('#sent').textContent()).toBe('It would be sent now.');
  await page.getByLabel('Do not send').check();
  await page.waitForFunction(() =>
    document.querySelector<HTMLInputElement>('#photo')?.validationMessage.includes('bad'),
  );
  await page.getByRole('button', { name: 'Send' }).click();
  expect(await page.locator('#sent').textContent()).toBe('');
  expect(errors).toEqual([]);
  await page.close();
});
