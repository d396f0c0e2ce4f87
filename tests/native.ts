// The native side of a test: the command and the examples as the Rust tests build them, so that nothing is compiled twice.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILT = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug');

let built = false;

function run(file: string, args: readonly string[]): string {
  return execFileSync(file, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
}

const EXAMPLES = ['decode', 'raw_files'].flatMap((name) => ['--example', name]);

/** All at once: without an example cargo would leave out what only tests depend on, and compile another library. */
function build(): void {
  if (!built) run('cargo', ['build', '--quiet', '--features', 'listen', '--bin', 'gamma', ...EXAMPLES]);
  built = true;
}

/** Runs the command `gamma` and returns what it printed. */
export function gammaCommand(...args: string[]): string {
  build();
  return run(join(BUILT, 'gamma'), args);
}

/** Writes RAW files of each layout into `folder`, with `sensor` bytes of the sensor's data in each. */
export function writeRawFiles(folder: string, sensor: number): void {
  build();
  run(join(BUILT, 'examples', 'raw_files'), [folder, String(sensor)]);
}

/** What the decoder makes of each file: a line of JSON for each. */
export function decodeNatively(paths: readonly string[]): string {
  build();
  return run(join(BUILT, 'examples', 'decode'), paths);
}
