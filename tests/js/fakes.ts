// Platforms for tests: the real Gamma, Client and Host over the fake engine, in one thread.

import { GammaBase } from '../../js/api/gamma.js';
import { type GammaError, toGammaError } from '../../js/error.js';
import { type RemoteOptions, remoteFiles } from '../../js/model/remote.js';
import { weightsSource } from '../../js/model/source.js';
import type { Timings } from '../../js/model/stream/retry.js';
import type { Weights as NodeWeights } from '../../js/node.js';
import type { Candidate, Platform, Port } from '../../js/pool/platform.js';
import type { ToWorker, WirePhoto } from '../../js/protocol.js';
import type { LoadOptions } from '../../js/types.js';
import type { Modules } from '../../js/wasm.js';
import { Host } from '../../js/worker/host.js';
import type { HostPlatform } from '../../js/worker/platform.js';
import * as glue from './fake-engine.js';
import { type Faults, faulty } from './faulty-engine.js';

type Weights = NodeWeights | FileSystemDirectoryHandle;

/** Waits that a test need not sit through; silence is noticed after a quarter of a second. */
export const QUICK: Timings = { attempts: 4, idle: 250, base: 1, longest: 4, retryAfter: 50 };

/** What fake weights say. */
export interface Settings {
  scenes?: string[];
  needsMerges?: boolean;
  noTower?: boolean;
  trapAtLoad?: boolean;
}

/** What a fake photo says. */
export interface FakePhoto {
  /** Of a rarer format; comes first. */
  extra?: boolean;
  name?: string;
  /** What it shows, as `group` sees it. */
  shown?: number;
  /** When it was taken. */
  time?: number;
  score?: number;
  /** Whether this very object never shows another photo. */
  constant?: boolean;
  /** Whether it has to be read at once. */
  changing?: boolean;
  /** Pixels along a side as the model looks at it. */
  side?: number;
  /** Milliseconds of each step. */
  sleep?: number;
  /** Milliseconds that each step keeps its thread busy. */
  busy?: number;
  code?: string;
  trap?: 'decode' | 'step' | 'lost' | 'stuck' | 'detached' | 'exit';
  /** The step at which it traps. */
  at?: number;
  /** How often it traps, over all tests for one `name`; each time unless told. */
  times?: number;
  /** Milliseconds that reading takes. */
  reading?: number;
  /** Fails while it is read. */
  unreadable?: GammaError;
}

/** The bytes of fake weights. */
export function weightsOf(settings: Settings = {}): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(settings));
}

/** What went through a fake platform. */
export interface Log {
  /** Modules that were loaded. */
  modules: string[];
  /** Names of photos in the order in which reading began and ended. */
  reading: string[];
  /** Photos whose bytes are held and not yet sent. */
  held: number;
  maxHeld: number;
  /** The most photos in memory when one had been read: held, or being computed. */
  maxAlive: number;
  spawned: number;
  terminated: number;
  merges: number;
}

/** How a fake platform behaves. */
export interface Behaviour {
  candidates?: Candidate[];
  notes?: string[];
  /** Errors of modules that do not load. */
  broken?: Record<string, Error>;
  /** Replaces parts of the worker's side. */
  host?: Partial<HostPlatform>;
  /** How remote models are fetched and kept. */
  remote?: Partial<RemoteOptions>;
  /** Cores of the processor; 1 unless told. */
  cores?: number;
  /** Memory of the device in bytes; 8 GiB unless told. */
  memory?: number;
  /** Delays each module's loading, in milliseconds. */
  slowModule?: number;
  /** What goes wrong on the GPU. */
  faults?: Faults;
}

export const CPU: Candidate = { module: 'cpu', kind: 'cpu', acceptSoftware: true, reason: 'The CPU.' };
export const GPU: Candidate = { module: 'gpu', kind: 'webgpu', acceptSoftware: false, reason: 'WebGPU.' };

