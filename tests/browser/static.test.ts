import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveFolders } from '../../scripts/lib/serve.mjs';
import { App } from './app.ts';
import { launchChromium } from './chromium.ts';
import { repository } from './repository.ts';
import { requireModules } from './server.ts';

let folder: string;
let host: Awaited<ReturnType<typeof serveFolders>>;
let browser: Browser;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  folder = mkdtempSync(join(tmpdir(), 'gamma-static-'));
  await build({ configFile: repository('www/vite.config.ts'), logLevel: 'silent', build: { outDir: folder } });
  host = await serveFolders({ 'some/folder': folder }, { headers: {} });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('the built page works in any folder of a plain static host', async () => {
  const app = await App.open(browser, { url: `${host.url}some/folder/`, close: async () => {} });
  await app.button('Try the samples').click();
  await app.settled(6);
  expect(await app.percents()).toHaveLength(6);
  expect(app.errors).toEqual([]);
  await app.close();
});
