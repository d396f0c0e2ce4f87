// A server of one file that does, request after request, what a test wrote down.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server does with one request; `undefined` is the ordinary answer. */
export type Act = (request: IncomingMessage, response: ServerResponse, server: FlakyServer) => void;

/** Serves `bytes`, with ranges and a strong ETag, unless it is told otherwise. */
export class FlakyServer {
  /** What it does next; when the list is empty it answers as it should. */
  readonly acts: (Act | undefined)[] = [];
  /** Headers of the requests so far. */
  readonly requests: { path: string; range: string | undefined; ifRange: string | undefined }[] = [];
  /** Connections that are open. */
  open = 0;
  /** Bytes that were sent. */
  sent = 0;
  headers: Record<string, string> = {};
  etag: string | undefined;
  ranges = true;
  url = '';
  readonly #server: Server;

  constructor(public bytes: Uint8Array) {
    this.tag();
    this.#server = createServer((request, response) => {
      const { range, 'if-range': ifRange } = request.headers;
      this.requests.push({ path: request.url ?? '', range, ifRange: ifRange as string | undefined });
      this.open += 1;
      response.on('close', () => {
        this.open -= 1;
      });
      (this.acts.shift() ?? serve)(request, response, this);
    });
  }

  /** Gives the ETag that belongs to the bytes. */
  tag(): void {
    this.etag = `"${createHash('sha256').update(this.bytes).digest('hex').slice(0, 16)}"`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/model`;
    return this;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** The range that is asked for and valid: start and end, exclusive. */
function wanted(request: IncomingMessage, server: FlakyServer): [number, number] | undefined {
  const found = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const condition = request.headers['if-range'];
  if (!found || !server.ranges || (condition !== undefined && condition !== server.etag)) return undefined;
  return [Number(found[1]), found[2] ? Number(found[2]) + 1 : server.bytes.length];
}

/** The ordinary answer, up to `limit` bytes of which the connection lives. */
export const upTo =
  (limit: number): Act =>
  (request, response, server) => {
    const range = wanted(request, server);
    const [start, end] = range ?? [0, server.bytes.length];
    if (server.etag) response.setHeader('etag', server.etag);
    for (const [name, value] of Object.entries(server.headers)) response.setHeader(name, value);
    if (start >= server.bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${server.bytes.length}` }).end();
      return;
    }
    const body = server.bytes.subarray(start, end);
    response.setHeader('content-length', body.length);
    if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${server.bytes.length}`);
    response.writeHead(range ? 206 : 200);
    if (limit >= body.length) {
      server.sent += body.length;
      response.end(body);
      return;
    }
    server.sent += limit;
    // What was written has to reach the other side before the end does.
    response.write(body.subarray(0, limit), () => setTimeout(() => response.destroy(), 5));
    if (limit === 0) response.flushHeaders();
  };

const serve = upTo(Number.POSITIVE_INFINITY);

/** Sends `limit` bytes and then nothing more. */
export const stall =
  (limit: number): Act =>
  (request, response, server) => {
    const [start] = wanted(request, server) ?? [0];
    response.writeHead(200, { 'content-length': server.bytes.length, ...(server.etag && { etag: server.etag }) });
    response.write(server.bytes.subarray(start, start + limit));
  };

/** Answers with a status and nothing else. */
export const status =
  (code: number, headers: Record<string, string> = {}): Act =>
  (_, response) => {
    response.writeHead(code, headers).end('no');
  };

/** Ends the connection without an answer. */
export const hangUp: Act = (request) => {
  request.socket.destroy();
};
