// Fetching files with errors that say what went wrong.

import { GammaError, messageOf, throwIfAborted } from '../../error.js';
import { chunksOf } from './chunks.js';

/** A file as a stream of chunks, with its size in bytes where that is known. */
export interface FileStream {
  readonly total: number | undefined;
  /** Each is good until the next one is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** `url` for a message: without query and fragment, which may hold keys, and not the whole of a `data:` URL. */
export function shown(url: string): string {
  if (/^data:/i.test(url)) return 'data: URL';
  return url.replace(/[?#].*$/s, '');
}

/**
 * Fetches `what` from `url`.
 *
 * @throws {GammaError} `aborted`; `network` without an answer; `http` for a status that is not a success, and for a web page
 * where a file was expected, which is how many servers answer for files that they do not have.
 */
export async function fetchFile(url: string, what: string, signal: AbortSignal | undefined): Promise<Response> {
  throwIfAborted(signal);
  let response: Response;
  try {
    response = await fetch(url, { signal: signal ?? null });
  } catch (error) {
    throwIfAborted(signal);
    const reason = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
    throw new GammaError('network', `${what} could not be fetched from ${shown(url)}: ${reason}`, { cause: error });
  }
  const refuse = (reason: string): GammaError => {
    // The body is not wanted; without this the connection stays busy.
    response.body?.cancel().catch(() => {});
    return new GammaError('http', `${what} could not be fetched from ${shown(url)}: ${reason}`);
  };
  if (!response.ok) throw refuse(`the server answered ${`${response.status} ${response.statusText}`.trim()}`);
  if (/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(response.headers.get('content-type') ?? '')) {
    throw refuse('the server answered with a web page instead of the file; is the address right?');
  }
  return response;
}

/** The size of the body in bytes, unless it is compressed on its way: then the header counts other bytes. */
export function bodySize(response: Response): number | undefined {
  if ((response.headers.get('content-encoding') ?? 'identity') !== 'identity') return undefined;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

/** The body of a response that {@link fetchFile} gave. */
export function streamOf(response: Response, what: string, signal: AbortSignal | undefined): FileStream {
  const url = shown(response.url);
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    if (!response.body) return;
    let read = 0;
    try {
      for await (const chunk of chunksOf(response.body)) {
        read += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof GammaError) throw error;
      throw new GammaError(
        'network',
        `${what}: the connection to ${url} was cut after ${read} bytes: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  return { total: bodySize(response), chunks: chunks() };
}

/** The whole body of a response that {@link fetchFile} gave. */
export async function bytesOf(response: Response, what: string, signal: AbortSignal | undefined): Promise<ArrayBuffer> {
  try {
    return await response.arrayBuffer();
  } catch (error) {
    throwIfAborted(signal);
    throw new GammaError('network', `${what}: the connection to ${shown(response.url)} was cut: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
