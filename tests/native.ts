// The native side of a test: what `cargo run` builds, with the features of the Rust tests, so that nothing is compiled twice.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs `cargo run` with these arguments, such as `--bin gamma -- score`, and returns what it printed. */
export function cargoRun(...args: string[]): string {
  return execFileSync('cargo', ['run', '--quiet', '--features', 'listen', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
