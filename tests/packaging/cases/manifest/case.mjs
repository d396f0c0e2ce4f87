import { statSync } from 'node:fs';
import { Failure } from '../../../../scripts/lib/say.mjs';
import { TARBALL_BUDGET } from '../../../../scripts/lib/size.mjs';

export default {
  title: 'publint, are-the-types-wrong, size of the tarball',
  about: 'publint',
  packages: { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' },
  quick: true,
  passes: 'clean',
  async run({ bin, tarball }) {
    const { size } = statSync(tarball);
    if (size > TARBALL_BUDGET)
      throw new Failure(`the tarball has ${size} bytes; at most ${TARBALL_BUDGET} are allowed`);
    const said = await bin('publint', 'run', 'node_modules/gamma-wasm', '--strict', '--pack', 'false');
    if (!said.includes('All good!')) throw new Failure(said);
    // The package is for `import` alone; CommonJS has it by `await import()`, and by `require` from Node 20.19 on.
    await bin('attw', tarball, '--profile', 'esm-only', '--no-emoji');
  },
};
