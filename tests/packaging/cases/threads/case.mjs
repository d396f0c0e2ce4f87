const HEADERS = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export default {
  title: 'webpack 5, isolated page: threads',
  about: 'webpack',
  packages: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
  // Threads change no bit.
  scoresOf: 'cpu-relaxed',
  async run({ bin, copy, serve, result, check }) {
    await bin('webpack', './main.js', '--mode', 'production');
    copy('index.html', 'dist/index.html');
    const { url } = await serve('dist', { headers: HEADERS });
    const { workers, ...scored } = await result(url);
    check(scored);
    // One for the engine and two helpers of it.
    if (scored.module !== 'cpu-threads' || workers !== 3) {
      throw new Error(`the module ${scored.module} with ${workers} workers; cpu-threads with 3 were expected`);
    }
  },
};
