// The worker of a page: loads one WebAssembly module, owns one engine, answers requests.

import { GammaError, messageOf, throwIfAborted } from '../error.js';
import { remoteFiles } from '../model/remote.js';
import { bodySize, bytesOf, fetchFile, streamOf } from '../model/stream/fetching.js';
import { bitmapOf } from '../photo/bitmap.js';
import type { HelperOrder, HelpersWanted, ToWorker } from '../protocol.js';
import { importGlue } from '../wasm.js';
import { Host } from './host.js';
import { readBitmap } from './pixels.js';
import type { HostPlatform } from './platform.js';
import { help } from './threads.js';

const scope = globalThis as unknown as {
  postMessage(message: unknown, transfer: readonly object[]): void;
  addEventListener(type: string, listener: (event: never) => void): void;
};
const pauses = new MessageChannel();
const paused: (() => void)[] = [];
pauses.port1.onmessage = () => paused.shift()?.();

const platform: HostPlatform = {
  async loadModule(kind, { glue, binary }, progress, signal, threads = 1) {
    const [module, code] = await Promise.all([
      importGlue<typeof kind>(glue).catch((error: unknown) => {
        throw new GammaError(
          'network',
          `the engine's module \`${kind}\` could not be loaded from ${glue}: ${messageOf(error)}`,
        );
      }),
      compile(kind, binary, progress, signal),
    ]);
    throwIfAborted(signal);
    const instance = await module.default({ module_or_path: code });
    if (kind === 'cpu-threads') {
      const { memory } = instance as { memory: object };
      // The page starts them: a worker of Firefox may never return from `new Worker` on a busy machine.
      const wanted: HelpersWanted = {
        type: 'helpers',
        count: threads - 1,
        order: { type: 'help', glue, module: code, memory },
      };
      scope.postMessage(wanted, []);
    }
    return module;
  },
  files: (url, cache) => remoteFiles(url, { cache }),
  async merges(url, signal) {
    const response = await fetchFile(url, "the tokenizer's merges", signal);
    return new TextDecoder().decode(await bytesOf(response, "the tokenizer's merges", signal));
  },
  decode: async (bytes, type) => readBitmap(await bitmapOf(new Blob([bytes], { type }))),
  readBitmap: (bitmap) => readBitmap(bitmap as ImageBitmap),
  // A message to oneself comes after those that wait already, and unlike a timer it is not slowed down.
  pause: () =>
    new Promise<void>((resolve) => {
      paused.push(resolve);
      pauses.port2.postMessage(null);
    }),
  now: () => performance.now(),
};

/** Compiles the module while it comes in where the server names its type, so that the browser may keep the compiled code. */
async function compile(
  kind: string,
  url: string,
  progress: (loaded: number, total: number | undefined) => void,
  signal: AbortSignal,
): Promise<WebAssembly.Module> {
  const what = `the engine's module \`${kind}\``;
  const response = await fetchFile(url, what, signal);
  const total = bodySize(response);
  progress(0, total);
  try {
    if (/^application\/wasm\s*(;|$)/i.test(response.headers.get('content-type') ?? '')) {
      const module = await WebAssembly.compileStreaming(response);
      progress(total ?? 1, total ?? 1);
      return module;
    }
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let loaded = 0;
    for await (const chunk of streamOf(response, what, signal).chunks) {
      parts.push(new Uint8Array(chunk));
      loaded += chunk.byteLength;
      progress(loaded, total);
    }
    progress(loaded, loaded);
    return await WebAssembly.compile(await new Blob(parts).arrayBuffer());
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof GammaError) throw error;
    throw new GammaError('network', `${what} could not be compiled from ${url}: ${messageOf(error)}`);
  }
}

const host = new Host(platform, (message, transfer = []) => scope.postMessage(message, transfer));
scope.addEventListener('message', ({ data }: MessageEvent<ToWorker | HelperOrder>) => {
  if (data.type === 'help') void help(data);
  else host.receive(data);
});
// A trap inside the engine's own event loop rejects no promise of ours; without this its caller would wait for ever.
scope.addEventListener('error', (event: ErrorEvent) => {
  event.preventDefault();
  host.crash(event.error ?? event.message);
});
scope.addEventListener('unhandledrejection', (event: PromiseRejectionEvent) => {
  event.preventDefault();
  host.crash(event.reason);
});
