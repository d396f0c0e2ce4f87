export default {
  title: 'SvelteKit',
  about: '@sveltejs/kit',
  packages: {
    '@sveltejs/kit': '3.2.0',
    '@sveltejs/adapter-static': '4.0.1',
    '@sveltejs/vite-plugin-svelte': '7.3.1',
    svelte: '5.57.3',
    vite: '8.4.0',
  },
  node: 24,
  async run({ bin, site }) {
    await bin('vite', 'build');
    return site('build');
  },
};
