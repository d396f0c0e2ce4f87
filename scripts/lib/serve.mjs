// Files over HTTP, for the page's own server, the tests and the benchmarks.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

/** Cross-origin isolation: high-resolution timers, and the shared memory that threads need. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * The content type of a file, by its name.
 *
 * @param {string} path
 * @returns {string}
 */
export const typeOf = (path) => TYPES[extname(path)] ?? 'application/octet-stream';

/**
 * The file at an address below a folder, or undefined when the address leaves the folder.
 *
 * @param {string} folder
 * @param {string} address
 * @returns {string | undefined}
 */
export function within(folder, address) {
  const root = normalize(folder.endsWith(sep) ? folder : folder + sep);
  const file = normalize(join(root, address));
  return file.startsWith(root) ? file : undefined;
}

/**
 * Answers with a file; 404 if it is not there.
 *
 * @param {string | undefined} file
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Record<string, string>} headers beside type, length and what a cache needs; isolation unless others are given.
 */
export function sendFile(file, request, response, headers = ISOLATION) {
  const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (file === undefined || !stat?.isFile()) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Not here: it may not be built yet.\n');
    return;
  }
  const etag = `W/"${stat.size.toString(16)}-${stat.mtimeMs.toString(16)}"`;
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader('Content-Type', typeOf(file));
  response.setHeader('Content-Length', stat.size);
  if (request.method === 'HEAD') response.end();
  else
    createReadStream(file)
      .on('error', (error) => response.destroy(error))
      .pipe(response);
}

/**
 * Listens on a free port of this machine.
 *
 * @param {import('node:http').RequestListener} answer
 * @param {number} port
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>} the address, with a slash at its end, and an end.
 */
export async function listen(answer, port = 0) {
  const server = createServer(answer);
  await new Promise((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(undefined)),
  );
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An empty page at `/page.html`, for {@link serveFolders}. */
export const EMPTY_PAGE = { '/page.html': '<!doctype html><title>empty</title>' };

/**
 * Serves folders: each one under its name, which may have slashes in it; `''` is the root. An address that ends in a slash is
 * `index.html` there. Whole texts are served under their own address.
 *
 * @param {Record<string, string>} folders
 * @param {{ pages?: Record<string, string>, headers?: Record<string, string> }} options
 */
export function serveFolders(folders, { pages = {}, headers = ISOLATION } = {}) {
  return listen((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const page = pages[pathname];
    if (page !== undefined) {
      response.writeHead(200, { ...headers, 'Content-Type': typeOf('page.html') }).end(page);
      return;
    }
    const address = decodeURIComponent(pathname)
      .slice(1)
      .replace(/(^|\/)$/, '$1index.html');
    const name = Object.keys(folders).find((name) => name === '' || address.startsWith(`${name}/`));
    const folder = name === undefined ? undefined : folders[name];
    const file =
      folder === undefined ? undefined : within(folder, address.slice(name === '' ? 0 : (name ?? '').length + 1));
    sendFile(file, request, response, headers);
  });
}