export const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** All that comes. */
export async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Waits until `condition` holds; the test's time limit ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await later(1);
}

function inProcess(platform: HostPlatform, log: Log): Port {
  let onMessage: Parameters<Port['listen']>[0] = () => {};
  let alive = true;
  const host = new Host(platform, (message, transfer = []) => {
    const copy = structuredClone(message, { transfer: [...transfer] });
    setImmediate(() => alive && onMessage(copy));
  });
  return {
    post: (message, transfer) => {
      const copy = structuredClone(message, { transfer: transfer as ArrayBuffer[] }) as ToWorker;
      if (message.type === 'score') log.held -= 1;
      // Also after the end, so that what the engine holds is freed; a real worker's memory is just gone.
      setImmediate(() => host.receive(copy));
    },
    listen: (listener) => {
      onMessage = listener;
    },
    terminate: () => {
      alive = false;
      log.terminated += 1;
    },
  };
}

/** A log of nothing yet. */
export const newLog = (): Log => ({
  modules: [],
  reading: [],
  held: 0,
  maxHeld: 0,
  maxAlive: 0,
  spawned: 0,
  terminated: 0,
  merges: 0,
});

/** Gamma over fakes. */
export class TestGamma extends GammaBase<FakePhoto, Weights> {
  /** Loads it. */
  static async with(
    options: LoadOptions<Weights> = {},
    behaviour: Behaviour = {},
  ): Promise<{ gamma: TestGamma; log: Log }> {
    const log = newLog();
    const all = { weights: weightsOf(), ...options };
    const platform = platformOf(log, behaviour);
    return { gamma: await TestGamma.on(platform, all), log };
  }

  /** Loads it on a platform that several share. */
  static on(platform: Platform<FakePhoto, Weights>, options: LoadOptions<Weights> = {}): Promise<TestGamma> {
    return GammaBase.start(() => new TestGamma(platform, options), options);
  }
}

/** A platform of fakes. */
export function platformOf(log: Log, behaviour: Behaviour = {}): Platform<FakePhoto, Weights> {
  const host: HostPlatform = {
    loadModule: async (kind, _urls, progress) => {
      log.modules.push(kind);
      if (behaviour.slowModule) await later(behaviour.slowModule);
      const broken = behaviour.broken?.[kind];
      if (broken) throw broken;
      progress(5, 10);
      progress(10, 10);
      const { faults } = behaviour;
      return (faults && kind === 'gpu' ? faulty(glue, faults) : glue) as unknown as Modules[typeof kind];
    },
    files: (url, cache) => remoteFiles(url, { cache, storage: null, timings: QUICK, ...behaviour.remote }),
    merges: async () => {
      log.merges += 1;
      return '#version: fake';
    },
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    now: () => performance.now(),
    ...behaviour.host,
  };
  return {
    cores: () => behaviour.cores ?? 1,
    memory: () => behaviour.memory ?? 2 ** 33,
    spawn: () => {
      log.spawned += 1;
      return inProcess(host, log);
    },
    devices: async () => ({ candidates: behaviour.candidates ?? [CPU], notes: behaviour.notes ?? [] }),
    weights: (weights, base) => weightsSource(weights, String, base),
    address: String,
    isLasting: ({ changing = false }) => !changing,
    isConstant: ({ constant = false }) => constant,
    photo: async (photo) => {
      const name = photo.name ?? '';
      log.reading.push(`+${name}`);
      if (photo.reading) await later(photo.reading);
      if (photo.unreadable) throw toGammaError(photo.unreadable, 'worker');
      log.reading.push(`-${name}`);
      log.held += 1;
      log.maxHeld = Math.max(log.maxHeld, log.held);
      log.maxAlive = Math.max(log.maxAlive, log.held + glue.live.jobs);
      const bytes = new TextEncoder().encode(JSON.stringify(photo));
      return { kind: 'bytes', bytes: bytes.buffer, type: '' } satisfies WirePhoto;
    },
  };
}
