export default {
  title: 'script type=module from another origin',
  async run({ serve, page }) {
    const cdn = await serve('node_modules', { headers: { 'access-control-allow-origin': '*' } });
    const site = await serve('.', { hidden: (path) => path.includes('node_modules') });
    await page(`${site.url}?cdn=${cdn.url}`);
  },
};
