// npm run build [-- [--debug] cpu | cpu-relaxed | gpu | js ...]: builds the npm package in pkg/. Without a name, all of it.
// With --debug the modules know the names of their functions, check for overflow, and tell panics to the console.
import { buildModule, KINDS } from './lib/modules.mjs';
import { buildPackage } from './lib/package.mjs';
import { duration, elapsed, Failure, main, say } from './lib/say.mjs';
import { Status } from './lib/status.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  const words = process.argv.slice(2);
  const debug = words.includes('--debug');
  const names = words.filter((word) => word !== '--debug');
  const unknown = names.filter((name) => name !== 'js' && !KINDS.includes(name));
  if (unknown.length > 0) throw new Failure(`There is no ${unknown.join(', ')}: choose among ${KINDS.join(', ')}, js.`);
  const kinds = names.length === 0 ? KINDS : KINDS.filter((kind) => names.includes(kind));
  const ready = await setup({ wasm: kinds.length > 0 });
  await buildPackage();
  const status = new Status(KINDS, kinds);
  try {
    for (const kind of kinds) {
      status.set(kind, 'building', `Building the ${kind} module.`);
      await buildModule(kind, { ...ready, debug });
      status.set(kind, 'ready');
    }
  } catch (error) {
    status.close('The build failed: see the terminal.');
    throw error;
  }
  say(`Built in ${duration(elapsed())}: pkg/`);
});
