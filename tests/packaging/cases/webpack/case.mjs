export default {
  title: 'webpack 5',
  about: 'webpack',
  packages: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
  quick: true,
  async run({ bin, copy, site }) {
    await bin('webpack', '--mode', 'production');
    copy('index.html', 'dist/index.html');
    return site('dist');
  },
};
