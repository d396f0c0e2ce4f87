export default {
  title: 'Nuxt',
  about: 'nuxt',
  packages: { nuxt: '4.5.2', vue: '3.5.45' },
  node: 24,
  async run({ bin, site }) {
    await bin('nuxt', 'generate');
    return site('.output/public');
  },
};
