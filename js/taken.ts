// A photo between its reading and its way to the worker.
import { type CallSignal, reasonOf } from './abort.js';
import type { WirePhoto } from './protocol.js';

/** A photo that is being read. A failure is reported where it is sent, and nowhere if it never is. */
export class Taken {
  /** Settles when the photo is read. */
  readonly wire: Promise<WirePhoto>;
  #sent = false;

  constructor(wire: Promise<WirePhoto>) {
    this.wire = wire;
    wire.catch(() => {});
  }

  /**
   * Waits for the photo and hands it to `request`, unless the call has ended. With `keep`, what `request` sends is a copy: the photo is
   * there for another time, until it is dropped.
   */
  async send<T>(call: CallSignal, keep: boolean, request: (wire: WirePhoto) => Promise<T>): Promise<T> {
    const wire = await this.wire;
    if (call.signal.aborted) throw reasonOf(call.signal);
    this.#sent = !keep;
    return request(wire);
  }

  /** Frees what a photo that was not sent holds outside of JavaScript's heap. */
  drop(): void {
    if (this.#sent) return;
    this.wire.then(
      (wire) => {
        if (wire.kind === 'bitmap') (wire.bitmap as { close?(): void }).close?.();
      },
      () => {},
    );
  }
}
