// The fake engine of the tests against js/wasm.ts: what agrees with it would otherwise agree with a fiction.
import type * as ours from '../../js/wasm.js';
import type * as fake from '../js/fake-engine.js';
import type { NoDifference, WayDifferences } from './agree.js';

type FakeEngine = Awaited<ReturnType<fake.Loader['finish']>>;
type FakePhoto = ReturnType<FakeEngine['decode']>;
type FakeJob = ReturnType<FakeEngine['job']>;

/** It reads no camera RAW files and no declared origins: no test with it asks for them. */
type Faked = Omit<ours.ExtrasModule, 'RawSearch' | 'provenance'>;
type Functions<Module> = Omit<Module, 'default' | 'Grouping' | 'Loader' | 'Tokenizer'>;

export const engine = (glue: typeof fake): ours.WasmModule => glue;
export const extras = (glue: typeof fake): Faked => glue;

export type Fake = NoDifference<
  | WayDifferences<ours.Engine, FakeEngine>
  | WayDifferences<ours.Job, FakeJob>
  | WayDifferences<ours.Loader, fake.Loader>
  | WayDifferences<ours.Grouping, fake.Grouping>
  | WayDifferences<ours.EnginePhoto, FakePhoto>
  | WayDifferences<ours.Tokenizer, fake.Tokenizer>
  | WayDifferences<Functions<ours.WasmModule>, typeof fake>
  | WayDifferences<Functions<Faked>, typeof fake>
>;
