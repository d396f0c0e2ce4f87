// npm run build:wheel: the Python wheel, in target/python/wheels/. maturin comes from PyPI, into an environment of its own.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRoot, TARGET } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { Failure, main, say, step } from './lib/say.mjs';
import { Environment } from './lib/venv.mjs';

const MATURIN = 'maturin>=1.9,<2';
/** What a wheel may weigh, in bytes. */
const MOST = 15e6;
/** Of its own: without training the command has other features, and would take the place of the one in target/release. */
const BUILT = join(TARGET, 'wheel');

/** Builds the wheel and gives its path. */
export async function buildWheel() {
  const environment = new Environment('python', 'build');
  await environment.make({ keep: true });
  await environment.install(MATURIN);
  const wheels = join(TARGET, 'python', 'wheels');
  rmSync(wheels, { recursive: true, force: true });
  const args = ['build', '--release', '--locked', '--out', wheels];
  await step('Python wheel', () =>
    run(environment.program('maturin'), args, { cwd: inRoot('python'), env: { CARGO_TARGET_DIR: BUILT } }),
  );
  const name = readdirSync(wheels).find((file) => file.endsWith('.whl'));
  const path = join(wheels, name);
  const { size } = statSync(path);
  say(`${path}: ${(size / 1e6).toFixed(2)} MB`);
  if (size > MOST) throw new Failure(`The wheel may have ${MOST / 1e6} MB.`);
  return path;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(async () => void (await buildWheel()));
