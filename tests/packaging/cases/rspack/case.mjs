export default {
  title: 'Rspack 2',
  about: '@rspack/core',
  packages: { '@rspack/core': '2.3.3', '@rspack/cli': '2.2.8' },
  async run({ bin, copy, site }) {
    await bin('rspack', 'build', '--mode', 'production');
    copy('index.html', 'dist/index.html');
    return site('dist');
  },
};
