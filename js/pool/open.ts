// A worker with a loaded model: devices are tried one after the other until one has it.
import { reasonOf } from '../abort.js';
import { GammaError, toGammaError } from '../error.js';
import type { WeightsSource } from '../model/source.js';
import { engineUrls, modelUrl } from '../paths.js';
import type { RequestName } from '../protocol.js';
import type { CacheMode, DeviceInfo, DeviceKind, LoadProgress, ModelInfo, ModelSource, Precision } from '../types.js';
import { Client } from './client.js';
import type { Candidate, Platform } from './platform.js';

/** What is opened. */
export interface Opening {
  readonly platform: Platform<never, never>;
  readonly choice: 'auto' | DeviceKind;
  readonly weights: WeightsSource;
  readonly base: string | undefined;
  /** The worker's script, where it is not the package's own. */
  readonly worker: string | undefined;
  readonly cache: CacheMode;
  readonly precision: Precision;
  readonly threads: number;
  /** Where no GPU may be taken, why not, as sentences. */
  readonly noGpu?: string | undefined;
}

/** A worker with a loaded model. */
export interface Loaded {
  readonly client: Client;
  readonly device: DeviceInfo;
  readonly model: ModelInfo;
  readonly source: ModelSource;
}

/** How an opening is followed. */
export interface Watch {
  readonly signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
  /** Hears of each worker as it is started. */
  onClient(client: Client): void;
  /** Hears that the weights begin to be read; those of a stream cannot be read again. */
  onRead(): void;
}

/** Tries one device after the other until a worker has a model. `read`: whether the weights were read before. */
export async function openModel(opening: Opening, read: boolean, watch: Watch): Promise<Loaded> {
  const { platform, choice, weights, threads, noGpu } = opening;
  if (weights.once && read) {
    throw new GammaError(
      'weights-none',
      'the engine has to be loaded again, but its weights came from a stream, which can be read only once: call Gamma.load anew, or pass a URL, Blob or bytes',
    );
  }
  const { signal } = watch;
  const { candidates: all, notes } = await platform.devices(noGpu === undefined ? choice : 'auto');
  const fits = ({ module, kind }: Candidate) =>
    (threads > 1 || module !== 'cpu-threads') && (noGpu === undefined || kind === 'cpu');
  const candidates = all.filter(fits);
  const refused: string[] = noGpu === undefined ? [...notes] : [noGpu];
  for (const [index, candidate] of candidates.entries()) {
    if (signal.aborted) throw reasonOf(signal);
    const client = new Client(platform.spawn(opening.worker));
    watch.onClient(client);
    const stage: { name: RequestName } = { name: 'open' };
    try {
      return await tryDevice(opening, candidate, client, refused, stage, watch);
    } catch (error) {
      const failure = signal.aborted ? reasonOf(signal) : toGammaError(error, 'worker');
      await client.close(failure);
      // Whatever goes wrong with a module or a device is a reason to try the next one; a bad model file is not, nor is a script that never ran.
      const another = client.started && (stage.name === 'open' || ['device', 'wasm', 'worker'].includes(failure.code));
      const last = index === candidates.length - 1 || (weights.once && stage.name !== 'open');
      if (signal.aborted || last || !another) throw failure;
      refused.push(refusal(candidate, failure));
    }
  }
  throw new GammaError('device', refused.join(' ') || 'no device can run the engine');
}

/**
 * Another worker with the model of `loaded`, on the same device.
 *
 * @throws {GammaError} As {@link openModel}; the worker has ended then.
 */
export async function openAnother(opening: Opening, { device }: Loaded, watch: Watch): Promise<Loaded> {
  const client = new Client(opening.platform.spawn(opening.worker));
  watch.onClient(client);
  const candidate = { ...device, acceptSoftware: true };
  try {
    return { ...(await tryDevice(opening, candidate, client, [], { name: 'open' }, watch)), device };
  } catch (error) {
    const failure = watch.signal.aborted ? reasonOf(watch.signal) : toGammaError(error, 'worker');
    await client.close(failure);
    throw failure;
  }
}

async function tryDevice(
  { weights, base, cache, precision, threads }: Opening,
  { module, acceptSoftware, kind, reason }: Candidate,
  client: Client,
  refused: readonly string[],
  stage: { name: RequestName },
  watch: Watch,
): Promise<Loaded> {
  const { signal } = watch;
  const follow = {
    signal,
    onProgress: (progress: unknown) => {
      if (!signal.aborted) watch.onProgress(progress as LoadProgress);
    },
  };
  const opened = await client.request('open', { module, urls: engineUrls(module, base), threads }, follow);
  if (opened.software && !acceptSoftware) {
    throw new GammaError('device', `the GPU is only emulated (${opened.name})`);
  }
  stage.name = 'load';
  watch.onRead();
  const feed = weights.feed?.();
  const { model, source } = await client.request(
    'load',
    { weights: weights.wire, defaultModel: modelUrl(base), cache, precision },
    { ...follow, feed },
  );
  const device: DeviceInfo = {
    kind,
    module,
    name: opened.name,
    software: opened.software,
    reason: [...refused, reason, ...(opened.half && precision === 'fast' ? [IN_HALF] : [])].join(' '),
  };
  return { client, device, model, source };
}

const IN_HALF = 'Large layers of quantised weights are multiplied in half precision, which is faster on it.';

/** Why a device was passed over, for people. A module that did not come is no fault of the device: its address helps nobody. */
function refusal({ module }: Candidate, failure: GammaError): string {
  if (failure.code === 'http' || failure.code === 'network') return `${NAMES[module]}: its module is not there.`;
  return `${NAMES[module]} was tried and refused: ${failure.message}.`;
}

const NAMES = {
  gpu: 'WebGPU',
  cpu: 'The CPU',
  'cpu-relaxed': 'The CPU with relaxed SIMD',
  'cpu-threads': 'The CPU with threads',
} as const;
