// What runs in the worker: owns one engine and answers requests. It knows neither browser nor Node; `HostPlatform` does.

import type { Engine, EnginePhoto, Job, Loader, WasmModule } from './engine.js';
import { abortedBy, GammaError, isTrap, messageOf, throwIfAborted, toGammaError } from './error.js';
import type { FileStream } from './fetching.js';
import type {
  FromWorker,
  RequestMessage,
  RequestName,
  Requests,
  ToWorker,
  WirePhoto,
  WireProgress,
} from './protocol.js';
import type { ModuleKind } from './types.js';
import { checked, openBlob } from './weights.js';

/** Pixels that the environment, not the engine, decoded. */
export interface Rgba {
  width: number;
  height: number;
  data: Uint8Array;
}

/** What differs between a browser's worker and Node's. */
export interface HostPlatform {
  /** Loads a module and initialises it. `progress` gets bytes. */
  loadModule(
    kind: ModuleKind,
    base: string | undefined,
    progress: (loaded: number, total: number | undefined) => void,
    signal: AbortSignal,
  ): Promise<WasmModule>;
  /** Opens the weights at a URL. */
  openUrl(url: string, signal: AbortSignal): Promise<FileStream>;
  /** The tokenizer's merges. */
  merges(base: string | undefined, signal: AbortSignal): Promise<string>;
  /** Decodes a format that the engine does not know, upright; missing where the environment has no decoder. */
  decode?(bytes: ArrayBuffer, type: string): Promise<Rgba>;
  /** Reads the pixels of a bitmap, and closes it. */
  readBitmap?(bitmap: object): Rgba;
  /** Lets the event loop deliver messages. */
  pause(): Promise<void>;
  /** Milliseconds since some moment. */
  now(): number;
}

/** Progress of bytes is reported at most this often, in milliseconds. */
const REPORT_INTERVAL = 50;

interface Running {
  controller: AbortController;
  /** Settles the chunk that the engine waits for. */
  pulled?: { resolve(bytes: Uint8Array | null): void; reject(error: GammaError): void } | undefined;
}

/** The engine's owner. */
export class Host {
  readonly #platform: HostPlatform;
  readonly #send: (message: FromWorker) => void;
  readonly #running = new Map<number, Running>();
  #base: string | undefined;
  #module: WasmModule | undefined;
  #engine: Engine | undefined;
  #hasMerges = false;

  constructor(platform: HostPlatform, send: (message: FromWorker) => void) {
    this.#platform = platform;
    this.#send = send;
  }

  /** Takes a message from the page. */
  receive(message: ToWorker): void {
    switch (message.type) {
      case 'abort': {
        const running = this.#running.get(message.id);
        running?.controller.abort();
        running?.pulled?.reject(new GammaError('aborted', 'the call was aborted'));
        return;
      }
      case 'chunk':
        this.#running.get(message.id)?.pulled?.resolve(message.bytes);
        return;
      case 'chunk-failed':
        this.#running.get(message.id)?.pulled?.reject(new GammaError(message.error.code, message.error.message));
        return;
      default:
        void this.#answer(message);
    }
  }

  /** Tells the page of an error that no request can be blamed for. */
  crash(error: unknown): void {
    const { code, message } = isTrap(error) ? toGammaError(error, 'wasm') : new GammaError('worker', messageOf(error));
    this.#send({ type: 'crashed', error: { code, message } });
  }

