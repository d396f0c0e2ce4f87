export default {
  title: 'Vite 7, build',
  about: 'vite',
  packages: { vite: '7.3.8' },
  async run({ bin, site }) {
    await bin('vite', 'build');
    return site('dist');
  },
};
