// The platform of a page, or of a worker that a page started.
import { absolute } from '../address.js';
import { GammaError } from '../error.js';
import { weightsSource } from '../model/source.js';
import { type Photo, takePhoto } from '../photo/photo.js';
import { isConstant, isLasting } from '../photo/read.js';
import type { FromWorker, HelpersWanted } from '../protocol.js';
import type { Bytes } from '../types.js';
import { planDevices } from './devices.js';
import type { Platform, Port } from './platform.js';
import { REMEDY } from './silence.js';
import { spawnWorker } from './spawn.js';

/**
 * A model: the URL (relative to the page) of a safetensors file, of an index (`*.index.json`), or of a folder (with a slash
 * at its end) that holds `model.safetensors.index.json`; a Blob or File; the Files of a folder, or its handle, with one
 * index or one safetensors file among them; bytes; or a stream of them. A stream can be read only once, so an engine that
 * crashed cannot be loaded again from it; all others can.
 */
export type Weights =
  | string
  | URL
  | Blob
  | Iterable<Blob>
  | FileSystemDirectoryHandle
  | Bytes
  | ReadableStream<Uint8Array>;

const GIB = 2 ** 30;
/** The memory of a device whose browser does not tell it, in GiB. */
const USUAL = 4;

/** One for all, so that models are shared. Nothing is started yet. */
const platform: Platform<Photo, Weights> = {
  spawn,
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  memory: () => GIB * ((globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory ?? USUAL),
  devices: planDevices,
  weights: (weights, base) => weightsSource(weights, absolute, base),
  address: absolute,
  isLasting,
  isConstant,
  photo: takePhoto,
};

/** The platform of this page. */
export const browserPlatform = (): Platform<Photo, Weights> => platform;

function spawn(given: string | undefined): Port {
  if (typeof Worker === 'undefined') {
    throw new GammaError('worker', 'this environment has no Worker; under Node, import gamma-wasm/node');
  }
  const worker = spawnWorker(given);
  const helpers: Worker[] = [];
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as Transferable[]),
    listen: (onMessage, onDeath) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker | HelpersWanted>) => {
        if (data.type === 'helpers') helpers.push(...startHelpers(data, given));
        else onMessage(data);
      };
      worker.onmessageerror = () => onDeath(new GammaError('worker', 'a message of the worker could not be read'));
      worker.onerror = (event: Event) => {
        event.preventDefault();
        // An event without a message says that the script itself could not be loaded.
        const message = (event as Partial<ErrorEvent>).message || `its script could not be loaded; ${REMEDY}`;
        const crash = /RuntimeError|unreachable/.test(message);
        onDeath(new GammaError(crash ? 'wasm' : 'worker', `the worker failed: ${message}`));
      };
    },
    terminate: () => {
      for (const one of [worker, ...helpers]) one.terminate();
    },
  };
}

/**
 * Starts the helpers of a worker. Nobody waits for them: each takes its share of the work from the moment it is there, and the others do
 * without one that never comes.
 */
function startHelpers({ count, order }: HelpersWanted, given: string | undefined): Worker[] {
  return Array.from({ length: count }, () => {
    const helper = spawnWorker(given);
    helper.onerror = (event) => event.preventDefault();
    helper.postMessage(order);
    return helper;
  });
}
