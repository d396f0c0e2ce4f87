// The scores that are right: those of a page that imports the unpacked package as it is.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { Failure } from '../../../scripts/lib/say.mjs';
import { open } from './browser.mjs';
import { caseContext } from './context.mjs';

/** Scores by the module that computed them: the one that this Chromium takes, and `cpu`, which older runtimes take. */
export async function referenceScores(tarball) {
  const source = inRoot('tests/packaging/cases/plain');
  const context = await caseContext({ definition: {}, source, tarball });
  try {
    cpSync(inRoot('tests/packaging/lib/report.js'), join(context.folder, 'report.js'));
    const results = [];
    for (const hidden of [undefined, (path) => /\/cpu-(relaxed|threads)\//.test(path)]) {
      const server = await context.serve('.', { hidden });
      const result = await open(server.url);
      if (result.error)
        throw new Failure(`The plain page does not score: ${result.error}\n${result.complaints.join('\n')}`);
      results.push([result.module, result.scores]);
    }
    return Object.fromEntries(results);
  } finally {
    await context.end();
  }
}
