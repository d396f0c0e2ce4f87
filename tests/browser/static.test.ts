import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { App } from './app.ts';
import { launchChromium } from './chromium.ts';
import { repository, requireModules } from './server.ts';

const MIME: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

let folder: string;
let host: HttpServer;
let browser: Browser;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  folder = mkdtempSync(join(tmpdir(), 'gamma-static-'));
  await build({ configFile: repository('www/vite.config.ts'), logLevel: 'silent', build: { outDir: folder } });
  host = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = join(folder, pathname.replace(/^\/some\/folder\//, '').replace(/^$/, 'index.html'));
    if (!pathname.startsWith('/some/folder/') || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', MIME[extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  host?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('the built page works in any folder of a plain static host', async () => {
  const { port } = host.address() as AddressInfo;
  const app = await App.open(browser, { url: `http://127.0.0.1:${port}/some/folder/`, close: async () => {} });
  await app.button('Try the samples').click();
  await app.settled(6);
  expect(await app.percents()).toHaveLength(6);
  expect(app.errors).toEqual([]);
  await app.close();
});
