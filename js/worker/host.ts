// What runs in the worker: owns one engine and answers requests. It knows neither browser nor Node; `HostPlatform` does.

import { abortedBy, GammaError, isTrap, messageOf, throwIfAborted, toGammaError } from '../error.js';
import { blobFiles, folderFiles, streamFiles } from '../model/local.js';
import type { ModelFiles } from '../model/stream/files.js';
import type {
  FromWorker,
  PreparedPhoto,
  RequestMessage,
  RequestName,
  Requests,
  ToWorker,
  WireLook,
  WireProgress,
  WireScore,
  WireWeights,
} from '../protocol.js';
import type { CacheMode, Provenance } from '../types.js';
import type { Engine, EngineAssessment, IndexedFile, Job, PhotoAbout, WasmModule } from '../wasm.js';
import { type Decoders, decodePhoto } from './decode.js';
import { Extras } from './extras.js';
import { assemble, assembleText, type Follow, free } from './load-model.js';
import { look } from './look.js';
import type { HostPlatform } from './platform.js';

/** Progress of bytes is reported at most this often, in milliseconds. */
const REPORT_INTERVAL = 50;

/** What is known of the origin of pixels. */
const UNKNOWN: Provenance = { source: 'unknown', evidence: [], c2pa: 'absent', verified: false };

interface Running {
  controller: AbortController;
  /** Settles the chunk that the engine waits for. */
  pulled?: { resolve(bytes: Uint8Array | null): void; reject(error: GammaError): void } | undefined;
}

/** One engine of the worker, with scenes of its own. */
interface Seat {
  engine: Engine;
}

