export default {
  title: 'Vite 7, dev, recipe of docs/javascript.md',
  about: 'vite',
  packages: { vite: '7.3.8' },
  async run({ start, page, checkOutput }) {
    const { url, output } = await start('vite', '--host', '127.0.0.1', '--port', 'PORT', '--strictPort');
    await page(url);
    await page(url);
    checkOutput(output());
  },
};
