export default {
  title: 'Vite 8, files of the package by ?url',
  about: 'vite',
  packages: { vite: '8.3.8' },
  async run({ bin, site }) {
    await bin('vite', 'build');
    return site('dist');
  },
};
