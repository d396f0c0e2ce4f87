// A file over HTTP, as one stream that survives what networks do: breaks, busy servers, silence, a new version of the file.

import { abortedBy, GammaError, type GammaErrorCode, messageOf, throwIfAborted } from '../../error.js';
import { ChunkReader } from './chunks.js';
import { shown } from './fetching.js';
import {
  type ContentRange,
  contentRange,
  differ,
  ifRange,
  isHidden,
  isWebPage,
  lengthOf,
  looksLikeWebPage,
  retryAfter,
  same,
  type Validator,
  validatorOf,
} from './http.js';
import { type Patience, Retry, StartOver } from './retry.js';

/** What to download. */
export interface DownloadOptions {
  readonly url: string;
  /** What it is, for messages. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** How often it may fail, and how long it waits. Shared by all downloads of one file in one call. */
  readonly patience: Patience;
  /** Length that somebody else promised. */
  readonly expected?: number | undefined;
  /** The code for a file that is not there, instead of `http-status`. */
  readonly missing?: GammaErrorCode | undefined;
  /** Where an earlier download stopped; `end` is where this one may stop. */
  readonly from?:
    | { offset: number; end?: number | undefined; total: number | undefined; validator: Validator }
    | undefined;
  /** Whether the browser's own cache takes part. */
  readonly cache?: RequestCache | undefined;
}

/** A download that has begun. */
export interface Download {
  /** Length of the whole file; unknown where the server does not tell it or compresses on the way. */
  readonly total: number | undefined;
  readonly validator: Validator;
  /** The first byte that `chunks` gives: as asked for, or 0 if the file is another than before. */
  readonly offset: number;
  /**
   * Each is good until the next one is asked for.
   *
   * @throws {StartOver} if the file changed, or cannot be continued, after bytes of it were given; GammaErrors `http-*`,
   * `network`, `network-stalled`, `aborted`.
   */
  readonly chunks: AsyncGenerator<Uint8Array, void, void>;
  /** Ends the connection; for a download whose chunks are not read to their end. */
  close(): void;
}

/** Begins a download. Rejects like {@link Download.chunks}, but never with StartOver. */
export async function download(options: DownloadOptions): Promise<Download> {
  const transfer = new Transfer(options);
  const first = await transfer.connect();
  return { ...transfer.begun, chunks: transfer.chunks(first), close: first.close };
}

/** One answer of the server, being read. */
interface Connection {
  /** Position in the file of the next byte that it gives. */
  at: number;
  /** Undefined when there is nothing left to read. */
  reader: ChunkReader | undefined;
  close(): void;
}

class Transfer {
  readonly #options: DownloadOptions;
  /** The next byte to be given on. */
  #position: number;
  #end: number | undefined;
  #total: number | undefined;
  #validator: Validator;
  /** Whether there was an answer that later ones have to agree with. */
  #known: boolean;
  /** Whether bytes were given on. */
  #given = false;
  /** Compressed on its way: positions of the file are not positions of what travels. */
  #encoded = false;
  #foreign: boolean;

  constructor(options: DownloadOptions) {
    const { from, expected, url } = options;
    this.#options = options;
    this.#position = from?.offset ?? 0;
    this.#end = from?.end;
    this.#total = from?.total ?? expected;
    this.#validator = from?.validator ?? {};
    this.#known = from !== undefined;
    this.#foreign = isForeign(url);
  }

