// A site of its own with the package, the fake engine in place of the modules, and one large model, so that downloads and
// the store of a real browser are tested without the time that a real model takes.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { repository } from './repository.ts';

/** Bytes of a block of the store. */
export const BLOCK = 8 << 20;

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html' };
const PAGE = `<!doctype html><title>store</title><script type="module">
import * as api from '/pkg/index.js';
globalThis.api = api;
</script>`;

/** Weights of the fake engine, `bytes` long and different everywhere. */
export function largeModel(bytes: number, seed = 'a'): Buffer {
  const head = '{"pad":"';
  const body = Buffer.alloc(bytes, '0');
  let at = body.write(head);
  for (let block = 0; at < bytes - 2; block++) {
    const text = createHash('sha256').update(`${seed} ${block}`).digest('hex');
    at += body.write(text.repeat(16).slice(0, bytes - 2 - at), at);
  }
  body.write('"}', bytes - 2);
  return body;
}

/** The checksum that the fake engine makes of a model. */
export function checksum(bytes: Uint8Array): string {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return `${bytes.length} ${((high << 16) | low) >>> 0}`;
}

/** The site. */
export class FakeSite {
  /** Ranges that were asked for, `undefined` for the whole. */
  readonly ranges: (string | undefined)[] = [];
  /** Bytes of the model that were sent. */
  sent = 0;
  /** Milliseconds between two megabytes. */
  pause = 0;
  /** The next answer that gets this far sends nothing more, and stays open until the browser ends it. */
  hold = Number.POSITIVE_INFINITY;
  /** Hears of every megabyte, and of a {@link hold} once it has begun. */
  onSent: (sent: number) => void = () => {};
  /** Requests for the model get no answer. */
  away = false;
  /** What the worker runs before the package's own code. */
  workerHead = '';
  url = '';
  readonly #server: Server;

  constructor(public model: Buffer) {
    this.#server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://site');
      if (pathname.startsWith('/model')) {
        if (this.away) response.destroy();
        else void this.#send(request.headers, response);
      } else if (pathname === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      else if (pathname === '/pkg/worker.js') {
        response.writeHead(200, { 'content-type': 'text/javascript' });
        response.end(`${this.workerHead}\n${readFileSync(repository('pkg/worker.js'), 'utf8')}`);
      } else if (/^\/pkg\/(?:[\w-]+\/)*[\w-]+\.js$/.test(pathname)) this.#file(repository(pathname.slice(1)), response);
      else if (/^\/fake\/cpu(-relaxed)?\/gamma\.js$/.test(pathname)) {
        this.#file(repository('tests/js/fake-engine.js'), response);
      } else if (pathname.endsWith('gamma_bg.wasm')) response.end(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      else response.writeHead(404).end();
    });
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
    return this;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #file(path: string, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(readFileSync(path));
  }

  async #send(headers: Record<string, string | string[] | undefined>, response: ServerResponse): Promise<void> {
    const { model } = this;
    const etag = `"${createHash('sha256').update(model.subarray(0, 4096)).digest('hex').slice(0, 16)}"`;
    const range = headers.range as string | undefined;
    this.ranges.push(range);
    const found =
      headers['if-range'] === undefined || headers['if-range'] === etag
        ? /^bytes=(\d+)-(\d*)$/.exec(range ?? '')
        : null;
    const start = found ? Number(found[1]) : 0;
    const end = found?.[2] ? Number(found[2]) + 1 : model.length;
    response.writeHead(found ? 206 : 200, {
      etag,
      'content-length': end - start,
      ...(found && { 'content-range': `bytes ${start}-${end - 1}/${model.length}` }),
    });
    const closed = new Promise((resolve) => response.once('close', resolve));
    for (let at = start; at < end && !response.destroyed; at += 1 << 20) {
      const part = model.subarray(at, Math.min(end, at + (1 << 20)));
      const drained = response.write(part) || new Promise((resolve) => response.once('drain', resolve));
      await Promise.race([drained, closed]);
      this.sent += part.length;
      const reached = at + part.length >= this.hold;
      if (reached) this.hold = Number.POSITIVE_INFINITY;
      this.onSent(this.sent);
      // An answer that has been sent as a whole has to end: the browser's next request would wait behind it for ever.
      if (reached && at + part.length < end) return;
      if (this.pause > 0) await new Promise((resolve) => setTimeout(resolve, this.pause));
    }
    response.end();
  }
}
