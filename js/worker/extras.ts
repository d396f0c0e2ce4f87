// The module of what few callers need: decoders of the rarer formats, and the tokenizer. It is fetched when it is first needed.

import type { WireLook } from '../protocol.js';
import type { Provenance, Scene } from '../types.js';
import type {
  Capture,
  DecodeOptions,
  EnginePhoto,
  EngineUrls,
  ExtrasModule,
  PhotoAbout,
  Prompts,
  Rgb,
  Together,
  Tokenizer,
} from '../wasm.js';
import type { HostPlatform } from './platform.js';
import { decodePreview, type PartedFile } from './raw.js';

/** One worker's. */
export class Extras {
  readonly #platform: HostPlatform;
  readonly #urls: EngineUrls;
  #module: ExtrasModule | undefined;
  #tokenizer: Tokenizer | undefined;

  constructor(platform: HostPlatform, urls: EngineUrls) {
    this.#platform = platform;
    this.#urls = urls;
  }

  /** Bytes of the module's memory; 0 while it has none. */
  get memory(): number {
    return this.#module?.memory_bytes() ?? 0;
  }

  /** Decodes a photo of a format that the engine leaves to this module. */
  async decode(bytes: Uint8Array, options: DecodeOptions, signal: AbortSignal): Promise<RgbAbout> {
    return takeOver((await this.#load(signal)).decode(bytes, options));
  }

  /** Decodes the preview of a RAW file; undefined if it is no RAW file. */
  async preview(file: PartedFile, options: DecodeOptions, signal: AbortSignal): Promise<RgbAbout | undefined> {
    const photo = await decodePreview(file, await this.#load(signal), options, signal);
    return photo && takeOver(photo);
  }

  /** What a file declares about its origin. */
  async provenance(bytes: Uint8Array, signal: AbortSignal): Promise<Provenance> {
    return (await this.#load(signal)).provenance(bytes);
  }

  /** When and how a photo was taken, by the first bytes of its file. */
  async capture(start: Uint8Array, signal: AbortSignal): Promise<Capture> {
    return (await this.#load(signal)).capture(start);
  }

  /** Puts photos together. */
  async group(looks: readonly WireLook[], signal: AbortSignal): Promise<Together[]> {
    const { Grouping } = await this.#load(signal);
    const grouping = new Grouping();
    try {
      for (const { capture, shown, grid } of looks) grouping.add(capture, shown, grid);
      return grouping.groups();
    } finally {
      grouping.free();
    }
  }

  /** The token ids of a scene's prompts. */
  async prompts({ id, template }: Scene, signal: AbortSignal): Promise<Prompts> {
    if (!this.#tokenizer) {
      const [module, merges] = await Promise.all([
        this.#load(signal),
        this.#platform.merges(this.#urls.merges, signal),
      ]);
      this.#tokenizer = new module.Tokenizer(merges);
    }
    return this.#tokenizer.prompts(id, template);
  }

  async #load(signal: AbortSignal): Promise<ExtrasModule> {
    this.#module ??= await this.#platform.loadModule('extras', this.#urls.extras, () => {}, signal);
    return this.#module;
  }
}

/** Pixels, and what of their file they are. */
export interface RgbAbout extends Rgb {
  about: PhotoAbout;
}

function takeOver(photo: EnginePhoto): RgbAbout {
  const { width, height } = photo;
  const about = photo.about();
  return { width, height, about, data: photo.into_rgb() };
}
