// Photos that a first pass read and scaled, kept for the second one within a bound of bytes.
import type { PreparedPhoto } from '../protocol.js';

/** The most that is kept unless the caller says, in bytes. */
const MOST = 1 << 30;

/** Bytes that photos between two passes may take on a device with `memory` bytes: a sixteenth of it. */
export function roomIn(memory: number): number {
  return Math.min(MOST, memory / 16);
}

/** A photo that is kept until it is taken. */
export interface KeptPhoto {
  /** The photo, whose bytes no longer count; undefined if it was taken before. */
  take(): PreparedPhoto | undefined;
}

/** Room for the photos of one run. When it is full, more are not kept: those that are there are needed first. */
export class Room {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** Bytes that are left. */
  get free(): number {
    return this.#free;
  }

  /** Keeps a photo; undefined if it does not fit in. */
  keep(photo: PreparedPhoto | undefined): KeptPhoto | undefined {
    if (!photo || photo.rgb.byteLength > this.#free) return undefined;
    const bytes = photo.rgb.byteLength;
    this.#free -= bytes;
    let kept: PreparedPhoto | undefined = photo;
    return {
      take: () => {
        const taken = kept;
        if (taken) this.#free += bytes;
        kept = undefined;
        return taken;
      },
    };
  }
}
