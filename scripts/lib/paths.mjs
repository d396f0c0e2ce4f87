// Where things lie.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** What npm publishes. */
export const PKG = join(ROOT, 'pkg');

/** Cargo's target directory: `CARGO_TARGET_DIR` where it is set, so that compiled dependencies outlive a checkout. */
export const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target');

/** Reports, screenshots and the state of the build; always inside the checkout. */
export const REPORTS = join(ROOT, 'target');

export const inRoot = (...parts) => join(ROOT, ...parts);

export const readText = (...parts) => readFileSync(inRoot(...parts), 'utf8');

/** The value of `key = "..."` at the beginning of a line of Cargo.toml. */
export function cargoField(key) {
  const value = readText('Cargo.toml').match(new RegExp(`^${key} *= *"([^"]+)"`, 'm'))?.[1];
  if (value === undefined) throw new Error(`Cargo.toml has no ${key}`);
  return value;
}

/** The version of a crate in a Cargo.lock, or undefined. */
export function lockedVersion(lock, crate) {
  return lock.match(new RegExp(`^name = "${crate}"\\r?\\nversion = "([^"]+)"`, 'm'))?.[1];
}

/** Whether dotted version `a` is at least `b`. */
export function atLeast(a, b) {
  const numbers = (text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < right.length; i++) {
    if ((left[i] ?? 0) !== right[i]) return (left[i] ?? 0) > right[i];
  }
  return true;
}
