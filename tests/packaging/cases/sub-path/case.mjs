export default {
  title: 'Vite 8, build below /sub/dir/',
  about: 'vite',
  packages: { vite: '8.4.0' },
  async run({ bin, site }) {
    await bin('vite', 'build', '--base', '/sub/dir/');
    return site('dist', { base: '/sub/dir/' });
  },
};
