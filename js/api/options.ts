// Checks of options. Every message names the option, what was given and what is allowed.

import { GammaError } from '../error.js';
import type { CacheMode, CropPolicy, DeviceKind, Precision, ScoreOptions } from '../types.js';
import type { JobOptions } from '../wasm.js';

/** The scene that a call takes unless told otherwise, if the model has it. */
export const DEFAULT_SCENE = 'natural-quality';
/** Stands for every scene of the model. */
export const ALL_SCENES = 'all';
/** The most crops of one photo. */
export const MAX_CROPS = 100;

/** The most threads of one worker. */
export const MAX_THREADS = 16;

const POLICIES: readonly CropPolicy[] = ['random', 'five', 'center', 'grid'];
const CACHE_MODES: readonly CacheMode[] = ['default', 'reload', 'no-store', 'only-if-cached'];
const PRECISIONS: readonly Precision[] = ['fast', 'exact'];
const DEVICES: readonly ('auto' | DeviceKind)[] = ['auto', 'webgpu', 'cpu'];

function wrong(name: string, given: unknown, allowed: string): GammaError {
  const value = typeof given === 'string' ? `"${given}"` : typeof given === 'object' ? 'an object' : String(given);
  return new GammaError('option', `option \`${name}\`: expected ${allowed}, got ${value}`);
}

function wholeNumber(name: string, value: unknown, low: number, high: number, range: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw wrong(name, value, `a whole number from ${range}`);
  }
  return value;
}

/** Checks options that every call takes. */
export function checkCall(options: unknown): void {
  if (options === null || typeof options !== 'object') throw wrong('options', options, 'an object');
  const { signal, onProgress } = options as { signal?: unknown; onProgress?: unknown };
  // Signals of another realm or of a polyfill are no instances of this realm's AbortSignal.
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.addEventListener !== 'function') {
    throw wrong('signal', signal, 'an AbortSignal');
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') throw wrong('onProgress', onProgress, 'a function');
}

/** Checks `Gamma.load`'s choice of device. */
export function checkDevice(device: unknown): 'auto' | DeviceKind {
  if (device === undefined) return 'auto';
  const known = DEVICES.find((name) => name === device);
  if (!known) throw wrong('device', device, `one of ${DEVICES.join(', ')}`);
  return known;
}

/** Checks `Gamma.load`'s choice about the models kept on this device. */
export function checkCache(cache: unknown): CacheMode {
  if (cache === undefined) return 'default';
  const known = CACHE_MODES.find((mode) => mode === cache);
  if (!known) throw wrong('cache', cache, `one of ${CACHE_MODES.join(', ')}`);
  return known;
}

/** Checks `Gamma.load`'s choice of precision. */
export function checkPrecision(precision: unknown): Precision {
  if (precision === undefined) return 'fast';
  const known = PRECISIONS.find((name) => name === precision);
  if (!known) throw wrong('precision', precision, `one of ${PRECISIONS.join(', ')}`);
  return known;
}

/** The most workers that can be asked for. */
const MAX_WORKERS = 16;

/** Checks `Gamma.load`'s choice about workers. */
export function checkWorkers(workers: unknown): number | undefined {
  return wholeNumber('workers', workers, 1, MAX_WORKERS, `1 to ${MAX_WORKERS}`);
}

/** Checks `scoreAll`'s own option. */
export function checkPreviews(previews: unknown): boolean {
  if (previews !== undefined && typeof previews !== 'boolean') throw wrong('previews', previews, 'true or false');
  return previews ?? false;
}

/** Checks whether `scoreAll` gives pixels. */
export function checkPixels(pixels: unknown): boolean {
  if (pixels !== undefined && typeof pixels !== 'boolean') throw wrong('pixels', pixels, 'true or false');
  return pixels ?? false;
}

/** Checks how much `scoreAll` may keep. */
export function checkKeep(bytes: unknown): number | undefined {
  return wholeNumber('keepBytes', bytes, 0, Number.MAX_SAFE_INTEGER, '0 to 2^53 - 1');
}

/** Checks `Gamma.load`'s number of threads; unless told, that of the device's cores, at most 4. */
export function checkThreads(threads: unknown): number {
  const cores = (globalThis.navigator as { hardwareConcurrency?: number } | undefined)?.hardwareConcurrency ?? 1;
  return wholeNumber('threads', threads, 1, MAX_THREADS, `1 to ${MAX_THREADS}`) ?? Math.max(1, Math.min(4, cores));
}

/** What the engine is told of `options`. */
export function jobOptions(options: ScoreOptions): JobOptions {
  const { policy, parity, tolerance } = options;
  const crops = wholeNumber('crops', options.crops, 1, MAX_CROPS, `1 to ${MAX_CROPS}`);
  const seed = wholeNumber('seed', options.seed, 0, Number.MAX_SAFE_INTEGER, '0 to 2^53 - 1');
  if (policy !== undefined && !POLICIES.includes(policy))
    throw wrong('policy', policy, `one of ${POLICIES.join(', ')}`);
  if (parity !== undefined && typeof parity !== 'boolean') throw wrong('parity', parity, 'true or false');
  if (tolerance !== undefined && !(typeof tolerance === 'number' && tolerance > 0 && tolerance < Infinity)) {
    throw wrong('tolerance', tolerance, 'a number above 0');
  }
  return {
    ...(policy !== undefined && { policy }),
    ...(crops !== undefined && { crops }),
    ...(seed !== undefined && { seed }),
    ...(parity !== undefined && { parity }),
    ...(tolerance !== undefined && { tolerance }),
  };
}

/** {@link DEFAULT_SCENE}, or the first of `offered` if it is not among them. */
export function defaultScene(offered: readonly { id: string }[]): string {
  const known = offered.find(({ id }) => id === DEFAULT_SCENE) ?? offered[0];
  return known?.id ?? DEFAULT_SCENE;
}

/** The scene that `options` ask for, which has to be one of `offered`, or {@link ALL_SCENES}. */
export function sceneOf(options: ScoreOptions, offered: readonly { id: string }[]): string {
  const scene: unknown = options.scene ?? defaultScene(offered);
  if (typeof scene !== 'string') throw wrong('scene', scene, 'the id of a scene');
  if (scene === ALL_SCENES || offered.some(({ id }) => id === scene)) return scene;
  const ids = offered.map(({ id }) => id).join(', ');
  throw new GammaError('scene-unknown', `scene \`${scene}\` is not offered by this model; it offers ${ids}`);
}
