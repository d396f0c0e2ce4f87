// The platform of Node.
import { open, readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { isBytes } from '../bytes.js';
import { GammaError, isTrap, messageOf, throwIfAborted, toGammaError } from '../error.js';
import { weightsSource } from '../model/source.js';
import { startNodeWorker } from '../paths-node.js';
import { LARGE, mayBeRaw } from '../photo/raw.js';
import {
  isConstant,
  isLasting,
  isPixelSource,
  noPhoto,
  readBlob,
  readUrl,
  takeBytes,
  takePixels,
} from '../photo/read.js';
import type { FromWorker, WirePhoto } from '../protocol.js';
import type { Bytes, PixelSource } from '../types.js';
import { planDevices, wasmFeatures } from './devices.js';
import type { Platform, Port } from './platform.js';

/** A photo: a path, a URL (`file:`, `http:`, `https:`, `data:`), a Blob, encoded bytes, or pixels. */
export type Photo = string | URL | Blob | Bytes | PixelSource;

/**
 * A model: the path or URL of a safetensors file, of an index (`*.index.json`) or of a folder; a Blob, or several that are
 * Files; bytes; or a stream of them, which can be read only once. The URL of a folder ends with a slash.
 */
export type Weights = string | URL | Blob | Iterable<Blob> | Bytes | ReadableStream<Uint8Array> | Readable;

/** One for all, so that models are shared. */
export const nodePlatform: Platform<Photo, Weights> = {
  spawn,
  cores: availableParallelism,
  memory: availableMemory,
  devices: (choice) => planDevices(choice, { gpu: async () => NO_GPU, wasm: wasmFeatures }),
  weights: (weights, base) =>
    weightsSource(weights instanceof Readable ? Readable.toWeb(weights) : weights, addressOf, base),
  address: addressOf,
  isLasting,
  isConstant,
  photo: takePhoto,
};

/** Memory of the machine, or what a container lets the process have of it. */
function availableMemory(): number {
  const allowed = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
  return Math.min(totalmem(), allowed);
}

const NO_GPU = { found: false, reason: 'Node does not offer it' } as const;

/** A path as a file URL; URLs stay as they are. A one-letter scheme is a drive of Windows. */
function addressOf(place: string | URL): string {
  if (place instanceof URL) return place.href;
  return /^[a-z][a-z0-9+.-]+:/i.test(place) ? place : pathToFileURL(resolve(place)).href;
}

async function takePhoto(photo: Photo, signal: AbortSignal): Promise<WirePhoto> {
  throwIfAborted(signal);
  if (typeof photo === 'string' || photo instanceof URL) {
    const address = addressOf(photo);
    return address.startsWith('file:') ? readPath(fileURLToPath(address), signal) : readUrl(address, signal);
  }
  if (photo instanceof Blob) return takeBlob(photo);
  if (isBytes(photo)) return takeBytes(photo);
  if (isPixelSource(photo)) return takePixels(photo);
  throw noPhoto(photo, 'a path, URL, Blob, bytes, or an object with width, height and data');
}

async function takeBlob(blob: Blob): Promise<WirePhoto> {
  const wire = await readBlob(blob);
  if (wire.kind !== 'file') return wire;
  try {
    structuredClone(blob);
    return wire;
  } catch {
    // Blobs of `openAsBlob` cannot go to a worker, which would read a part of them.
    return { kind: 'bytes', bytes: await blob.arrayBuffer(), type: blob.type };
  }
}

async function readPath(path: string, signal: AbortSignal): Promise<WirePhoto> {
  try {
    if (await startsAsRaw(path)) return { kind: 'file', file: path, type: '' };
    return takeBytes(await readFile(path, { signal }));
  } catch (error) {
    throwIfAborted(signal);
    throw new GammaError('io', `the photo could not be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether a large file may be a camera's RAW file, of which the worker reads what it needs. */
async function startsAsRaw(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(16), 0, 16, 0);
    return mayBeRaw(buffer.subarray(0, bytesRead)) && (await file.stat()).size >= LARGE;
  } finally {
    await file.close();
  }
}

function spawn(given: string | undefined): Port {
  // Without the process's own flags: a thread refuses some of them, like --input-type.
  const options = { name: 'gamma', execArgv: [] };
  const worker = given === undefined ? startNodeWorker(options) : new Worker(new URL(given), options);
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen: (onMessage, onDeath) => {
      worker.on('message', (message: FromWorker) => onMessage(message));
      worker.on('messageerror', () => onDeath(new GammaError('worker', 'a message of the worker could not be read')));
      worker.on('error', (error) => {
        onDeath(
          isTrap(error)
            ? toGammaError(error, 'wasm')
            : new GammaError('worker', `the worker failed: ${messageOf(error)}`),
        );
      });
      worker.on('exit', (status) => onDeath(new GammaError('worker', `the worker ended with status ${status}`)));
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate();
    },
  };
}
