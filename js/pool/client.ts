// Requests to a worker as promises.
import { onAbort } from '../abort.js';
import { copyOf } from '../bytes.js';
import { abortedBy, GammaError, messageOf, toGammaError } from '../error.js';
import type { FromWorker, RequestMessage, RequestName, Requests, ToWorker, WireProgress } from '../protocol.js';
import type { Port } from './platform.js';
import { SILENCE, type Silence, watchSilence } from './silence.js';

/** How a request is followed. */
export interface RequestOptions {
  transfer?: readonly object[] | undefined;
  /** Asks the worker to stop; the promise settles when it did. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: WireProgress) => void) | undefined;
  /** Answers the worker's requests for chunks. */
  feed?: AsyncIterator<Uint8Array, unknown, undefined> | undefined;
}

interface Pending {
  resolve(reply: Requests[RequestName]['reply']): void;
  reject(error: GammaError): void;
  options: RequestOptions;
}

/** One worker and the requests that wait for it. */
export class Client {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #death: GammaError | undefined;
  #started = false;
  readonly #watch: { end(): void };

  /** `silence`: how long the worker may take until its first message. */
  constructor(port: Port, silence: Silence = SILENCE) {
    this.#port = port;
    this.#watch = watchSilence(silence, (error) => void this.close(error));
    port.listen(
      (message) => this.#receive(message),
      (error) => void this.close(error),
    );
    port.hold?.(false);
  }

  /** Why the worker can no longer be used; undefined while it can. */
  get death(): GammaError | undefined {
    return this.#death;
  }

  /** Whether the worker has ever said anything. */
  get started(): boolean {
    return this.#started;
  }

  /** Sends a request. Rejects with a GammaError. */
  async request<K extends RequestName>(
    type: K,
    body: Requests[K]['body'],
    options: RequestOptions = {},
  ): Promise<Requests[K]['reply']> {
    if (this.#death) throw this.#death;
    const { signal } = options;
    if (signal?.aborted) throw abortedBy(signal);
    const id = this.#next++;
    const undo = signal && onAbort(signal, () => this.#post({ type: 'abort', id }));
    try {
      return (await new Promise<Requests[RequestName]['reply']>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject, options });
        this.#port.hold?.(true);
        try {
          this.#port.post({ type, id, body } as RequestMessage, options.transfer ?? []);
        } catch (error) {
          reject(toGammaError(error, 'worker'));
        }
      })) as Requests[K]['reply'];
    } finally {
      undo?.();
      this.#pending.delete(id);
      if (this.#pending.size === 0 && !this.#death) this.#port.hold?.(false);
      // Ends a stream of weights that was not read to its end.
      options.feed?.return?.().catch(() => {});
    }
  }

  /** Ends the worker; what waits for it, and every later request, is rejected with `error`. */
  async close(error: GammaError): Promise<void> {
    if (this.#death) return;
    this.#death = error;
    this.#watch.end();
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    await this.#port.terminate();
  }

  #post(message: ToWorker, transfer: readonly object[] = []): void {
    if (!this.#death) this.#port.post(message, transfer);
  }

  #receive(message: FromWorker): void {
    if (this.#death) return;
    this.#started = true;
    this.#watch.end();
    if (message.type === 'ready') return;
    if (message.type === 'crashed') {
      void this.close(new GammaError(message.error.code, message.error.message));
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    switch (message.type) {
      case 'done':
        pending.resolve(message.reply);
        break;
      case 'failed': {
        const error = new GammaError(message.error.code, message.error.message);
        if (message.fatal) void this.close(error);
        else pending.reject(error);
        break;
      }
      case 'progress':
        callBack(() => pending.options.onProgress?.(message.progress));
        break;
      case 'pull':
        void this.#answerPull(message.id, pending.options.feed);
        break;
    }
  }

  async #answerPull(id: number, feed: RequestOptions['feed']): Promise<void> {
    try {
      const next = await feed?.next();
      if (!next || next.done) {
        this.#post({ type: 'chunk', id, bytes: null });
        return;
      }
      if (!(next.value instanceof Uint8Array)) {
        throw new GammaError('option', 'option `weights`: the stream gave something else than a Uint8Array');
      }
      const bytes = copyOf(next.value);
      this.#post({ type: 'chunk', id, bytes }, [bytes.buffer]);
    } catch (error) {
      const { code } = toGammaError(error, 'network');
      this.#post({
        type: 'chunk-failed',
        id,
        error: { code, message: `the weights' stream failed: ${messageOf(error)}` },
      });
    }
  }
}

/** Calls a caller's function; an error that it throws is reported as uncaught and does not disturb the call it watches. */
export function callBack(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
