import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { ISOLATION } from '../scripts/lib/serve.mjs';
import { gammaFiles } from './serve.ts';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The photo page, and one for each further entry of the package. */
const PAGES = ['index', 'filter', 'score', 'upload'];

export default defineConfig({
  root: folder('.'),
  base: './',
  publicDir: false,
  cacheDir: folder('../target/vite'),
  plugins: [gammaFiles()],
  server: { headers: ISOLATION, port: 5173 },
  preview: { headers: ISOLATION },
  build: {
    outDir: folder('../target/page'),
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: { input: PAGES.map((page) => folder(`./${page}.html`)) },
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
