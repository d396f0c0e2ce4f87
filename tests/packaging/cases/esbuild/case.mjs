import { Failure } from '../../../../scripts/lib/say.mjs';

export default {
  title: 'esbuild 0.28, recipe of docs/javascript.md',
  about: 'esbuild',
  packages: { esbuild: '0.28.2' },
  quick: true,
  async run({ bin, copy, serve, result, page, site }) {
    await bin('esbuild', 'main.js', '--bundle', '--minify', '--format=esm', '--outfile=dist/main.js');
    copy('index.html', 'dist/index.html');
    const { url } = await serve('dist');
    const { error = 'no error' } = await result(url);
    const telling = ['worker: ', 'gamma-wasm', 'Gamma.load({ worker:', 'docs/javascript.md'];
    if (!telling.every((part) => error.includes(part))) throw new Failure(`without a worker the page says: ${error}`);
    copy('node_modules/gamma-wasm/worker.js', 'dist/gamma/worker.js');
    copy('node_modules/gamma-wasm/wasm', 'dist/gamma/wasm');
    const weight = await site('dist');
    // A script that is no module knows no address of its own, and needs none.
    const silent = '--log-override:empty-import-meta=silent';
    await bin('esbuild', 'main.js', '--bundle', '--format=iife', silent, '--outfile=dist/main.js');
    await page(url);
    return weight;
  },
};
