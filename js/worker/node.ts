// The worker under Node: the CPU module, read from disk.

import { open, readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parentPort } from 'node:worker_threads';
import { GammaError, messageOf, throwIfAborted } from '../error.js';
import { pathFiles } from '../model/node.js';
import { remoteFiles } from '../model/remote.js';
import { bytesOf, fetchFile } from '../model/stream/fetching.js';
import type { ToWorker } from '../protocol.js';
import { importGlue } from '../wasm.js';
import { Host } from './host.js';
import type { HostPlatform } from './platform.js';
import type { PartedFile } from './raw.js';

const platform: HostPlatform = {
  async loadModule(kind, { glue, binary }, progress, signal) {
    const what = `the engine's module \`${kind}\``;
    const bytes = await read(binary, what, signal);
    progress(bytes.byteLength, bytes.byteLength);
    const module = await importGlue<typeof kind>(glue).catch((error: unknown) => {
      throw new GammaError('io', `${what} could not be loaded from ${glue}: ${messageOf(error)}`);
    });
    await module.default({ module_or_path: await WebAssembly.compile(bytes) });
    return module;
  },
  files: (url, cache) =>
    url.startsWith('file:') ? pathFiles(fileURLToPath(url)) : remoteFiles(url, { cache, storage: null }),
  async merges(url, signal) {
    return new TextDecoder().decode(await read(url, "the tokenizer's merges", signal));
  },
  openFile: partsOfPath,
  pause: () => setImmediate(),
  now: () => performance.now(),
};

async function read(url: string, what: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (!url.startsWith('file:')) return new Uint8Array(await bytesOf(await fetchFile(url, what, signal), what, signal));
  try {
    return new Uint8Array(await readFile(fileURLToPath(url), { signal }));
  } catch (error) {
    throwIfAborted(signal);
    throw new GammaError('io', `${what} could not be read: ${messageOf(error)}`);
  }
}

/** A file on disk, read in parts. */
async function partsOfPath(path: string): Promise<PartedFile> {
  const failed = (error: unknown) =>
    new GammaError('io', `the photo could not be read: ${messageOf(error)}`, { cause: error });
  try {
    const file = await open(path);
    const { size } = await file.stat();
    const read = async (start: number, end: number) => {
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled).catch((error) => {
          throw failed(error);
        });
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    };
    return { size, read, close: () => file.close() };
  } catch (error) {
    throw failed(error);
  }
}

if (parentPort) {
  const port = parentPort;
  const host = new Host(platform, (message, transfer = []) => port.postMessage(message, [...transfer]));
  port.on('message', (message: ToWorker) => host.receive(message));
}
