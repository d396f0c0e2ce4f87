export default {
  title: 'Vite 8, build',
  about: 'vite',
  packages: { vite: '8.4.0' },
  async run({ bin, site }) {
    await bin('vite', 'build');
    return site('dist');
  },
};
