const SYSTEM = process.platform === 'win32' ? 'windows' : process.platform;
const BINARY = `@oven/bun-${SYSTEM}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;

export default {
  title: 'Bun',
  about: BINARY,
  packages: { [BINARY]: '1.4.4' },
  // JavaScriptCore rounds twice where relaxed SIMD may round once, as the module `cpu` does everywhere.
  scoresOf: 'cpu',
  async run({ folder, program }) {
    await program(`${folder}/node_modules/${BINARY}/bin/bun`, 'main.js');
  },
};
