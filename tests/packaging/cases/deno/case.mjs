const BINARY = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`;

export default {
  title: 'Deno',
  about: BINARY,
  packages: { [BINARY]: '2.9.6' },
  async run({ folder, program }) {
    await program(
      `${folder}/node_modules/${BINARY}/deno`,
      'run',
      '--allow-all',
      '--node-modules-dir=manual',
      'main.js',
    );
  },
};