  get begun(): { total: number | undefined; validator: Validator; offset: number } {
    return { total: this.#total, validator: this.#validator, offset: this.#position };
  }

  /** Asks until there is an answer that can be read. */
  async connect(): Promise<Connection> {
    const { patience, signal } = this.#options;
    for (;;) {
      try {
        return await this.#ask();
      } catch (error) {
        throwIfAborted(signal);
        await patience.failed(error, signal);
      }
    }
  }

  async *chunks(first: Connection): AsyncGenerator<Uint8Array, void, void> {
    const { patience, signal } = this.#options;
    let connection = first;
    try {
      for (;;) {
        try {
          yield* this.#read(connection);
          return;
        } catch (error) {
          connection.close();
          throwIfAborted(signal);
          await patience.failed(error, signal);
        }
        connection = await this.connect();
      }
    } finally {
      connection.close();
    }
  }

  /** Gives on what `connection` brings that was not given on before. */
  async *#read(connection: Connection): AsyncGenerator<Uint8Array, void, void> {
    const { patience } = this.#options;
    while (connection.reader && !(this.#end !== undefined && this.#position >= this.#end)) {
      const { reader } = connection;
      const value = await this.#timed(reader.read(), connection.close);
      if (!value) break;
      const skipped = Math.min(value.byteLength, this.#position - connection.at);
      connection.at += value.byteLength;
      const room = (this.#end ?? Number.POSITIVE_INFINITY) - this.#position;
      const chunk = value.subarray(skipped, Math.min(value.byteLength, skipped + room));
      if (chunk.byteLength === 0) continue;
      if (this.#position === 0 && looksLikeWebPage(chunk)) throw this.#error('http-html', WEB_PAGE);
      this.#position += chunk.byteLength;
      if (this.#total !== undefined && this.#position > this.#total) {
        throw this.#error('http-length', `more came than the ${this.#total} bytes promised`);
      }
      this.#given = true;
      patience.progressed(this.#position);
      yield chunk;
    }
    const last = this.#end ?? this.#total;
    if (last !== undefined && this.#position < last) {
      throw new Retry(this.#error('http-length', `it ended after ${this.#position} of ${last} bytes`));
    }
  }

  async #ask(): Promise<Connection> {
    const { url, signal, cache } = this.#options;
    const ranged = (this.#position > 0 || this.#end !== undefined) && !this.#encoded;
    const headers: Record<string, string> = {};
    if (ranged) {
      headers.Range = `bytes=${this.#position}-${this.#end === undefined ? '' : this.#end - 1}`;
      // Another origin would have to allow `If-Range` first, and most do not; its answer is compared afterwards instead.
      const condition = this.#foreign ? undefined : ifRange(this.#validator);
      if (condition) headers['If-Range'] = condition;
    }
    throwIfAborted(signal);
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener('abort', abort);
    const close = () => {
      signal.removeEventListener('abort', abort);
      controller.abort();
    };
    try {
      const init = { signal: controller.signal, headers, ...(cache && { cache }) };
      const response = await this.#timed(fetch(url, init), close);
      return this.#examine(response, ranged, close);
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Reads status and headers; throws if the body is not what was asked for. */
  #examine(response: Response, ranged: boolean, close: () => void): Connection {
    const { status } = response;
    if (response.type === 'cors') this.#foreign = true;
    const range = contentRange(response);
    if (status === 416) return this.#beyond(range, close);
    if (status === 429 || status >= 500) {
      const error = this.#error(status === 429 ? 'http-busy' : 'http-server', answered(response));
      throw new Retry(error, retryAfter(response));
    }
    if (status !== 200 && status !== 206) {
      const { missing = 'http-status' } = this.#options;
      throw this.#error(status === 404 || status === 410 ? missing : 'http-status', answered(response));
    }
    if (isWebPage(response)) throw this.#error('http-html', WEB_PAGE);
    const connection = { reader: response.body ? new ChunkReader(response.body) : undefined, close };
    return status === 206 ? this.#part(response, range, ranged, connection) : this.#whole(response, connection);
  }

  /** 416: nothing lies at the position asked for. */
  #beyond(range: ContentRange | undefined, close: () => void): Connection {
    const length = range?.total ?? this.#total;
    if (length === this.#position) {
      this.#total = length;
      return { at: length, reader: undefined, close };
    }
    if (length !== undefined && this.#total !== undefined && length !== this.#total) return this.#another(true);
    throw this.#error('http-range', `the server refuses to go on at byte ${this.#position}`);
  }

  /** 206: a part of the file, which has to be the one asked for and of the same file. */
  #part(
    response: Response,
    range: ContentRange | undefined,
    ranged: boolean,
    connection: Omit<Connection, 'at'>,
  ): Connection {
    if (!ranged) throw this.#error('http-range', 'the server sent a part of it without being asked');
    const hidden = range === undefined && isHidden(response);
    if (!hidden && range?.start !== this.#position) {
      throw this.#error('http-range', `bytes from ${this.#position} were asked for, others came`);
    }
    if (range?.total !== undefined && this.#total !== undefined && range.total !== this.#total) this.#another(true);
    const validator = validatorOf(response);
    if (differ(this.#validator, validator)) this.#another(true);
    // Without either of them nothing says that this is a part of the same file.
    if (!same(this.#validator, validator) && (range?.total ?? Number.NaN) !== this.#total) this.#another(false);
    this.#total ??= range?.total;
    return { ...connection, at: this.#position };
  }

  /** 200: the file from its beginning. What was given on already is passed over if it is the same file. */
  #whole(response: Response, connection: Omit<Connection, 'at'>): Connection {
    const validator = validatorOf(response);
    const length = lengthOf(response);
    if (this.#known) {
      const changed = differ(this.#validator, validator) || (length ?? this.#total) !== (this.#total ?? length);
      if (changed || !same(this.#validator, validator)) {
        if (this.#given) this.#another(changed);
        this.#forget();
      }
    }
    const { expected } = this.#options;
    if (expected !== undefined && length !== undefined && length !== expected) {
      throw this.#error('http-length', `it has ${length} bytes, but the index of the model promises ${expected}`);
    }
    this.#known = true;
    this.#encoded = (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
    this.#validator = validator;
    this.#total = length ?? this.#total;
    return { ...connection, at: 0 };
  }

  /** The server has another file than before, or nothing tells that it is the same. */
  #another(changed: boolean): never {
    const { patience, what, url } = this.#options;
    if (changed) patience.forget();
    if (this.#given) throw new StartOver(changed, `${what} from ${shown(url)}`);
    this.#forget();
    throw new Retry(this.#error('http-range', 'it cannot be continued where it stopped'), 0);
  }

  /** Begins with the first byte of whatever comes. */
  #forget(): void {
    this.#position = 0;
    this.#end = undefined;
    this.#validator = {};
    this.#total = this.#options.expected;
    this.#known = false;
  }

  /** `work`, unless it takes longer than the idle time-out. */
  async #timed<T>(work: Promise<T>, close: () => void): Promise<T> {
    const { patience, signal } = this.#options;
    const { idle } = patience.timings;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stalled = new Promise<never>((_, reject) => {
      const seconds = Math.round(idle / 1000);
      const error = this.#error('network-stalled', `no byte came for ${seconds} s`);
      timer = setTimeout(() => reject(new Retry(error)), idle);
    });
    try {
      return await Promise.race([work, stalled]);
    } catch (error) {
      work.catch(() => {});
      close();
      if (signal.aborted) throw abortedBy(signal);
      if (error instanceof Retry) throw error;
      const reason = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
      const place = this.#given ? `the connection was cut after ${this.#position} bytes` : 'no answer';
      throw new Retry(this.#error('network', `${place}: ${reason}`, error));
    } finally {
      clearTimeout(timer);
    }
  }

  #error(code: GammaErrorCode, reason: string, cause?: unknown): GammaError {
    const { what, url } = this.#options;
    const message = `${what} could not be fetched from ${shown(url)}: ${reason}`;
    return new GammaError(code, message, cause === undefined ? undefined : { cause });
  }
}

const WEB_PAGE = 'the server answered with a web page instead of the file; is the address right?';

const answered = ({ status, statusText }: Response) => `the server answered ${`${status} ${statusText}`.trim()}`;

/** Whether `url` lies on another origin than this page. Under Node there is no page, and nothing is another origin. */
function isForeign(url: string): boolean {
  const origin = (globalThis as { location?: { origin?: string } }).location?.origin;
  return origin !== undefined && new URL(url).origin !== origin;
}
