// Workers whose scripts lie beside this one.

const bridges = new Map<string, string>();

/**
 * The URL of a script of this page's origin that imports `name`.js from beside this file, where the package lies on another origin,
 * such as a CDN: a page may not start a worker from there. Only where these files lie as they were published: a bundler has its own names.
 */
function bridgeToElsewhere(name: string): string | undefined {
  const { origin, pathname } = new URL(import.meta.url);
  const here = globalThis.location?.origin;
  if (origin === here || !pathname.endsWith('/spawning.js')) return undefined;
  const script = origin + pathname.replace(/spawning\.js$/, `${name}.js`);
  const bridge =
    bridges.get(name) ??
    URL.createObjectURL(new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' }));
  bridges.set(name, bridge);
  return bridge;
}

/** Starts `name`.js as a module worker: as `start` does, which bundlers look into, or from another origin. */
export function spawnBeside(name: string, start: () => Worker): Worker {
  const bridge = bridgeToElsewhere(name);
  return bridge ? new Worker(bridge, { type: 'module', name: 'gamma' }) : start();
}
