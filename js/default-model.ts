// The model that comes with the package.

/**
 * Where Gamma-Lite lies: under `base`, or beside the WebAssembly modules. The URL is spelled out so that bundlers see the file,
 * copy it as it is and rewrite the address.
 */
export function modelUrl(base: string | undefined): string {
  if (base !== undefined) return new URL('gamma-lite.safetensors', base).href;
  return new URL('./wasm/gamma-lite.safetensors', import.meta.url).href;
}
