import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ALL_READY, App, sample } from './app.ts';
import { launchChromium } from './chromium.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

const MODEL = repository('weights/gamma-lite.safetensors');
const GOLDEN = repository('tests/golden/tiny/model.safetensors');

let server: Server;
let browser: Browser;
let app: App;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
  browser = await launchChromium();
});
afterEach(() => app?.close());
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Answers `/status.json` with what `status` holds at that time. */
const statusRoute = (status: { now: unknown }) => (page: Page) =>
  page.route('**/status.json', (route) => route.fulfill({ json: status.now }));

test('weights that cannot be fetched are reported, and fetched at the next try', async () => {
  let missing = true;
  app = await App.open(browser, server, {}, (page) =>
    page.route('**/*.safetensors', (route) =>
      missing ? route.fulfill({ status: 404, body: 'none' }) : route.continue(),
    ),
  );
  const alert = app.page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(/The model could not be loaded.*404[\s\S]*http/);
  await app.screenshot('weights-failed');
  // A photo may come before there is a model; it is scored when there is one.
  await app.choose([sample('dog.jpg')]);
  expect(await app.cards.first().locator('.state').textContent()).toBe('Waiting');
  missing = false;
  await app.button('Try again').click();
  await app.settled(1);
  expect(await app.percents()).toHaveLength(1);
  expect(await alert.count()).toBe(0);
});

test('own weights are used, bad ones refused, and the default model is there to go back to', async () => {
  app = await App.open(browser, server);
  await app.choose([sample('dog.jpg')]);
  await app.settled(1);
  const [before] = await app.percents();
  const picker = app.page.locator('#pick-weights');
  await picker.setInputFiles({ name: 'bad.safetensors', mimeType: '', buffer: Buffer.alloc(1000, 255) });
  const alert = app.page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(/the model and all scores stay as they are[\s\S]*header-too-large/);
  const back = app.button('Back to Gamma-Lite');
  expect(await back.isVisible()).toBe(false);
  expect(await app.percents()).toEqual([before]);
  await picker.setInputFiles({ name: 'own.safetensors', mimeType: '', buffer: readFileSync(MODEL) });
  await back.waitFor();
  expect(await alert.count()).toBe(0);
  await app.settled(1);
  expect(await app.percents()).toEqual([before]);
  expect(await app.page.locator('#model-note').isVisible()).toBe(false);
  await picker.setInputFiles({ name: 'golden.safetensors', mimeType: '', buffer: readFileSync(GOLDEN) });
  await app.page.getByText('This model is untrained: scores mean nothing yet.').waitFor();
  await app.settled(1);
  // It states nothing about photos.
  expect(await app.card('dog.jpg').locator('.spread').textContent()).toMatch(/over 10 crops/);
  await back.click();
  await back.waitFor({ state: 'hidden' });
  await app.settled(1);
  expect(await app.percents()).toEqual([before]);
});

test('while the CPU module is being built the page says so, and starts by itself', async () => {
  const message = 'Compiling: 212 of 340 crates';
  const status = {
    now: { modules: { cpu: 'building', 'cpu-relaxed': 'building', gpu: 'building' }, message } as unknown,
  };
  app = await App.open(browser, server, {}, statusRoute(status));
  await app.page.getByText(message).waitFor();
  await app.choose([sample('dog.jpg')]);
  await app.screenshot('building');
  status.now = { modules: { cpu: 'ready', 'cpu-relaxed': 'ready', gpu: 'building' }, message: '' };
  await app.settled(1);
  expect(await app.percents()).toHaveLength(1);
  await app.page.getByText('The WebGPU module is being built.').waitFor();
});

test('the GPU module is offered when it is there', async () => {
  const status = {
    now: { modules: { cpu: 'ready', 'cpu-relaxed': 'ready', gpu: 'building' }, message: '' } as unknown,
  };
  app = await App.open(browser, server, {}, statusRoute(status));
  await app.page.getByText('The WebGPU module is being built.').waitFor();
  const webgpu = app.page.getByRole('radio', { name: 'WebGPU' });
  expect(await webgpu.isDisabled()).toBe(true);
  status.now = ALL_READY;
  await app.page.getByText('The WebGPU module is ready.').waitFor();
  expect(await webgpu.isDisabled()).toBe(false);
  await app.button('Switch to it').click();
  await app.ready();
  expect(await app.page.getByText('The WebGPU module is ready.').count()).toBe(0);
});

test('a device that is not there is refused in words, and the CPU still works', async () => {
  app = await App.open(browser, server, {}, statusRoute({ now: ALL_READY }));
  await app.ready();
  await app.page.getByText('WebGPU', { exact: true }).click();
  const alert = app.page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(/GPU[\s\S]*device/);
  await app.screenshot('no-webgpu');
  expect(await app.page.locator('#model-line').textContent()).toMatch(/gamma-lite/);
  expect(await app.page.locator('#device input:checked').getAttribute('value')).toBe('auto');
  await app.page.locator('#device').getByText('CPU', { exact: true }).click();
  await alert.waitFor({ state: 'detached' });
  await app.page.locator('#load').waitFor({ state: 'hidden' });
  expect(await app.page.locator('#device input:checked').getAttribute('value')).toBe('cpu');
});

test('a missing module is reported with what the build said', async () => {
  const now = { modules: { cpu: 'failed', 'cpu-relaxed': 'failed', gpu: 'failed' }, message: 'The linker is missing.' };
  app = await App.open(browser, server, {}, async (page) => {
    await statusRoute({ now })(page);
    await page.route('**/pkg/**', (route) => route.fulfill({ status: 404, body: 'none' }));
  });
  const alert = app.page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(/The linker is missing\.\s*module/);
});

test('without a connection scoring goes on', async () => {
  app = await App.open(browser, server);
  await app.ready();
  await app.page.context().setOffline(true);
  await app.page.getByText('You are offline. Scoring goes on').waitFor();
  await app.choose([sample('dog.jpg')]);
  await app.settled(1);
  expect(await app.percents()).toHaveLength(1);
  await app.page.context().setOffline(false);
  await app.page.getByText('You are offline.').waitFor({ state: 'detached' });
});

test('the model is kept on this device, listed with its size, and can be deleted', async () => {
  app = await App.open(browser, server);
  await app.ready();
  expect(await app.page.locator('#model-line').textContent()).toMatch(/kept on this device$/);
  await app.page.getByText('Models kept on this device').click();
  const kept = app.page.locator('#kept-list li');
  expect(await kept.textContent()).toMatch(/gamma-lite\.safetensors . \d+\.\d MB Delete/);
  await app.screenshot('kept');
  // What is kept is enough for another visit.
  await app.page.route('**/*.safetensors', (route) => route.abort());
  await app.page.reload();
  await app.ready();
  await app.page.getByText('Models kept on this device').click();
  await app.button(/^Delete gamma-lite/).click();
  await kept.waitFor({ state: 'detached' });
  expect(app.errors).toEqual([]);
});
