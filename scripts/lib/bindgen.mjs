// The JavaScript glue generator, compiled from tools/wasm-bindgen.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, lockedVersion, TARGET } from './paths.mjs';
import { run } from './run.mjs';
import { Failure } from './say.mjs';

const CRATE_LOCK = inRoot('Cargo.lock');
const TOOL_LOCK = inRoot('tools/wasm-bindgen/Cargo.lock');
const EXECUTABLE = join(TARGET, 'tools/release', `gamma-wasm-bindgen${process.platform === 'win32' ? '.exe' : ''}`);

/** The version of wasm-bindgen in both lock files; a {@link Failure} if they differ, since the glue would not fit the module. */
export function bindgenVersion() {
  const tool = lockedVersion(readFileSync(TOOL_LOCK, 'utf8'), 'wasm-bindgen-cli-support');
  const crate = existsSync(CRATE_LOCK) ? lockedVersion(readFileSync(CRATE_LOCK, 'utf8'), 'wasm-bindgen') : tool;
  if (tool === undefined || crate !== tool) {
    throw new Failure(
      `wasm-bindgen is ${crate} in Cargo.lock and ${tool} in tools/wasm-bindgen/Cargo.lock. They have to be equal:\n` +
        `set wasm-bindgen-cli-support = "=${crate}" in tools/wasm-bindgen/Cargo.toml and run cargo update there.`,
    );
  }
  return tool;
}

/** Compiles the generator (cargo does nothing if it is up to date) and returns its path. */
export async function bindgen() {
  bindgenVersion();
  const args = ['build', '--release', '--locked', '--manifest-path', inRoot('tools/wasm-bindgen/Cargo.toml')];
  await run('cargo', [...args, '--target-dir', join(TARGET, 'tools')], { quiet: true, env: { RUSTFLAGS: '' } });
  return EXECUTABLE;
}
