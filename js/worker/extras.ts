// The module of what few callers need: decoders of the rarer formats, and the tokenizer. It is fetched when it is first needed.

import type { Scene } from '../types.js';
import type { DecodeOptions, ExtrasModule, Prompts, Rgb, Tokenizer } from '../wasm.js';
import type { HostPlatform } from './platform.js';

/** One worker's. */
export class Extras {
  readonly #platform: HostPlatform;
  readonly #base: string | undefined;
  #module: ExtrasModule | undefined;
  #tokenizer: Tokenizer | undefined;

  constructor(platform: HostPlatform, base: string | undefined) {
    this.#platform = platform;
    this.#base = base;
  }

  /** Bytes of the module's memory; 0 while it has none. */
  get memory(): number {
    return this.#module?.memory_bytes() ?? 0;
  }

  /** Decodes a photo of a format that the engine leaves to this module. */
  async decode(bytes: Uint8Array, options: DecodeOptions, signal: AbortSignal): Promise<Rgb> {
    const photo = (await this.#load(signal)).decode(bytes, options);
    const { width, height } = photo;
    return { width, height, data: photo.into_rgb() };
  }

  /** The token ids of a scene's prompts. */
  async prompts({ id, template }: Scene, signal: AbortSignal): Promise<Prompts> {
    if (!this.#tokenizer) {
      const [module, merges] = await Promise.all([this.#load(signal), this.#platform.merges(this.#base, signal)]);
      this.#tokenizer = new module.Tokenizer(merges);
    }
    return this.#tokenizer.prompts(id, template);
  }

  async #load(signal: AbortSignal): Promise<ExtrasModule> {
    this.#module ??= await this.#platform.loadModule('extras', this.#base, () => {}, signal);
    return this.#module;
  }
}
