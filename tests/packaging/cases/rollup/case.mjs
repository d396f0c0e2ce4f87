export default {
  title: 'Rollup 4, recipe of docs/javascript.md, worker and modules on another origin',
  about: 'rollup',
  packages: { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3' },
  async run({ bin, copy, serve, page }) {
    await bin('rollup', 'main.js', '--plugin', 'node-resolve', '--format', 'es', '--file', 'dist/main.js');
    copy('index.html', 'dist/index.html');
    const cdn = await serve('node_modules/gamma-wasm', { headers: { 'access-control-allow-origin': '*' } });
    const { url } = await serve('dist');
    await page(`${url}?cdn=${cdn.url}`);
  },
};
