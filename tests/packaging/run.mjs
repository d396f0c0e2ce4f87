// npm run test:packaging [-- --quick] [-- --only webpack,next-build] [--keep]: the packed package as its users have it, in every bundler
// and runtime. A case is a folder of cases/ with a case.mjs; docs/development.md tells how to add one.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { duration, elapsed, Failure, main, say } from '../../scripts/lib/say.mjs';
import { closeBrowser } from './lib/browser.mjs';
import { caseContext } from './lib/context.mjs';
import { packageFolder } from './lib/install.mjs';
import { pack } from './lib/pack.mjs';
import { referenceScores } from './lib/reference.mjs';

const CASES = inRoot('tests/packaging/cases');

async function definitions({ quick, only }) {
  const names = readdirSync(CASES).sort();
  const unknown = (only ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Failure(`There is no case ${unknown.join(', ')}: choose among ${names.join(', ')}.`);
  const all = await Promise.all(
    names.map(async (name) => ({ name, ...(await import(`./cases/${name}/case.mjs`)).default })),
  );
  if (only) return all.filter(({ name }) => only.includes(name));
  return quick ? all.filter((one) => one.quick) : all;
}

/** What is tried: the version of the package that the case is about. */
async function versionOf({ about, packages = {}, version }) {
  if (!about) return version ?? '';
  const manifest = join(await packageFolder(packages, about), 'package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

/** Files that every case finds in its folder. */
function fillIn(folder) {
  for (const to of ['report.js', 'src/report.js', 'app/report.js']) {
    if (to === 'report.js' || existsSync(join(folder, to, '..'))) {
      cpSync(inRoot('tests/packaging/lib/report.js'), join(folder, to));
    }
  }
}

async function perform(definition, tarball, reference, keep) {
  const begin = performance.now();
  const result = {
    name: definition.name,
    title: definition.title,
    passes: definition.passes ?? 'same bits',
    version: '',
    note: '',
    ok: false,
  };
  let context;
  try {
    result.version = await versionOf(definition);
    context = await caseContext({ definition, source: join(CASES, definition.name), tarball, reference });
    fillIn(context.folder);
    const weight = await definition.run(context);
    result.weight = weight;
    if (keep && weight) console.log(weight.list);
    result.ok = true;
  } catch (error) {
    result.note = error instanceof Failure ? error.message : error.stack;
  } finally {
    await context?.end(keep);
    if (keep && context) say(`  kept: ${context.folder}`);
  }
  result.took = performance.now() - begin;
  return result;
}

const kB = (bytes) => `${Math.round(bytes / 1000)} kB`;

function table(results) {
  const rows = [
    ['case', 'version', 'time', 'result', 'downloads (brotli)'],
    ...results.map(({ title, version, took, ok, passes, weight }) => [
      title,
      version,
      duration(took),
      ok ? passes : 'FAILED',
      weight ? `${weight.files} files, ${kB(weight.raw)} (${kB(weight.brotli)})` : '',
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}

await main(async () => {
  const { values } = optionsOf({
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, keep: { type: 'boolean' } },
  });
  const chosen = await definitions({ quick: values.quick, only: values.only?.split(',') });
  const folder = mkdtempSync(join(tmpdir(), 'gamma-tarball-'));
  const results = [];
  try {
    const tarball = await pack(folder);
    const reference = await referenceScores(tarball.path);
    for (const [module, scores] of Object.entries(reference))
      say(`The plain page scores by ${module}: ${scores.join(' ')}`);
    for (const definition of chosen) {
      const result = await perform(definition, tarball.path, reference, values.keep);
      results.push(result);
      say(`${result.ok ? 'ok' : 'FAILED'}: ${result.title} ${result.version}, ${duration(result.took)}`);
      if (!result.ok) say(result.note.replace(/^/gm, '  '));
    }
  } finally {
    await closeBrowser();
    rmSync(folder, { recursive: true, force: true });
  }
  say('');
  table(results);
  const failed = results.filter(({ ok }) => !ok).length;
  say(`\n${results.length} cases after ${duration(elapsed())}`);
  say(`${results.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
});
