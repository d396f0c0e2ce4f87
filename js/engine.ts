// The surface of the WebAssembly modules as their glue code (`wasm/<kind>/gamma.js`) offers it, and where they lie. Written
// by hand, because the glue is built from Rust and need not be there when this is compiled.
import type { CropPolicy, CropScore, Levels, ModelInfo, ModuleKind, Scene } from './types.js';

/** What `open_device` says about the device that it opened and tested. */
export interface OpenedDevice {
  kind: 'webgpu' | 'cpu';
  name: string;
  software: boolean;
}

/** How far a {@link Loader} is. */
export interface LoaderProgress {
  tensors: number;
  tensors_total: number;
  bytes: number;
  bytes_total: number;
}

/** Takes one safetensors file in pieces of any size. */
export interface Loader {
  push(chunk: Uint8Array): Promise<LoaderProgress>;
  /** Consumes the loader. */
  finish(): Promise<Engine>;
  free(): void;
}

/** A decoded photo. */
export interface EnginePhoto {
  readonly width: number;
  readonly height: number;
  free(): void;
}

/** The crops of one photo on their way through the model. */
export interface Job {
  readonly crops: number;
  readonly done: number;
  step(): Promise<number>;
  assess(scene: string): Promise<EngineAssessment>;
  free(): void;
}

/** An assessment as the engine gives it. */
export interface EngineAssessment {
  score: number;
  percent: number;
  levels: Levels;
  spread: number;
  crops: CropScore[];
  scene: string;
  width: number;
  height: number;
  enlarged: boolean;
  policy: CropPolicy;
  seed: number;
}

/** Options of {@link Engine.job}; a missing one takes the engine's default. */
export interface JobOptions {
  policy?: CropPolicy;
  crops?: number;
  seed?: number;
  parity?: boolean;
}

/** A loaded model. */
export interface Engine {
  model(): ModelInfo;
  scenes(): Scene[];
  needs_merges(): boolean;
  set_merges(text: string): Promise<void>;
  add_scene(id: string, template: string): Promise<void>;
  decode(bytes: Uint8Array, options: { parity?: boolean; max_pixels?: number }): EnginePhoto;
  pixels(width: number, height: number, rgba: Uint8Array, options: { parity?: boolean }): EnginePhoto;
  /** Takes the photo: it is freed whether this succeeds or not. */
  job(photo: EnginePhoto, options: JobOptions): Job;
  free(): void;
}

/** The glue module. */
export interface WasmModule {
  /** Instantiates a compiled `WebAssembly.Module`, a name that not every program's libraries declare. */
  default(input: { module_or_path: object }): Promise<unknown>;
  open_device(): Promise<OpenedDevice>;
  Loader: new () => Loader;
}

/** The two files of a module. */
export interface ModuleUrls {
  glue: string;
  binary: string;
}

/**
 * Where the module `kind` lies: under `base`, or beside this file. The URLs are spelled out so that bundlers see the files,
 * copy them as they are and rewrite the addresses.
 */
export function moduleUrls(kind: ModuleKind, base: string | undefined): ModuleUrls {
  if (base !== undefined) {
    return { glue: new URL(`${kind}/gamma.js`, base).href, binary: new URL(`${kind}/gamma_bg.wasm`, base).href };
  }
  switch (kind) {
    case 'gpu':
      return {
        glue: new URL('./wasm/gpu/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/gpu/gamma_bg.wasm', import.meta.url).href,
      };
    case 'cpu':
      return {
        glue: new URL('./wasm/cpu/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/cpu/gamma_bg.wasm', import.meta.url).href,
      };
    case 'cpu-relaxed':
      return {
        glue: new URL('./wasm/cpu-relaxed/gamma.js', import.meta.url).href,
        binary: new URL('./wasm/cpu-relaxed/gamma_bg.wasm', import.meta.url).href,
      };
  }
}

/** Where the tokenizer's merges lie: under `base`, or beside this file. */
export function mergesUrl(base: string | undefined): string {
  if (base !== undefined) return new URL('clip_merges.txt', base).href;
  return new URL('./wasm/clip_merges.txt', import.meta.url).href;
}

/** Imports the glue code at run time. Bundlers leave it alone: it was copied as a file by {@link moduleUrls}. */
export async function importGlue(url: string): Promise<WasmModule> {
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as WasmModule;
}
