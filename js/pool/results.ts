// What was computed of photos whose content cannot change, kept for the next question about them.

import type { WireAssessment } from '../protocol.js';
import type { DeviceKind } from '../types.js';

/** What the crops of a photo answered, all of them or the first ones. */
export interface Kept {
  /** By what stands for a scene, its prompt included. */
  readonly assessments: ReadonlyMap<string, WireAssessment>;
  readonly device: DeviceKind;
  /** Crops planned. */
  readonly total: number;
  /** If crops are left: what to go on from. */
  readonly rest?: Rest | undefined;
}

/** A photo that is not done. */
export interface Rest {
  /** The numbers of the engine. */
  readonly answered: Float32Array<ArrayBuffer>;
  /** The engine's scenes when it gave them. */
  readonly scenes: string;
  /** Milliseconds that it took to get there. */
  readonly ms: number;
}

const MOST_PHOTOS = 256;
const MOST_BYTES = 4_000_000;

/** Holds what was asked for last, within bounds of number and size. */
export class Shelf {
  readonly #photos: number;
  readonly #bytes: number;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  constructor(photos = MOST_PHOTOS, bytes = MOST_BYTES) {
    this.#photos = photos;
    this.#bytes = bytes;
  }

  get(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
    }
    return kept;
  }

  put(key: string, kept: Kept): void {
    this.#remove(key);
    this.#kept.set(key, kept);
    this.#size += sizeOf(kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#photos && this.#size <= this.#bytes) break;
      this.#remove(oldest);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  #remove(key: string): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    this.#size -= sizeOf(kept);
  }
}

/** About the bytes of the objects, as engines of JavaScript lay them out. */
function sizeOf({ assessments, rest }: Kept): number {
  let bytes = 200 + (rest?.answered.byteLength ?? 0);
  for (const { crops } of assessments.values()) bytes += 500 + 110 * crops.length;
  return bytes;
}