/** Sends a message to the page; `transfer` lists the buffers that move along. */
type Send = (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void;

/** The engines' owner. */
export class Host {
  readonly #platform: HostPlatform;
  readonly #send: Send;
  readonly #running = new Map<number, Running>();
  #extras: Extras | undefined;
  #module: WasmModule | undefined;
  #files: ModelFiles | undefined;
  /** The files of the text tower that were not loaded with the model. */
  #text: readonly IndexedFile[] = [];
  /** The engine that was loaded; the others share its weights. Its scenes are the model's own. */
  #root: Seat | undefined;
  readonly #seats = new Map<number, Seat>();

  constructor(platform: HostPlatform, send: Send) {
    this.#platform = platform;
    this.#send = send;
    // Silence would mean that the script never ran.
    send({ type: 'ready' });
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
      const prepared = request.type === 'score' ? (reply as WireScore).prepared : undefined;
      this.#send({ type: 'done', id, reply }, prepared && [prepared.rgb]);
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
      case 'share':
        return this.#share(request.body);
      case 'look':
        return this.#look(request.body, signal);
      case 'group':
        return this.#need(this.#extras)
          .group(request.body.looks, signal)
          .then((groups) => ({ groups }));
      case 'memory':
        return Promise.resolve({ wasm: this.#need(this.#module).memory_bytes() + this.#need(this.#extras).memory });
      case 'release':
        return this.#release(request.body);
    }
  }

  async #open(
    { module, urls, threads }: Requests['open']['body'],
    report: (progress: WireProgress) => void,
    signal: AbortSignal,
  ): Promise<Requests['open']['reply']> {
    this.#extras = new Extras(this.#platform, urls);
    const bytes = (loaded: number, total: number | undefined) =>
      report(total === undefined ? { phase: 'module', loaded } : { phase: 'module', loaded, total });
    this.#module = await this.#platform.loadModule(module, urls.module, this.#rarely(bytes), signal, threads);
    throwIfAborted(signal);
    report({ phase: 'device', loaded: 0, total: 1 });
    const device = await this.#module.open_device();
    report({ phase: 'device', loaded: 1, total: 1 });
    return device;
  }

  async #load(
    id: number,
    { weights, defaultModel, cache, precision }: Requests['load']['body'],
    report: (progress: WireProgress) => void,
    running: Running,
  ): Promise<Requests['load']['reply']> {
    const { signal } = running.controller;
    const files = await this.#filesOf(weights, cache, id, running);
    this.#files = files;
    const follow = this.#follow(signal, report);
    let extended: ModelFiles | undefined;
    const filesOfDefault = async () => {
      extended = await this.#platform.files(defaultModel, cache);
      return extended;
    };
    const module = this.#need(this.#module);
    const { engine, from, text } = await assemble(module, precision, files, filesOfDefault, follow);
    this.#root = { engine };
    this.#text = text;
    report({ phase: 'prompts', loaded: 0, total: 1 });
    const unread = engine.unread_scenes();
    // Scenes of the model's own without stored features: its text tower has to compute them.
    if (unread.length > 0 && engine.text_tower() === 'separate') await assembleText(engine, files, text, follow);
    for (const scene of unread) {
      const prompts = await this.#need(this.#extras).prompts(scene, signal);
      throwIfAborted(signal);
      await engine.add_scene(scene.id, scene.template, prompts);
    }
    throwIfAborted(signal);
    report({ phase: 'prompts', loaded: 1, total: 1 });
    const keeping = [files.keeping, ...(extended ? [extended.keeping] : [])];
    const [kept, note] = [keeping.every(({ kept }) => kept), keeping.map(({ note }) => note).find(Boolean) ?? ''];
    return { model: engine.model(), source: { from, kept, note } };
  }

  #filesOf(weights: WireWeights, cache: CacheMode, id: number, running: Running): ModelFiles | Promise<ModelFiles> {
    switch (weights.kind) {
      case 'url':
        return this.#platform.files(weights.url, cache);
      case 'files':
        return blobFiles(weights.files);
      case 'folder':
        return folderFiles(weights.folder);
      case 'pulled':
        return streamFiles(this.#pull(id, running));
    }
  }

  #follow(signal: AbortSignal, report: (progress: WireProgress) => void): Follow {
    return { signal, now: () => this.#platform.now(), interval: REPORT_INTERVAL, report };
  }

  async #share({ engine: id }: Requests['share']['body']): Promise<Requests['share']['reply']> {
    const seat = { engine: this.#need(this.#root).engine.share() };
    this.#seats.set(id, seat);
    return { scenes: seat.engine.scenes() };
  }

  async #release({ engine: id }: Requests['release']['body']): Promise<Requests['release']['reply']> {
    free(this.#seats.get(id)?.engine);
    this.#seats.delete(id);
    return null;
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
    { engine: id, photo: wire, scenes, options, preview, keep, answered }: Requests['score']['body'],
    report: (progress: WireProgress) => void,
    signal: AbortSignal,
  ): Promise<Requests['score']['reply']> {
    const { engine } = this.#need(this.#seats.get(id));
    const start = this.#platform.now();
    let job: Job | undefined;
    try {
      const decoders = this.#decoders(engine);
      const parity = options.parity ?? false;
      const { photo, about, provenance = UNKNOWN, scaled } = await decodePhoto(decoders, wire, parity, signal);
      const planned = engine.job(photo, options);
      job = planned;
      if (answered) planned.resume(answered);
      const total = job.crops;
      const before = job.done;
      let done = before;
      const settled = () => scenes.every((scene) => planned.is_settled(scene));
      // A preview takes one step, also where what was answered before would do.
      const enough = () => (preview ? job?.done !== before || before >= total : settled());
      while (!enough()) {
        await this.#platform.pause();
        throwIfAborted(signal);
        // A preview ends after a step, and a tolerance may be met after each crop.
        const next = await job.step(preview || options.tolerance !== undefined);
        if (!(next > done)) throw new GammaError('wasm', `the engine stopped after ${done} of ${total} crops`);
        done = next;
        const { score, percent, uncertainty } = job.assess(scenes[0] ?? '');
        report({ phase: 'crops', loaded: done, total, estimate: { score, percent, uncertainty } });
      }
      const assessments: EngineAssessment[] = [];
      for (const scene of scenes) {
        throwIfAborted(signal);
        assessments.push({ ...job.assess(scene), ...scaled, ...about, provenance });
      }
      const ms = this.#platform.now() - start;
      const prepared = keep ? preparedPhoto(job, about, assessments[0]) : undefined;
      return {
        assessments: assessments.map((assessment) => ({ ...assessment, ms })),
        total,
        settled: settled(),
        answered: new Float32Array(job.answered()),
        ...(prepared && { prepared }),
      };
    } finally {
      free(job);
    }
  }

  async #look({ engine: id, photo }: Requests['look']['body'], signal: AbortSignal): Promise<WireLook> {
    const { engine } = this.#need(this.#seats.get(id));
    return look(this.#decoders(engine), photo, signal);
  }

  #decoders(engine: Engine): Decoders {
    return { platform: this.#platform, module: this.#need(this.#module), engine, extras: this.#need(this.#extras) };
  }

  async #addScene(
    { engine: id, scene, template }: Requests['add-scene']['body'],
    signal: AbortSignal,
  ): Promise<Requests['add-scene']['reply']> {
    const seat = this.#need(this.#seats.get(id));
    if (seat.engine.text_tower() === 'separate') await this.#textFor(seat, signal);
    const hasTower = seat.engine.text_tower() === 'loaded';
    const prompts = hasTower ? await this.#need(this.#extras).prompts({ id: scene, template }, signal) : [];
    throwIfAborted(signal);
    await seat.engine.add_scene(scene, template, prompts);
    return { scenes: seat.engine.scenes() };
  }

  /** Fetches the text tower, once for all engines. */
  async #textFor(seat: Seat, signal: AbortSignal): Promise<void> {
    const root = this.#need(this.#root);
    if (root.engine.text_tower() === 'separate') {
      await assembleText(
        root.engine,
        this.#need(this.#files),
        this.#text,
        this.#follow(signal, () => {}),
      );
    }
    if (seat.engine.text_tower() !== 'separate') return;
    // Without a text tower it has only the model's scenes, so nothing is lost with it.
    const shared = root.engine.share();
    free(seat.engine);
    seat.engine = shared;
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

/** Photos of more bytes do not come back: their models do not scale them, and reading them again takes little beside computing them. */
const SMALL = 4 << 20;

/** The photo of a job; undefined if it is not small. */
function preparedPhoto(
  job: Job,
  about: PhotoAbout,
  assessment: EngineAssessment | undefined,
): PreparedPhoto | undefined {
  if (!assessment || 3 * assessment.width * assessment.height > SMALL) return undefined;
  const { width, height, provenance, scale, enlarged } = assessment;
  const { buffer } = new Uint8Array(job.pixels());
  return { kind: 'prepared', width, height, rgb: buffer, known: { ...about, provenance, scale, enlarged } };
}
