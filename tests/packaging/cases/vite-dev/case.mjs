export default {
  title: 'Vite 8, dev: first visit, second visit',
  about: 'vite',
  packages: { vite: '8.4.0' },
  quick: true,
  async run({ start, page, checkOutput }) {
    const { url, output } = await start('vite', '--host', '127.0.0.1', '--port', 'PORT', '--strictPort');
    await page(url);
    await page(url);
    checkOutput(output());
  },
};
