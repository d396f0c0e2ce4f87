// The two programs that compute on this machine's own GPU: the command by burn-wgpu, and an example of modules/ by our shaders. Both stand
// in one slot of burn, so no one program has both.
import { join } from 'node:path';
import { inRoot, TARGET } from './paths.mjs';
import { run } from './run.mjs';
import { step } from './say.mjs';

/** Features of dependencies as the tests have them: what `npm run test:gpu` and `cargo test` have compiled serves again. */
const folder = (release) => join(TARGET, release ? 'release' : 'debug');

async function build(release, title, args) {
  await step(title, () => run('cargo', ['build', '-q', ...(release ? ['--release'] : []), ...args]));
}

/** Builds the command `gamma` with burn-wgpu, which takes minutes, and gives its path. */
export async function commandOnGpu({ release = false } = {}) {
  const test = release ? [] : ['--test', 'gpu'];
  await build(release, 'gamma by burn-wgpu', ['--features', 'wgpu', '--bin', 'gamma', ...test]);
  return join(folder(release), 'gamma');
}

/** Builds an example of modules/ with our shaders and gives its path. */
export async function shadersOnGpu(example, { release = false } = {}) {
  const modules = ['--manifest-path', inRoot('modules/Cargo.toml'), '--target-dir', TARGET];
  await build(release, `our shaders, ${example}`, [...modules, '--features', 'native-gpu', '--example', example]);
  return join(folder(release), 'examples', example);
}
