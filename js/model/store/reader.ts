// Reads the blocks of a file that are on this device.
import { type Copy, notHere } from './copy.js';

/** Blocks are handed on in pieces, so that the engine's memory need not take a whole one at once. */
const PIECE = 1 << 20;

/** Reads blocks, each compared with its hash. */
export class Reader {
  readonly #copy: Copy;

  constructor(copy: Copy) {
    this.#copy = copy;
  }

  /**
   * The next block in pieces, good until the next block is asked for; undefined if it is not there, or not what was written.
   *
   * @throws {GammaError} `network` if it is damaged and nothing else may be asked for it.
   */
  async block(): Promise<Iterable<Uint8Array> | undefined> {
    const copy = this.#copy;
    const block = copy.keeping ? copy.journal?.blocks.get(copy.index) : undefined;
    if (!block) return undefined;
    const bytes = await copy.entry.read(copy.index, block, copy.takeRoom());
    if (!bytes) {
      if (copy.use.mode === 'only-if-cached') throw notHere(copy.wanted);
      copy.damaged = true;
      return undefined;
    }
    copy.index += 1;
    copy.from = 'store';
    copy.giveRoom(bytes.buffer);
    return pieces(bytes);
  }
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  for (let start = 0; start < bytes.byteLength; start += PIECE) yield bytes.subarray(start, start + PIECE);
}