  async #answer(request: RequestMessage): Promise<void> {
    const { id } = request;
    const running: Running = { controller: new AbortController() };
    this.#running.set(id, running);
    try {
      const reply = await this.#perform(request, running);
      this.#send({ type: 'done', id, reply });
    } catch (error) {
      // An error without a code of its own did not come from a check: the engine's state cannot be trusted after it.
      const { code, message } = toGammaError(error, 'wasm');
      const fatal = code === 'wasm' || code === 'device';
      this.#send({ type: 'failed', id, error: { code, message }, fatal });
    } finally {
      this.#running.delete(id);
    }
  }

  #perform(request: RequestMessage, running: Running): Promise<Requests[RequestName]['reply']> {
    const report = (progress: WireProgress) => this.#send({ type: 'progress', id: request.id, progress });
    const { signal } = running.controller;
    switch (request.type) {
      case 'open':
        return this.#open(request.body, report, signal);
      case 'load':
        return this.#load(request.id, request.body, report, running);
      case 'score':
        return this.#score(request.body, report, signal);
      case 'add-scene':
        return this.#addScene(request.body, signal);
    }
  }

  async #open(
    { module, base }: Requests['open']['body'],
    report: (progress: WireProgress) => void,
    signal: AbortSignal,
  ): Promise<Requests['open']['reply']> {
    this.#base = base;
    const bytes = (loaded: number, total: number | undefined) => report(progressOf('module', loaded, total));
    this.#module = await this.#platform.loadModule(module, base, this.#rarely(bytes), signal);
    throwIfAborted(signal);
    report({ phase: 'device', loaded: 0, total: 1 });
    const device = await this.#module.open_device();
    report({ phase: 'device', loaded: 1, total: 1 });
    return device;
  }

  async #load(
    id: number,
    { weights }: Requests['load']['body'],
    report: (progress: WireProgress) => void,
    running: Running,
  ): Promise<Requests['load']['reply']> {
    const { signal } = running.controller;
    const stream =
      weights.kind === 'url'
        ? await this.#platform.openUrl(weights.url, signal)
        : weights.kind === 'blob'
          ? openBlob(weights.blob)
          : { total: undefined, chunks: this.#pull(id, running) };
    const engine = await this.#assemble(stream, report, signal);
    this.#engine = engine;
    report({ phase: 'prompts', loaded: 0, total: 1 });
    if (engine.needs_merges()) await this.#mergesFor(engine, signal);
    throwIfAborted(signal);
    report({ phase: 'prompts', loaded: 1, total: 1 });
    return { model: engine.model(), scenes: engine.scenes() };
  }

  async #assemble(
    { total, chunks }: FileStream,
    report: (progress: WireProgress) => void,
    signal: AbortSignal,
  ): Promise<Engine> {
    const { Loader } = this.#need(this.#module);
    const bytes = this.#rarely((loaded, known) => report(progressOf('weights', loaded, known)));
    let loader: Loader | undefined = new Loader();
    try {
      bytes(0, total);
      for await (const chunk of checked(chunks, signal)) {
        const state = await loader.push(chunk);
        // The file's own header knows its size even where the server does not say.
        bytes(state.bytes, state.bytes_total || total);
      }
      throwIfAborted(signal);
      const whole = loader;
      loader = undefined;
      return await whole.finish();
    } finally {
      free(loader);
    }
  }

  async *#pull(id: number, running: Running): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const chunk = await new Promise<Uint8Array | null>((resolve, reject) => {
        if (running.controller.signal.aborted) return reject(abortedBy(running.controller.signal));
        running.pulled = { resolve, reject };
        this.#send({ type: 'pull', id });
      });
      running.pulled = undefined;
      if (!chunk) return;
      yield chunk;
    }
  }

  async #score(
    { photo: wire, scenes, options }: Requests['score']['body'],
    report: (progress: WireProgress) => void,
    signal: AbortSignal,
  ): Promise<Requests['score']['reply']> {
    const engine = this.#need(this.#engine);
    const start = this.#platform.now();
    let job: Job | undefined;
    try {
      const photo = await this.#decode(engine, wire, options.parity ?? false);
      job = engine.job(photo, options);
      const total = job.crops;
      let done = job.done;
      while (done < total) {
        await this.#platform.pause();
        throwIfAborted(signal);
        const next = await job.step();
        if (!(next > done)) throw new GammaError('wasm', `the engine stopped after ${done} of ${total} crops`);
        done = next;
        report({ phase: 'crops', loaded: done, total });
      }
      const assessments: Requests['score']['reply'] = [];
      for (const scene of scenes.length > 0 ? scenes : engine.scenes().map(({ id }) => id)) {
        throwIfAborted(signal);
        assessments.push({ ...(await job.assess(scene)), ms: 0 });
      }
      const ms = this.#platform.now() - start;
      return assessments.map((assessment) => ({ ...assessment, ms }));
    } finally {
      free(job);
    }
  }

  async #decode(engine: Engine, wire: WirePhoto, parity: boolean): Promise<EnginePhoto> {
    const pixels = ({ width, height, data }: Rgba) => engine.pixels(width, height, data, { parity });
    switch (wire.kind) {
      case 'rgba':
        return pixels({ width: wire.width, height: wire.height, data: new Uint8Array(wire.data) });
      case 'bitmap': {
        if (!this.#platform.readBitmap) throw new GammaError('photo-type', 'bitmaps cannot be read here');
        return pixels(this.#platform.readBitmap(wire.bitmap));
      }
      case 'bytes':
        try {
          return engine.decode(new Uint8Array(wire.bytes), { parity });
        } catch (error) {
          const unknown = toGammaError(error, 'wasm');
          if (unknown.code !== 'image-format' || !this.#platform.decode) throw unknown;
          let decoded: Rgba;
          try {
            decoded = await this.#platform.decode(wire.bytes, wire.type);
          } catch (second) {
            if (second instanceof GammaError) throw second;
            throw new GammaError('image-format', `${unknown.message}, nor one that this browser can read`);
          }
          return pixels(decoded);
        }
    }
  }

  async #addScene(
    { scene, template }: Requests['add-scene']['body'],
    signal: AbortSignal,
  ): Promise<Requests['add-scene']['reply']> {
    const engine = this.#need(this.#engine);
    if (engine.model().text_tower) await this.#mergesFor(engine, signal);
    throwIfAborted(signal);
    await engine.add_scene(scene, template);
    return { scenes: engine.scenes() };
  }

  /** Gives the engine its tokenizer, once. */
  async #mergesFor(engine: Engine, signal: AbortSignal): Promise<void> {
    if (this.#hasMerges) return;
    const text = await this.#platform.merges(this.#base, signal);
    throwIfAborted(signal);
    await engine.set_merges(text);
    this.#hasMerges = true;
  }

  #need<T>(part: T | undefined): T {
    if (part === undefined) throw new GammaError('worker', 'the worker was asked out of order');
    return part;
  }

  /** `report`, at most every {@link REPORT_INTERVAL} but always at the end. */
  #rarely(report: (loaded: number, total: number | undefined) => void): typeof report {
    let last = Number.NEGATIVE_INFINITY;
    return (loaded, total) => {
      const now = this.#platform.now();
      if (loaded !== total && now - last < REPORT_INTERVAL) return;
      last = now;
      report(loaded, total);
    };
  }
}

function progressOf(phase: 'module' | 'weights', loaded: number, total: number | undefined): WireProgress {
  return total === undefined ? { phase, loaded } : { phase, loaded, total };
}

/** Frees a WebAssembly object. After a trap that fails, and there is nothing left to free. */
function free(object: { free(): void } | undefined): void {
  try {
    object?.free();
  } catch {
    // The instance is gone, with its memory.
  }
}
