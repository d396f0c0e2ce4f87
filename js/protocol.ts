// The typed messages between a page (or Node's main thread) and the worker that owns the engine.

import type { WireError } from './error.js';
import type { Directory, NamedBlob } from './file-system.js';
import type {
  Assessment,
  CacheMode,
  Estimate,
  LoadProgress,
  ModelInfo,
  ModelSource,
  ModuleKind,
  Precision,
  Scene,
} from './types.js';
import type { Capture, EngineAssessment, EngineUrls, JobOptions, OpenedDevice, PhotoAbout, Together } from './wasm.js';

/** A photo on its way to the worker: encoded bytes, a file, RGBA pixels, or an ImageBitmap (named so only where DOM types are). */
export type WirePhoto =
  | { kind: 'bytes'; bytes: ArrayBuffer; type: string }
  /** A file of which the worker reads as much as it needs; under Node it may be a path. */
  | { kind: 'file'; file: Blob | string; type: string }
  | { kind: 'rgba'; width: number; height: number; data: ArrayBuffer }
  | PreparedPhoto
  | { kind: 'bitmap'; bitmap: object };

/** A photo that a worker read and scaled before, and what was known of it then. */
export interface PreparedPhoto {
  readonly kind: 'prepared';
  readonly width: number;
  readonly height: number;
  /** Pixels as the model looks at them, three bytes each. */
  readonly rgb: ArrayBuffer;
  readonly known: KnownOfPhoto;
}

/** What an assessment says of a photo's file and of how it was scaled. */
export type KnownOfPhoto = PhotoAbout & Pick<Assessment, 'provenance' | 'scale' | 'enlarged'>;

/** Weights on their way to the worker. `pulled`: the worker asks the page for one chunk after the other. */
export type WireWeights =
  | { kind: 'url'; url: string }
  | { kind: 'files'; files: NamedBlob[] }
  | { kind: 'folder'; folder: Directory }
  | { kind: 'pulled' };

/** An assessment as the worker sends it. */
export type WireAssessment = EngineAssessment & { ms: number };

/** What the worker says of a photo. */
export interface WireScore {
  /** One for each scene asked about, in their order. */
  assessments: WireAssessment[];
  /** Crops planned. */
  total: number;
  /** Whether no crop is left to be scored. */
  settled: boolean;
  /** What those that were scored answered, from which another request goes on. */
  answered: Float32Array<ArrayBuffer>;
  /** If it was asked for and is small: the photo, for a request that goes on, or to be shown. */
  prepared?: PreparedPhoto;
}

/** What is compared of a photo. */
export interface WireLook {
  /** Empty for pixels, which come with no camera's file. */
  capture: Capture;
  /** `[grid * grid, width]`. */
  shown: Float32Array<ArrayBuffer>;
  grid: number;
}

/** Each request with its answer. */
export interface Requests {
  /** Loads the WebAssembly module and opens the device. */
  open: { body: { module: ModuleKind; urls: EngineUrls; threads: number }; reply: OpenedDevice };
  /** Loads the weights, which every engine of the worker then shares. */
  load: {
    body: {
      weights: WireWeights;
      /** The address of the default model, which `weights` may add scenes to. */
      defaultModel: string;
      cache: CacheMode;
      precision: Precision;
    };
    reply: { model: ModelInfo; source: ModelSource };
  };
  /** Makes an engine with scenes of its own. */
  share: { body: { engine: number }; reply: { scenes: Scene[] } };
  /** Frees an engine. */
  release: { body: { engine: number }; reply: null };
  /** Scores a photo under the scenes named, and tells of the first one as it goes on. */
  score: {
    body: {
      engine: number;
      photo: WirePhoto;
      scenes: readonly string[];
      options: JobOptions;
      /** Ends after one step. */
      preview: boolean;
      /** Whether the photo shall come back with the answer, if it is small. */
      keep?: boolean | undefined;
      /** What the first crops answered in another request for the same photo, options and scenes of the engine. */
      answered?: Float32Array<ArrayBuffer> | undefined;
    };
    reply: WireScore;
  };
  /** Tells what a photo shows and when it was taken. */
  look: { body: { engine: number; photo: WirePhoto }; reply: WireLook };
  /** Puts photos together that were looked at. */
  group: { body: { looks: readonly WireLook[] }; reply: { groups: Together[] } };
  /** Measures memory. */
  memory: { body: Record<string, never>; reply: { wasm: number } };
  /** Adds a scene to one engine. */
  'add-scene': { body: { engine: number; scene: string; template: string }; reply: { scenes: Scene[] } };
}

/** The name of a request. */
export type RequestName = keyof Requests;

/** One request as a message. */
export type RequestMessage = { [K in RequestName]: { type: K; id: number; body: Requests[K]['body'] } }[RequestName];

/** What goes to the worker. */
export type ToWorker =
  | RequestMessage
  | { type: 'abort'; id: number }
  /** Answer to `pull`; null at the end of the file. */
  | { type: 'chunk'; id: number; bytes: Uint8Array | null }
  | { type: 'chunk-failed'; id: number; error: WireError };

/** Progress of a request: loading, or crops of a photo. */
export type WireProgress = LoadProgress | { phase: 'crops'; loaded: number; total: number; estimate: Estimate };

/** What comes from the worker. */
export type FromWorker =
  /** The first message: the script runs. */
  | { type: 'ready' }
  | { type: 'done'; id: number; reply: Requests[RequestName]['reply'] }
  /** `fatal`: the worker must not be used again. */
  | { type: 'failed'; id: number; error: WireError; fatal: boolean }
  | { type: 'progress'; id: number; progress: WireProgress }
  | { type: 'pull'; id: number }
  /** An error that belongs to no request: a trap in the engine's own event loop. */
  | { type: 'crashed'; error: WireError };

/** What a helper is told, once: to serve a worker whose module shares its memory. It answers nobody. */
export interface HelperOrder {
  readonly type: 'help';
  /** The glue of the module `cpu-threads`. */
  readonly glue: string;
  readonly module: object;
  readonly memory: object;
}

/** A worker asks its page for `count` helpers, which are workers with the same script. Only workers of browsers do. */
export interface HelpersWanted {
  readonly type: 'helpers';
  readonly count: number;
  readonly order: HelperOrder;
}
