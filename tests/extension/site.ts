// The pages that the extension is tried on.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { listen } from '../../scripts/lib/serve.mjs';

/** Pictures with their scores in per cent, by `npx gamma-wasm score`, and what they declare. */
export const PICTURES = {
  'lighthouse.webp': { percent: 66, path: 'www/samples/lighthouse.webp' },
  'city.webp': { percent: 68, path: 'www/samples/city-at-night.webp' },
  'dog.jpg': { percent: 54, path: 'www/samples/dog.jpg' },
  'blurred.webp': { percent: 2, path: 'www/samples/lighthouse-blurred.webp' },
  'compressed.jpg': { percent: 29, path: 'www/samples/lighthouse-compressed.jpg' },
  'generated.png': { percent: 37, path: 'tests/fixtures/provenance/a1111.png' },
  'declared.webp': { percent: 32, path: 'tests/fixtures/provenance/iptc-ai.webp' },
} as const;

export type Picture = keyof typeof PICTURES;

/** Nothing but pictures: no script, style, connection, frame or worker. */
const STRICT = "default-src 'none'; img-src *; sandbox; require-trusted-types-for 'script'";

interface Site {
  /** The origin of the pages. */
  readonly url: string;
  /** The origin of the pictures, which allows nobody to read them. */
  readonly pictures: string;
  /** Names of the pictures that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A feed of all pictures, `count` of them, of which most lie below the view. */
function feed(pictures: string, count: number): string {
  const names = Object.keys(PICTURES);
  const images = Array.from({ length: count }, (_, at) => {
    const name = names[at % names.length];
    return `<p><img id="${at}" alt="" width="400" height="300" loading="lazy" src="${pictures}/${name}?${at}"></p>`;
  });
  return `<!doctype html><meta charset="utf-8"><title>feed</title><link rel="icon" href="data:,">${images.join('\n')}`;
}

/** Serves `/feed?count=N` and, under a policy that forbids everything but pictures, `/strict?count=N`. */
export async function serveSite(): Promise<Site> {
  const asked: string[] = [];
  const images = await listen((request: IncomingMessage, response: ServerResponse) => {
    const name = basename(new URL(request.url ?? '', 'http://server').pathname);
    const picture = PICTURES[name as Picture];
    if (!picture) return response.writeHead(404).end();
    asked.push(name);
    return response.writeHead(200, { 'cache-control': 'max-age=600' }).end(readFileSync(inRoot(picture.path)));
  });
  const pages = await listen((request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
    const headers: Record<string, string> = { 'content-type': 'text/html; charset=utf-8' };
    if (pathname === '/strict') headers['content-security-policy'] = STRICT;
    response.writeHead(200, headers).end(feed(images.url.replace(/\/$/, ''), Number(searchParams.get('count') ?? 7)));
  });
  return {
    url: pages.url.replace(/\/$/, ''),
    pictures: images.url,
    asked,
    async close() {
      await Promise.all([images.close(), pages.close()]);
    },
  };
}
