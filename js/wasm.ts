// The surface of the WebAssembly modules as their glue code (`wasm/<kind>/gamma.js`) offers it, and where they lie. Written
// by hand, because the glue is built from Rust and need not be there when this is compiled; tests/contract compares the two.
import type {
  Assessment,
  CropPolicy,
  CropScore,
  Levels,
  ModelInfo,
  ModuleKind,
  Precision,
  Provenance,
  Scene,
} from './types.js';

/** What `open_device` says about the device that it opened and tested. */
export interface OpenedDevice {
  kind: 'webgpu' | 'cpu';
  name: string;
  software: boolean;
  /** Whether large matrices in codes are multiplied in half precision. */
  half: boolean;
}

/** How far a {@link Loader} is with the file that it was last told of; totals are 0 until that file's header is complete. */
export interface LoaderProgress {
  tensors: number;
  tensors_total: number;
  bytes: number;
  bytes_total: number;
}

/** A file that an index names. */
export interface IndexedFile {
  name: string;
  /** Length of the whole file, if the index tells it. */
  bytes?: number | undefined;
  /** Whether it belongs to the text tower, which only scenes of one's own need. */
  text: boolean;
}

/** Takes the files of a model in pieces of any size. A push that failed leaves it useless. */
export interface Loader {
  /** Takes the index of a model of several files, and tells them: those that are always needed first. */
  set_index(json: Uint8Array): { files: IndexedFile[] };
  /** Starts a file; `bytes` is its length, if known. */
  begin(name: string, bytes?: number): void;
  push(chunk: Uint8Array): LoaderProgress;
  /** Whether the file that came holds scenes alone, and the model that they are for comes next. */
  needs_model(): boolean;
  /** Consumes the loader. */
  finish(): Promise<Engine>;
  free(): void;
}

/** A decoded photo. */
export interface EnginePhoto {
  readonly width: number;
  readonly height: number;
  /** What of its file it is. */
  about(): PhotoAbout;
  /** The pixels. Consumes the photo. */
  into_rgb(): Uint8Array;
  free(): void;
}

/** Where the pixels of a photo came from. */
export type PhotoAbout = Pick<Assessment, 'source' | 'preview' | 'damaged' | 'inexact'>;

/** Looks for the preview of a RAW file of which only parts are read. */
export interface RawSearch {
  /** What is needed next, or that it is no RAW file. */
  step(): { next: 'read' | 'preview'; offset: number; length: number } | { next: 'other' };
  add(offset: number, bytes: Uint8Array): void;
  /** Decodes the preview, given its bytes. */
  decode(bytes: Uint8Array, options: DecodeOptions): EnginePhoto;
  free(): void;
}

/** Options of decoding. */
export interface DecodeOptions {
  parity?: boolean;
  max_pixels?: number;
  /** Pixels that the model scales the photo's short side to: a JPEG, or the preview of a RAW file, may come scaled. */
  short_side?: number;
}

/** The crops of one photo on their way through the model. */
export interface Job {
  readonly crops: number;
  readonly done: number;
  /** Whether no further step is needed for a scene. */
  is_settled(scene: string): boolean;
  step(one: boolean): Promise<number>;
  /** The photo as the model looks at it, RGB, of the size that assessments tell. */
  pixels(): Uint8Array;
  /** What the crops scored so far answered, for {@link resume}. */
  answered(): Float32Array;
  /** Goes on where another job of the same photo, options and scenes stopped. */
  resume(answered: Float32Array): void;
  assess(scene: string): EngineAssessment;
  free(): void;
}

/** An assessment as the engine gives it. */
export interface EngineAssessment {
  score: number;
  percent: number;
  levels: Levels;
  spread: number;
  uncertainty: number;
  interval?: Assessment['interval'];
  findings?: Assessment['findings'];
  crops: CropScore[];
  scene: string;
  width: number;
  height: number;
  scale: number;
  enlarged: boolean;
  policy: CropPolicy;
  seed: number;
  /** Of the file, which the engine does not see. */
  provenance: Provenance;
  source: PhotoAbout['source'];
  preview?: PhotoAbout['preview'];
  damaged?: PhotoAbout['damaged'];
  inexact?: PhotoAbout['inexact'];
}

/** Options of {@link Engine.job}; a missing one takes the engine's default. */
export interface JobOptions {
  policy?: CropPolicy;
  crops?: number;
  seed?: number;
  parity?: boolean;
  tolerance?: number;
}

