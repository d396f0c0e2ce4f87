// Debian's packages, for what is missing on the machine.
import { networkInterfaces } from 'node:os';
import { capture, run } from './run.mjs';
import { say } from './say.mjs';

/** Whether the machine has a network at all. Without one, nothing is tried that would only run into a time-out. */
export function online() {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some((address) => !address.internal));
}

let privilege;

/** How to run apt-get: `[]` as root, `['sudo', '-n']` with sudo that asks for no password; undefined where neither is there. */
export async function aptPrefix() {
  privilege ??= (async () => {
    if ((await capture('apt-get', ['--version'])).code !== 0) return undefined;
    if (process.getuid?.() === 0) return [];
    return (await capture('sudo', ['-n', 'true'], { timeout: 5000 })).code === 0 ? ['sudo', '-n'] : undefined;
  })();
  return privilege;
}

/** Whether all these packages are installed. */
export async function installed(packages) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in.
  const { code, stdout } = await capture('dpkg-query', ['-W', '-f', '${Status}\n', ...packages]);
  return (
    code === 0 &&
    stdout
      .trim()
      .split('\n')
      .every((line) => line === 'install ok installed')
  );
}

async function candidate(name) {
  const { stdout } = await capture('apt-cache', ['policy', name]);
  const version = stdout.match(/Candidate: (\S+)/)?.[1];
  return version === '(none)' ? undefined : version;
}

let updated = false;

async function apt(...args) {
  const [command, ...rest] = [...(await aptPrefix()), 'apt-get', '-y', '-q', '-o', 'Acquire::Retries=2', ...args];
  await run(command, rest, { quiet: true, env: { DEBIAN_FRONTEND: 'noninteractive' } });
}

async function update() {
  if (updated) return;
  say('  apt-get update');
  await apt('update');
  updated = true;
}

/** Whether apt-get can install these packages here. Updates the list of packages if it knows one of them not. */
export async function installable(packages) {
  if (!online() || (await aptPrefix()) === undefined) return false;
  const known = async () => (await Promise.all(packages.map(candidate))).every(Boolean);
  if (await known()) return true;
  try {
    await update();
  } catch {
    return false;
  }
  return known();
}

/** Installs the newest packages: a machine's list of them can be as old as its image, so it is updated first. */
export async function install(packages) {
  // A list that cannot be updated may still do.
  await update().catch((error) => say(`  ${error.message}`));
  say(`  apt-get install ${packages.join(' ')}`);
  await apt('install', '--no-install-recommends', ...packages);
}

/** The newest `lld-N` package that apt knows, for example `lld-22`. */
export async function newestLld() {
  const { stdout } = await capture('apt-cache', ['search', '--names-only', '^lld-[0-9]+$']);
  const numbers = [...stdout.matchAll(/^lld-(\d+) /gm)].map((match) => Number(match[1]));
  return numbers.length > 0 ? `lld-${Math.max(...numbers)}` : undefined;
}
