// Workers whose scripts belong to this package.
import { onAnotherOrigin } from './paths.js';

const bridges = new Map<string, string>();

/** The URL of a script of this page's origin that imports the one at `address`: a page may not start a worker from another origin. */
function bridgeTo(address: string): string {
  const bridge =
    bridges.get(address) ??
    URL.createObjectURL(new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' }));
  bridges.set(address, bridge);
  return bridge;
}

/** Starts `script` as a module worker: as `start` does, or from another origin. */
export function spawn(script: Parameters<typeof onAnotherOrigin>[0], start: () => Worker): Worker {
  const elsewhere = onAnotherOrigin(script);
  return elsewhere ? new Worker(bridgeTo(elsewhere), { type: 'module', name: 'gamma' }) : start();
}
