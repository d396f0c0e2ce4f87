export default {
  title: 'Astro',
  about: 'astro',
  packages: { astro: '7.3.5' },
  node: 24,
  async run({ bin, site }) {
    await bin('astro', 'build');
    return site('dist');
  },
};
