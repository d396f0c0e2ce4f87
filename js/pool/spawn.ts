// Starts the worker of a page.
import { startWorker, workerElsewhere } from '../paths.js';

const bridges = new Map<string, string>();

/** The URL of a script of this page's origin that imports `script`: a page may not start a worker from another origin. */
function bridgeTo(script: string): string {
  const bridge =
    bridges.get(script) ??
    URL.createObjectURL(new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' }));
  bridges.set(script, bridge);
  return bridge;
}

/** Starts the package's worker, or the copy of it at the absolute URL `given`. */
export function spawnWorker(given: string | undefined): Worker {
  const script = given ?? workerElsewhere();
  if (script === undefined) return startWorker();
  const { origin } = new URL(script);
  const elsewhere = origin !== 'null' && origin !== globalThis.location?.origin;
  return new Worker(elsewhere ? bridgeTo(script) : script, { type: 'module' });
}
