// Rust for this machine and Rust for wasm32-unknown-unknown. Chosen by looking at what is there.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { install, installable, installed, newestLld, online } from './debian.mjs';
import { atLeast, cargoField, TARGET } from './paths.mjs';
import { capture } from './run.mjs';
import { Failure, say } from './say.mjs';

const TRIPLE = 'wasm32-unknown-unknown';
const DEBIAN_RUST = ['rustc-web', 'cargo-web', 'rust-web-src'];

const rustcVersion = async (rustc, env) =>
  (await capture(rustc, ['--version'], { env })).stdout.match(/^rustc (\d+\.\d+\.\d+)/)?.[1];

/** Checks cargo, rustc and a C linker for native builds; installs the linker on Debian if it is missing. */
export async function nativeToolchain() {
  const wanted = cargoField('rust-version');
  const home = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin');
  if ((await capture('cargo', ['--version'])).code === 127 && existsSync(home)) {
    process.env.PATH = home + delimiter + process.env.PATH;
  }
  const version = await rustcVersion('rustc');
  if (version === undefined || (await capture('cargo', ['--version'])).code !== 0) {
    throw new Failure(`Rust is missing. Install Rust ${wanted} or newer with rustup, then run this again.`);
  }
  if (!atLeast(version, wanted)) {
    throw new Failure(`Rust ${version} is too old, ${wanted} or newer is needed: rustup update stable`);
  }
  if (process.platform === 'linux' && (await capture('cc', ['--version'])).code !== 0) {
    const packages = ['gcc', 'libc6-dev'];
    if (!(await installable(packages))) throw new Failure('A C linker (cc) is missing: install gcc or clang.');
    await install(packages);
  }
  say(`  Rust ${version}`);
}

/** Whether this rustc can compile and link for the browser. Tried out, since a target may be there without its linker. */
async function compiles(rustc, env) {
  const folder = join(TARGET, 'setup');
  mkdirSync(folder, { recursive: true });
  const source = join(folder, 'probe.rs');
  writeFileSync(source, '#[unsafe(no_mangle)]\npub extern "C" fn probe() {}\n');
  const args = [
    '--target',
    TRIPLE,
    '--edition',
    '2024',
    '--crate-type',
    'cdylib',
    '-o',
    join(folder, 'probe.wasm'),
    source,
  ];
  return (await capture(rustc, args, { env })).code === 0;
}

const hasTarget = async () => {
  const sysroot = (await capture('rustc', ['--print', 'sysroot'])).stdout.trim();
  return existsSync(join(sysroot, 'lib/rustlib', TRIPLE, 'lib'));
};

/** The target is installed in the Rust that is there: plain cargo does it. */
async function plain() {
  if (!(await hasTarget()) || !(await compiles('rustc'))) return undefined;
  return { name: `cargo with the ${TRIPLE} target`, cargo: 'cargo', args: [], env: {}, rustc: 'rustc' };
}

async function addTarget() {
  if (!online() || (await capture('rustup', ['--version'])).code !== 0) return undefined;
  say(`  rustup target add ${TRIPLE}`);
  // A server that cannot be reached must not hold up the other ways; a slow download that has begun may go on.
  const options = { timeout: 20_000, proof: /downloading component/ };
  const { code, timedOut, stderr } = await capture('rustup', ['target', 'add', TRIPLE], options);
  if (code === 0) return plain();
  const reason = timedOut ? 'no answer within 20 s' : (stderr.trim().split('\n').at(-1) ?? '');
  say(`  rustup could not add it (${reason})`);
  return undefined;
}

/** Debian's second Rust, which is new enough and brings the sources of the standard library, with LLVM's linker. */
async function debian() {
  if (!existsSync('/usr/bin/cargo') || !(await installed(DEBIAN_RUST))) return undefined;
  const linkers = readdirSync('/usr/bin').map((name) => name.match(/^wasm-ld-(\d+)$/)?.[1]);
  const linker = Math.max(0, ...linkers.filter(Boolean).map(Number));
  if (linker === 0) return undefined;
  const env = {
    RUSTC: '/usr/bin/rustc',
    RUSTC_BOOTSTRAP: '1',
    PATH: `/usr/bin${delimiter}${process.env.PATH}`,
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: `wasm-ld-${linker}`,
  };
  const version = await rustcVersion('/usr/bin/rustc', env);
  if (version === undefined || !atLeast(version, cargoField('rust-version'))) return undefined;
  return {
    name: `Debian's Rust ${version}, building the standard library`,
    cargo: '/usr/bin/cargo',
    args: ['-Z', 'build-std=std,panic_abort'],
    env,
    rustc: '/usr/bin/rustc',
  };
}

async function installDebian() {
  if (!(await installable(DEBIAN_RUST))) return undefined;
  const lld = await newestLld();
  if (lld === undefined) return undefined;
  await install([...DEBIAN_RUST, lld]);
  return debian();
}

/**
 * The Rust that builds the modules: `{ name, cargo, args, env, rustc }`. What is installed comes first, then what can be.
 */
export async function wasmToolchain() {
  for (const way of [plain, debian, addTarget, installDebian]) {
    const toolchain = await way();
    if (toolchain === undefined) continue;
    say(`  WebAssembly: ${toolchain.name}`);
    return toolchain;
  }
  throw new Failure(
    `No Rust here can build for ${TRIPLE}, and none could be installed. One of these helps:\n` +
      `  with rustup and a network:  rustup target add ${TRIPLE}\n` +
      `  on Debian, as root:         apt-get install ${DEBIAN_RUST.join(' ')} lld-22   (or the newest lld-N)\n` +
      `  elsewhere: your distribution's package of the Rust standard library for ${TRIPLE}, with lld`,
  );
}

/** The compiler's full version: part of what decides whether a module is up to date. */
export const compilerVersion = async ({ rustc, env }) => (await capture(rustc, ['-vV'], { env })).stdout;

/** Checks rustfmt and clippy, which a minimal rustup leaves out. */
export async function lintTools() {
  for (const [command, component] of [
    ['fmt', 'rustfmt'],
    ['clippy', 'clippy'],
  ]) {
    if ((await capture('cargo', [command, '--version'])).code === 0) continue;
    say(`  rustup component add ${component}`);
    await capture('rustup', ['component', 'add', component], { timeout: 20_000, proof: /downloading component/ });
    if ((await capture('cargo', [command, '--version'])).code !== 0) {
      throw new Failure(`cargo ${command} is missing: rustup component add ${component}`);
    }
  }
}
