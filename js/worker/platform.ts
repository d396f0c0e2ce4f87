// What differs between a page's worker and Node's. Tests put fakes here.

import type { ModelFiles } from '../model/stream/files.js';
import type { CacheMode } from '../types.js';
import type { Modules, ModuleUrls, Rgba } from '../wasm.js';
import type { PartedFile } from './raw.js';

/** Pixels that the environment read, and whether it falsified them. */
export interface PixelsRead extends Rgba {
  readonly inexact?: true;
}

/** What differs between a browser's worker and Node's. */
export interface HostPlatform {
  /** Loads a module and initialises it; `threads`, its own among them, for one that can have several. `progress` gets bytes. */
  loadModule<Kind extends keyof Modules>(
    kind: Kind,
    urls: ModuleUrls,
    progress: (loaded: number, total: number | undefined) => void,
    signal: AbortSignal,
    threads?: number,
  ): Promise<Modules[Kind]>;
  /** The model at an absolute URL. */
  files(url: string, cache: CacheMode): ModelFiles | Promise<ModelFiles>;
  /** The tokenizer's merges. */
  merges(url: string, signal: AbortSignal): Promise<string>;
  /** Decodes a format that the engine does not know, upright; missing where the environment has no decoder. */
  decode?(bytes: ArrayBuffer, type: string): Promise<PixelsRead>;
  /** Opens a file by its path, to read it in parts; missing where there are no paths. */
  openFile?(path: string): Promise<PartedFile>;
  /** Reads the pixels of a bitmap, and closes it. */
  readBitmap?(bitmap: object): PixelsRead;
  /** Lets the event loop deliver messages. */
  pause(): Promise<void>;
  /** Milliseconds since some moment. */
  now(): number;
}
