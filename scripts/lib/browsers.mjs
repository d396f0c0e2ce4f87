// The browsers of the tests: where they lie on this machine, and how they are installed.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { install, installable } from './debian.mjs';
import { Failure, say } from './say.mjs';

/** A browser: the variable that names its program, names to look for in PATH, other places, the oldest version that the tests can drive, Debian's packages. */
const BROWSERS = {
  chromium: {
    title: 'Chromium',
    variable: 'CHROME',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'],
    places: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    packages: ['chromium'],
  },
  firefox: {
    title: 'Firefox',
    variable: 'FIREFOX',
    names: ['firefox-esr', 'firefox'],
    places: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
    // Playwright asks it for `network.addDataCollector`.
    oldest: 143,
    packages: ['firefox-esr'],
  },
  webkit: {
    title: 'WebKitGTK',
    variable: 'WEBKIT_DRIVER',
    names: ['WebKitWebDriver'],
    places: [],
    packages: ['webkit2gtk-driver', 'xvfb'],
  },
};

/** @typedef {'chromium' | 'firefox' | 'webkit'} BrowserName */

/** The browsers, the one that every test runs in first. */
export const BROWSER_NAMES = /** @type {BrowserName[]} */ (Object.keys(BROWSERS));

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const inPath = (names) =>
  names
    .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
    .find(isExecutable);

/**
 * The program of a browser: the variable `CHROME`, `FIREFOX` or `WEBKIT_DRIVER` where it is set, else what is found. For
 * WebKit it is the program that drives it.
 *
 * @param {BrowserName} name
 * @returns {string | undefined}
 * @throws {Failure} if the variable names nothing that can be run.
 */
export function findBrowser(name) {
  const { variable, names, places } = BROWSERS[name];
  const given = process.env[variable];
  if (given) {
    if (!isExecutable(given)) throw new Failure(`${variable} names ${given}, which cannot be run.`);
    return given;
  }
  return inPath(names) ?? places.find(isExecutable);
}

/**
 * What WebKitWebDriver needs beside itself: MiniBrowser, which lies beside the library, and where there is no display Xvfb.
 *
 * @returns {{ miniBrowser?: string, xvfb?: string }}
 */
export function webkitParts() {
  const folders = ['/usr/lib', '/usr/libexec', ...architectures()];
  const places = ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0'].flatMap((version) =>
    folders.map((folder) => join(folder, version, 'MiniBrowser')),
  );
  return { miniBrowser: places.find(isExecutable), xvfb: inPath(['Xvfb']) };
}

/** Folders of libraries by architecture, such as `/usr/lib/x86_64-linux-gnu`. */
function architectures() {
  if (!existsSync('/usr/lib')) return [];
  return readdirSync('/usr/lib')
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join('/usr/lib', name));
}

/** The main version of a browser's program, 140 of `Mozilla Firefox 140.10.2esr`; undefined if it does not say. */
function versionOf(program) {
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 };
    const version = execFileSync(program, ['--version'], options).match(/ (\d+)\./)?.[1];
    return version && Number(version);
  } catch {
    // What cannot say its version is tried as it is.
    return undefined;
  }
}

/**
 * Why a browser cannot be tested here; undefined if it can.
 *
 * @param {BrowserName} name
 * @returns {string | undefined}
 */
export function whyMissing(name) {
  const { title, variable, oldest, packages } = BROWSERS[name];
  const remedy = `install it (Debian: apt-get install ${packages.join(' ')}) or set ${variable} to its path`;
  const program = findBrowser(name);
  if (program === undefined) return `${title} is not on this machine: ${remedy}.`;
  const version = oldest && versionOf(program);
  if (version < oldest) {
    return `${title} ${version} is too old, ${oldest} is needed: ${remedy}.`;
  }
  if (name !== 'webkit') return undefined;
  const { miniBrowser, xvfb } = webkitParts();
  if (miniBrowser === undefined) return `${title} has no MiniBrowser on this machine: ${remedy}.`;
  if (xvfb === undefined) return `${title} has no Xvfb on this machine: ${remedy}.`;
  return undefined;
}

/** Installs Debian's packages of a browser if it is missing and they can be had. Returns what still keeps it from running. */
async function provide(name) {
  let missing = whyMissing(name);
  const { variable, packages } = BROWSERS[name];
  // What the variable names stays what is tested.
  if (missing !== undefined && !process.env[variable] && (await installable(packages))) {
    try {
      await install(packages);
      missing = whyMissing(name);
    } catch (error) {
      missing = `${missing} Installing it failed: ${error.message}`;
    }
  }
  say(missing === undefined ? `  Browser: ${findBrowser(name)}` : `  ${missing}`);
  return missing;
}

/** The path of a Chromium or Chrome; installs Debian's where none is there. Sets `CHROME` for the tests. */
export async function chromium() {
  const missing = await provide('chromium');
  if (missing !== undefined) {
    throw new Failure(`${missing}\nAll other tests run without: npm test -- --only lint,rust,js`);
  }
  process.env.CHROME = findBrowser('chromium');
  return process.env.CHROME;
}

/** Every browser of the tests. Chromium has to be there; tests are skipped in another one that cannot be had, with the reason. */
export async function allBrowsers() {
  const path = await chromium();
  for (const name of BROWSER_NAMES.slice(1)) await provide(name);
  return path;
}
