// A photo between its reading and its way to the worker.
import { type CallSignal, reasonOf } from '../abort.js';
import type { WirePhoto } from '../protocol.js';

/** A photo that is read when it is first wanted. A failure is reported where it is sent, and nowhere if it never is. */
export class Taken {
  readonly #read: () => Promise<WirePhoto>;
  #wire: Promise<WirePhoto> | undefined;
  #sent = false;
  #holders = 1;

  constructor(read: () => Promise<WirePhoto>) {
    this.#read = read;
  }

  /** Begins to read it, unless that was begun. */
  begin(): Promise<WirePhoto> {
    if (!this.#wire) {
      this.#wire = this.#read();
      this.#wire.catch(() => {});
    }
    return this.#wire;
  }

  /**
   * Waits for the photo and hands it to `request`, unless the call has ended. With `keep`, what `request` sends is a copy: the photo is
   * there for another time, until it is dropped. Without, it is read anew for another time.
   */
  async send<T>(call: CallSignal, keep: boolean, request: (wire: WirePhoto) => Promise<T>): Promise<T> {
    if (this.#sent) this.#wire = undefined;
    this.#sent = false;
    const wire = await this.begin();
    if (call.signal.aborted) throw reasonOf(call.signal);
    this.#sent = !keep;
    return request(wire);
  }

  /** One more needs what was kept; each who holds it drops it. */
  hold(): void {
    this.#holders += 1;
  }

  /** About the bytes that it holds; 0 for a file, which is read when it is needed. */
  async bytes(): Promise<number> {
    const wire = await this.begin();
    switch (wire.kind) {
      case 'bytes':
        return wire.bytes.byteLength;
      case 'rgba':
        return wire.data.byteLength;
      case 'bitmap': {
        const { width = 0, height = 0 } = wire.bitmap as { width?: number; height?: number };
        return 4 * width * height;
      }
      case 'file':
        return 0;
    }
  }

  /** Frees what a photo that was not sent holds outside of JavaScript's heap, once nobody holds it. */
  drop(): void {
    this.#holders -= 1;
    if (this.#sent || this.#holders > 0) return;
    this.#wire?.then(
      (wire) => {
        if (wire.kind === 'bitmap') (wire.bitmap as { close?(): void }).close?.();
      },
      () => {},
    );
  }
}
