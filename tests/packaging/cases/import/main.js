// Every entry is imported where no browser object may be touched: each of these is a trap.
const touched = [];
const own = new Map();
const names = ['window', 'self', 'document', 'navigator', 'location', 'Worker', 'caches', 'indexedDB', 'localStorage'];
for (const name of [...names, 'fetch', 'WebAssembly', 'setTimeout', 'setInterval', 'Blob', 'crossOriginIsolated']) {
  own.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      touched.push(name);
      return undefined;
    },
  });
}
const before = new Set(Reflect.ownKeys(globalThis));
const entries = [await import('gamma-wasm/browser'), await import('gamma-wasm/node'), await import('gamma-wasm')];
const added = Reflect.ownKeys(globalThis).filter((key) => !before.has(key));
if (touched.length > 0) throw new Error(`touched at import: ${touched.join(', ')}`);
if (added.length > 0) throw new Error(`added to the global object: ${added.map(String).join(', ')}`);
for (const { Gamma, GammaError } of entries) {
  if (typeof Gamma.load !== 'function' || new GammaError('http', '').code !== 'http') throw new Error('not the API');
}
for (const [name, descriptor] of own) {
  delete globalThis[name];
  if (descriptor) Object.defineProperty(globalThis, name, descriptor);
}
// On a server the browser's entry says what is wrong.
const failure = await entries[0].Gamma.load().then(
  () => undefined,
  (error) => error,
);
if (!/gamma-wasm\/node/.test(failure?.message)) throw new Error(`on a server: ${failure}`);
