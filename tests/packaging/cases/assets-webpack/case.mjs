export default {
  title: 'webpack 5, files of the package by new URL',
  about: 'webpack',
  packages: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
  async run({ bin, copy, site }) {
    await bin('webpack', './main.js', '--mode', 'production');
    copy('index.html', 'dist/index.html');
    return site('dist');
  },
};
