// A photo between its reading and its way to the worker.
import { type CallSignal, reasonOf } from '../abort.js';
import type { WirePhoto } from '../protocol.js';

/** Bytes of photos that were read and not sent yet. */
export interface Ahead {
  bytes: number;
}

/** A photo that is read when it is first wanted. A failure is reported where it is sent, and nowhere if it never is. */
export class Taken {
  readonly #read: () => Promise<WirePhoto>;
  #wire: Promise<WirePhoto> | undefined;
  #sent = false;
  #holders = 1;
  readonly #ahead: Ahead | undefined;
  /** Its part of those. */
  #bytes = 0;

  /** `ahead`: where its bytes count until it is sent or dropped. */
  constructor(read: () => Promise<WirePhoto>, ahead?: Ahead) {
    this.#read = read;
    this.#ahead = ahead;
  }

  /** Begins to read it, unless that was begun. */
  begin(): Promise<WirePhoto> {
    if (!this.#wire) {
      this.#wire = this.#read();
      this.#wire.then((wire) => this.#count(wire.kind === 'bytes' ? wire.bytes.byteLength : 0)).catch(() => {});
    }
    return this.#wire;
  }

  #count(bytes: number): void {
    if (this.#ahead) this.#ahead.bytes += bytes - this.#bytes;
    this.#bytes = bytes;
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
    this.#count(0);
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
      case 'prepared':
        return wire.rgb.byteLength;
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
        this.#count(0);
        if (wire.kind === 'bitmap') (wire.bitmap as { close?(): void }).close?.();
      },
      () => {},
    );
  }
}
