// The WebAssembly modules: cargo, then the glue generator, then into pkg/wasm/<kind>/.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { bindgenVersion } from './bindgen.mjs';
import { bundleGlue } from './bundle.mjs';
import { locked } from './lock.mjs';
import { inRoot, PKG, ROOT, TARGET } from './paths.mjs';
import { run } from './run.mjs';
import { say, step } from './say.mjs';
import { compilerVersion } from './toolchain.mjs';

/** What the page cannot do without: without the second one its own WebP samples and photos of rarer formats could not be opened. */
export const NEEDED = ['cpu', 'extras'];

/** The modules in the order of their building. Each is a feature of modules/Cargo.toml. */
export const KINDS = [...NEEDED, 'cpu-relaxed', 'cpu-threads', 'gpu'];

/** The GPU's module with a benchmark, which is not published. */
const BENCH_KIND = 'gpu-bench';

/** The same for all modules, so that they share their compiled dependencies. */
export const SIMD = '-C target-feature=+simd128';

/**
 * What is published. Dependencies are inlined with restraint: the kernels ask for it where they need it. Their panics know no line, which
 * nobody would read: nothing prints them. The last two flags are ones that the compiler takes on no stable release without being told to.
 */
const RELEASE = {
  profile: 'wasm',
  flags: `${SIMD} -C llvm-args=-inline-threshold=30 -Z location-detail=none -Z fmt-debug=shallow`,
  built: join(TARGET, 'modules'),
};

/** What a fault is looked for with: functions have names, panics a message with their line, which goes to the console. */
const DEBUG = { profile: 'wasm-debug', flags: SIMD, built: join(TARGET, 'modules-debug') };

/**
 * Cargo compiles the package anew whenever the features differ from those of the call before, since all modules have one
 * file name. Hence what a module was made of is kept beside it: the source files, the compiler and the flags.
 */
function fingerprint(kind, { profile, flags }, compiler) {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([kind, profile, flags, compiler, bindgenVersion()]));
  for (const path of inputs(kind)) {
    const file = inRoot(path);
    hash.update(`\0${path}\0`);
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Packages of this repository that go into modules, and folders of them that do not: those are for native builds. */
const PACKAGES = ['.', 'kernels', 'modules', 'stand-ins/burn-flex', 'stand-ins/crc32fast', 'threads', 'webgpu'];
const NATIVE = ['src/bin/', 'src/metrics/', 'src/train/', 'src/weights/convert/'];

/** What only the module with the benchmark is made of. */
const BENCH = ['src/bench/', 'src/web/bench.rs'];

/** The files that a module is made of. Cargo's own list names those of the last package alone. */
function inputs(kind) {
  const sources = PACKAGES.flatMap((folder) =>
    readdirSync(inRoot(folder, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(rs|wgsl)$/.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
  );
  const manifests = [...PACKAGES.map((folder) => join(folder, 'Cargo.toml')), 'modules/Cargo.lock', 'modules/build.rs'];
  const foreign = kind === BENCH_KIND ? NATIVE : [...NATIVE, ...BENCH];
  const own = sources.filter((path) => !foreign.some((folder) => path.startsWith(folder)));
  return [...manifests, 'tools/wasm-bindgen/src/main.rs', ...own].sort();
}

function stamp(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'stamp.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Puts the module in the folder `built` into `target` unless it is there. Renamed into place: a page that loads it gets the old one or the new one. */
async function publish(built, target) {
  const mark = (folder) => {
    const { size, mtimeMs } = statSync(join(folder, 'gamma_bg.wasm'));
    return `${size} ${Math.round(mtimeMs)}`;
  };
  const glue = await bundleGlue(join(built, 'gamma.js'));
  const current =
    existsSync(join(target, 'gamma_bg.wasm')) &&
    mark(target) === mark(built) &&
    readFileSync(join(target, 'gamma.js'), 'utf8') === glue;
  if (current) return;
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  cpSync(built, fresh, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => basename(path) !== 'stamp.json',
  });
  writeFileSync(join(fresh, 'gamma.js'), glue);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

async function compile(kind, build, folder, { toolchain, tool, compiler, low }) {
  const { profile, flags } = build;
  // Of the sources as they are now: what is written while cargo runs may or may not be in the module.
  const made = { fingerprint: fingerprint(kind, build, compiler), inputs: inputs(kind) };
  const features = build === DEBUG ? `${kind},debug` : kind;
  const args = ['build', '--locked', '--profile', profile, '--features', features, ...toolchain.args];
  args.push(
    '--manifest-path',
    inRoot('modules/Cargo.toml'),
    '--target',
    'wasm32-unknown-unknown',
    '--target-dir',
    TARGET,
  );
  const executable = tool();
  await run(toolchain.cargo, args, { env: { ...toolchain.env, RUSTFLAGS: flags, RUSTC_BOOTSTRAP: '1' }, low });
  const path = await executable;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const input = join(TARGET, 'wasm32-unknown-unknown', profile, 'gamma_module.wasm');
  const names = build === DEBUG ? ['--keep-names'] : [];
  await step('JavaScript glue', () => run(path, [input, folder, 'gamma', ...names], { quiet: true, low }));
  writeFileSync(join(folder, 'stamp.json'), JSON.stringify(made));
}

/**
 * Builds one module if what it is made of has changed, and puts it into pkg/.
 *
 * `tool` starts compiling the glue generator, which goes on beside cargo, and promises its path. `low` leaves the
 * processor to whatever else wants it. `debug`: with names, lines and messages, for those who look for a fault.
 */
export async function buildModule(kind, { debug = false, ...ready }) {
  await builtModule(kind, debug ? DEBUG : RELEASE, ready, join(PKG, 'wasm', kind));
  const merges = inRoot('src/prompt/clip_merges.txt');
  if (existsSync(merges)) cpSync(merges, join(PKG, 'wasm/clip_merges.txt'), { preserveTimestamps: true });
}

/** Builds the module of bench/pages/gpu.html, which is not published, into a folder. */
export const buildBenchModule = (ready, target) => builtModule(BENCH_KIND, RELEASE, ready, target);

/** Builds one module if what it is made of has changed, and puts it into `target`. */
async function builtModule(kind, build, { toolchain, tool, low = false }, target) {
  const compiler = await compilerVersion(toolchain);
  const folder = join(build.built, kind);
  const isCurrent = () => stamp(folder)?.fingerprint === fingerprint(kind, build, compiler);
  if (isCurrent()) {
    say(`• module ${kind}: up to date`);
    await publish(folder, target);
  } else {
    await locked(join(TARGET, 'modules.lock'), async () => {
      // Another process may have built it while this one waited.
      if (!isCurrent()) {
        await step(`module ${kind}`, () => compile(kind, build, folder, { toolchain, tool, compiler, low }));
      }
      await publish(folder, target);
    });
  }
}
