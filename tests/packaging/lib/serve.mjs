// A web server of files, which remembers what it sent.
import { readFileSync, statSync } from 'node:fs';
import { listen, sendFile, within } from '../../../scripts/lib/serve.mjs';

/**
 * Serves `folder` below `base`, such as `/` or `/sub/dir/`, with these `headers`; `hidden` is a test for paths that are not there.
 *
 * Gives `url`, that of `base`; `sent`, a map of paths to functions that give the bytes which were sent; and `close`.
 */
export async function serve(folder, { base = '/', headers = {}, hidden = () => false } = {}) {
  const sent = new Map();
  const { url, close } = await listen((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://server').pathname);
    const inside = path.startsWith(base) && !hidden(path) ? path.slice(base.length) : undefined;
    const file = inside === undefined ? undefined : within(folder, inside.replace(/(^|\/)$/, '$1index.html'));
    if (file && statSync(file, { throwIfNoEntry: false })?.isFile()) sent.set(path, () => readFileSync(file));
    sendFile(file, request, response, headers);
  });
  return { url: url.slice(0, -1) + base, sent, close };
}

/** Passes everything on to the server at the origin `target`, and remembers what it sent, as {@link serve} does. */
export async function proxy(target) {
  const sent = new Map();
  const { url, close } = await listen(async (request, response) => {
    try {
      const address = new URL(request.url, target);
      const answer = await fetch(address, { headers: { 'accept-encoding': 'identity' } });
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (answer.ok) sent.set(address.pathname, () => bytes);
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(bytes);
    } catch (error) {
      response.writeHead(502).end(error.message);
    }
  });
  return { url, sent, close };
}

/** A port that was free a moment ago, for a server that is told one. */
export async function freePort() {
  const { port, close } = await listen(() => {});
  await close();
  return port;
}