/** A loaded model. */
export interface Engine {
  model(): ModelInfo;
  scenes(): Scene[];
  /** `separate`: the index names files of a text tower that have not been loaded. */
  text_tower(): 'loaded' | 'separate' | 'none';
  /** A loader of the text tower's files; it knows the index already. */
  text_loader(): Loader;
  /** Takes the text tower. Consumes the loader. */
  add_text(loader: Loader): Promise<void>;
  /** Another engine over the same weights, with scenes of its own. */
  share(): Engine;
  /** Scenes of the weights whose prompts have to be read before the first photo. */
  unread_scenes(): Scene[];
  /** Adds a scene, or reads the prompts of one of the weights. */
  add_scene(id: string, template: string, prompts: Prompts): Promise<void>;
  /** Decodes a JPEG or PNG file. */
  decode(bytes: Uint8Array, options: DecodeOptions): EnginePhoto;
  /** Tokens along a side of what {@link shown} gives. */
  readonly grid: number;
  /** What a photo shows, for {@link Grouping}: tokens `[grid * grid, width]`. Takes the photo. */
  shown(photo: EnginePhoto): Promise<Float32Array>;
  /** Takes pixels that the module `extras` decoded. */
  photo(width: number, height: number, rgb: Uint8Array): EnginePhoto;
  pixels(width: number, height: number, rgba: Uint8Array, options: { parity?: boolean }): EnginePhoto;
  /** Takes the photo: it is freed whether this succeeds or not. */
  job(photo: EnginePhoto, options: JobOptions): Job;
  free(): void;
}

/** What every module's glue has. */
export interface Glue {
  /** Instantiates a compiled `WebAssembly.Module`, a name that not every program's libraries declare. */
  default(input: { module_or_path: object }): Promise<unknown>;
  memory_bytes(): number;
}

/** The glue of the module with threads. */
export interface ThreadsModule extends WasmModule {
  default(input: { module_or_path: object; memory?: object; thread_stack_size?: number }): Promise<{ memory: object }>;
  /** Helps the instance that has the same memory. Never returns. */
  serve(): void;
}

/** The glue of a module with an engine. */
export interface WasmModule extends Glue {
  open_device(): Promise<OpenedDevice>;
  /** Whether {@link ExtrasModule} decodes a photo, by its first 16 bytes. */
  needs_extras(first: Uint8Array): boolean;
  /** Whether a file may declare its origin; what it declares {@link ExtrasModule} reads. */
  may_declare(bytes: Uint8Array): boolean;
  Loader: new (precision: Precision) => Loader;
}

/** Token ids of the five prompts of a scene. */
export type Prompts = number[][];

/** CLIP's tokenizer. */
export interface Tokenizer {
  prompts(id: string, template: string): Prompts;
}

/** When and how a photo was taken: opaque here. */
export type Capture = Uint8Array<ArrayBufferLike>;

/** Places of photos that belong together, in the order in which they were taken. */
export interface Together {
  kind: 'single' | 'alike' | 'bracket' | 'focus-stack' | 'panorama';
  places: number[];
}

/** Puts photos together. */
export interface Grouping {
  /** `capture`: empty where there is none; `shown`: `[grid * grid, width]`. */
  add(capture: Capture, shown: Float32Array, grid: number): void;
  groups(): Together[];
  free(): void;
}

/** The glue of the module `extras`: what few callers need. */
export interface ExtrasModule extends Glue {
  /** Decodes a file of any format. */
  decode(bytes: Uint8Array, options: DecodeOptions): EnginePhoto;
  /** What a file of any format declares about its origin. */
  provenance(bytes: Uint8Array): Provenance;
  /** When and how a photo was taken, by the first bytes of its file. */
  capture(start: Uint8Array): Capture;
  Grouping: new () => Grouping;
  RawSearch: new (size: number) => RawSearch;
  Tokenizer: new (merges: string) => Tokenizer;
}

/** The modules and their glue. */
export type Modules = Record<Exclude<ModuleKind, 'cpu-threads'>, WasmModule> & {
  'cpu-threads': ThreadsModule;
  extras: ExtrasModule;
};

/** The two files of a module. */
export interface ModuleUrls {
  /** The JavaScript around it. */
  readonly glue: string;
  readonly binary: string;
}

/** The files that a worker needs, as absolute URLs. */
export interface EngineUrls {
  readonly module: ModuleUrls;
  /** What few callers need, fetched when it is first needed. */
  readonly extras: ModuleUrls;
  /** The tokenizer's merges. */
  readonly merges: string;
}

/** Pixels of three bytes. */
export interface Rgb {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Pixels of four bytes, which the environment decoded, not the engine. */
export type Rgba = Rgb;

const imported = new Map<string, Promise<unknown>>();
let last: Promise<unknown> = Promise.resolve();

/** Where glue leaves its exports; scripts/lib/glue.mjs writes the other side. */
const REGISTRY = Symbol.for('gamma-wasm.glue');

/**
 * Imports the glue code at run time, from a file that bundlers have copied. One that makes a script without exports of it is served as
 * well: the glue also hands its exports over as it runs.
 */
export function importGlue<Kind extends keyof Modules>(url: string): Promise<Modules[Kind]> {
  const next = imported.get(url) ?? last.then(() => importOnce(url));
  imported.set(url, next);
  // One after the other, so that what is handed over has but one owner.
  last = next.catch(() => imported.delete(url));
  return next as Promise<Modules[Kind]>;
}

async function importOnce(url: string): Promise<unknown> {
  let handed: unknown;
  const scope = globalThis as { [REGISTRY]?: ((exports: unknown) => void) | undefined };
  scope[REGISTRY] = (exports) => {
    handed = exports;
  };
  const module: { default?: unknown } = await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  return module.default === undefined ? handed : module;
}
