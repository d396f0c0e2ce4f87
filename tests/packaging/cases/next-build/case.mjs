export default {
  title: 'Next.js 16, Turbopack, build',
  about: 'next',
  packages: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  quick: true,
  async run({ bin, start, siteOf, expectText }) {
    await bin('next', 'build');
    const { url, html } = await start('next', 'start', '--port', 'PORT', '--hostname', '127.0.0.1');
    expectText(html, 'rendered on the server');
    return siteOf(url);
  },
};
