// What differs between a browser and Node, seen from the thread that calls the API. Tests put fakes here.
import type { GammaError } from '../error.js';
import type { WeightsSource } from '../model/source.js';
import type { FromWorker, ToWorker, WirePhoto } from '../protocol.js';
import type { DeviceKind, ModuleKind } from '../types.js';

/** A worker, seen from outside. */
export interface Port {
  /** Sends a message; `transfer` lists the buffers and bitmaps that move along. */
  post(message: ToWorker, transfer: readonly object[]): void;
  /** Sets who hears the worker's messages, and who hears that it died. Called once. */
  listen(onMessage: (message: FromWorker) => void, onDeath: (error: GammaError) => void): void;
  /** Whether the worker keeps the process alive. */
  hold?(held: boolean): void;
  /** Ends the worker at once. */
  terminate(): void | Promise<void>;
}

/** A device to try. */
export interface Candidate {
  readonly module: ModuleKind;
  readonly kind: DeviceKind;
  /** Whether an emulated GPU is good enough. */
  readonly acceptSoftware: boolean;
  /** Why it is tried, as a sentence. */
  readonly reason: string;
}

/** Devices to try in their order, and sentences on those that are not worth a try. */
export interface DevicePlan {
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
}

/** The environment of a `Gamma` that takes photos `P` and weights `W`. */
export interface Platform<P, W> {
  /** Starts a worker, from the script at the absolute URL `given` or the package's own. */
  spawn(given: string | undefined): Port;
  /** How many threads the processor runs at the same time, as far as it is told. */
  cores(): number;
  /** Bytes of memory of the device, as far as it is told. */
  memory(): number;
  /** Looks at what the environment can do. */
  devices(choice: 'auto' | DeviceKind): Promise<DevicePlan>;
  /** Makes weights ready, the default model's if there are none; throws a GammaError of code `option`. `base`: as below. */
  weights(weights: W | undefined, base: string | undefined): WeightsSource;
  /** An address that the caller gave, as an absolute URL. */
  address(place: string | URL): string;
  /** Whether the photo stays what it is until its turn comes; the pixels of all others are taken at once. */
  isLasting(photo: P): boolean;
  /** Whether this very object can never show another photo, so that what was computed of it holds for ever. */
  isConstant(photo: P): boolean;
  /** Reads a photo. Takes its pixels before it first awaits, so that a video may go on. */
  photo(photo: P, signal: AbortSignal): Promise<WirePhoto>;
}
