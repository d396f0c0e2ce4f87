// What the engines' tests and measurements need: Ray, Spark, Java, the wheel, the recipes of docs/scale.md, made photos.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { install, installable } from '../../scripts/lib/debian.mjs';
import { inRoot, TARGET } from '../../scripts/lib/paths.mjs';
import { capture, run } from '../../scripts/lib/run.mjs';
import { Failure, step } from '../../scripts/lib/say.mjs';
import { Environment } from '../../scripts/lib/venv.mjs';
import { buildWheel } from '../../scripts/wheel.mjs';

const PACKAGES = ['ray[data]>=2.50,<3', 'pyspark>=4,<5', 'pandas', 'pillow'];
const JAVA = ['openjdk-17-jre-headless', 'default-jre-headless'];

/** Where all of it lies. */
export const FOLDER = join(TARGET, 'engines');

async function java() {
  if ((await capture('java', ['-version'])).code === 0) return;
  for (const name of JAVA) if (await installable([name])) return install([name]);
  throw new Failure('Spark needs Java, and apt-get has none.');
}

/** An environment with the engines and the wheel; the one at `wheel`, or one that is built. */
export async function environmentOf(wheel) {
  mkdirSync(FOLDER, { recursive: true });
  const environment = new Environment('engines', 'venv');
  await environment.make({ keep: true });
  await step('Ray, Spark', () => environment.install(...PACKAGES));
  await java();
  const file = wheel === undefined ? await buildWheel() : resolve(wheel);
  await environment.install('--force-reinstall', '--no-deps', file);
  return environment;
}

/** Writes the recipes of docs/scale.md into `folder`, by the names in their first lines, as `change` makes them; gives their names. */
export function writeRecipes(folder, change = (code) => code) {
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(inRoot('docs/scale.md'), 'utf8');
  const recipes = [...text.matchAll(/```\w+\n(# (score_\w+\.(?:py|sh)) .*?)```/gs)];
  for (const [, code, name] of recipes) writeFileSync(join(folder, name), change(code));
  return recipes.map(([, , name]) => name);
}

/** Makes `count` photos, and shards of them (`some` of each kind, or one that is `parquet`), in a folder whose path it gives. */
export async function madePhotos(environment, name, count, shards = 'some') {
  const made = join(FOLDER, name);
  const args = [inRoot('tests/engines/photos.py'), made, String(count), shards];
  await step(`${count} photos`, () => run(environment.program('python'), args));
  return made;
}
