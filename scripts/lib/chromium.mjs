// A Chromium for the browser tests.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { install, installable } from './debian.mjs';
import { Failure, say } from './say.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

function find() {
  const given = process.env.CHROME;
  if (given) {
    if (!existsSync(given)) throw new Failure(`CHROME names ${given}, which is not there.`);
    return given;
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...candidates, ...APPLICATIONS].find((path) => existsSync(path));
}

/** The path of a Chromium or Chrome; installs Debian's where none is there. Sets `CHROME` for the tests. */
export async function chromium() {
  let path = find();
  if (path === undefined && (await installable(['chromium']))) {
    await install(['chromium']);
    path = find();
  }
  if (path === undefined) {
    throw new Failure(
      'The browser tests need Chromium or Chrome: install one, or set CHROME to its path.\n' +
        'All other tests run without: npm test -- --only lint,rust,js',
    );
  }
  process.env.CHROME = path;
  say(`  Browser: ${path}`);
  return path;
}
