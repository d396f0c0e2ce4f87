// The feed on loopback, under a strict Content-Security-Policy.
import { inRoot, PKG } from '../../scripts/lib/paths.mjs';
import { serveFolders } from '../../scripts/lib/serve.mjs';

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  ...['connect', 'img', 'style', 'worker'].map((kind) => `${kind}-src 'self'`),
];

/** Serves the feed of the photos in `folder`, with the package that was built, or another one. */
export function serveFeed(folder, names, pkg = PKG) {
  const folders = { pkg, photos: folder, '': inRoot('tests/feed/page') };
  return serveFolders(folders, {
    pages: { '/photos.json': JSON.stringify(names), '/favicon.ico': '' },
    headers: { 'Content-Security-Policy': POLICY.join('; ') },
  });
}
