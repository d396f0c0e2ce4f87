// js/wasm.ts against what wasm-bindgen wrote beside each module.
import type * as ours from '../../js/wasm.js';
import type * as cpu from '../../pkg/wasm/cpu/gamma.js';
import type * as relaxed from '../../pkg/wasm/cpu-relaxed/gamma.js';
import type * as threads from '../../pkg/wasm/cpu-threads/gamma.js';
import type * as extras from '../../pkg/wasm/extras/gamma.js';
import type * as gpu from '../../pkg/wasm/gpu/gamma.js';
import type { Differences, NoDifference } from './agree.js';

/** Each module can stand where the package expects it. */
export const modules = (all: {
  cpu: typeof cpu;
  'cpu-relaxed': typeof relaxed;
  'cpu-threads': typeof threads;
  gpu: typeof gpu;
  extras: typeof extras;
}): ours.Modules => all;

/** The functions that `default`, which takes either of two forms, is none of. */
type Functions<Module> = Omit<Module, 'default' | 'Grouping' | 'Loader' | 'Tokenizer' | 'RawSearch'>;

/** The parts of a module with an engine. */
interface EngineModule {
  Engine: { prototype: unknown };
  Job: { prototype: unknown };
  Loader: { prototype: unknown };
  Photo: { prototype: unknown };
}
type Parts<Module extends EngineModule> =
  | Differences<ours.Engine, Module['Engine']['prototype']>
  | Differences<ours.Job, Module['Job']['prototype']>
  | Differences<ours.Loader, Module['Loader']['prototype']>
  | Differences<ours.EnginePhoto, Module['Photo']['prototype']>
  | Differences<Functions<ours.WasmModule>, Module>;

export type Cpu = NoDifference<Parts<typeof cpu>>;
export type Relaxed = NoDifference<Parts<typeof relaxed>>;
export type Gpu = NoDifference<Parts<typeof gpu>>;
export type Threads = NoDifference<Parts<typeof threads> | Differences<Functions<ours.ThreadsModule>, typeof threads>>;
export type Extras = NoDifference<
  | Differences<ours.Grouping, extras.Grouping>
  | Differences<ours.RawSearch, extras.RawSearch>
  | Differences<ours.Tokenizer, extras.Tokenizer>
  | Differences<ours.EnginePhoto, extras.Photo>
  | Differences<Functions<ours.ExtrasModule>, typeof extras>
>;
