export default {
  title: 'Next.js 16, Turbopack, dev',
  about: 'next',
  packages: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  async run({ start, page, expectText }) {
    const { url, html } = await start('next', 'dev', '--port', 'PORT', '--hostname', '127.0.0.1');
    expectText(html, 'rendered on the server');
    return page(url);
  },
};
