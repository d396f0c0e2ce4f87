export default defineNuxtConfig({
  telemetry: false,
  hooks: {
    // docs/javascript.md: without it Nuxt prefetches every file that a script names.
    'build:manifest': (manifest) => {
      for (const asset of Object.values(manifest)) {
        if (/gamma|clip_merges/.test(asset.file)) asset.prefetch = asset.preload = false;
      }
    },
  },
  app: { head: { link: [{ rel: 'icon', href: 'data:,' }] } },
});
