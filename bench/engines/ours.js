// gamma-wasm as an engine of the benchmark: `load`, then `crop` or `photo`.
import { Gamma } from '/pkg/index.js';

let gamma;

/** Loads a model; without `relaxed` as in a browser that lacks relaxed SIMD. `held`: its bytes are fetched before the clock starts. */
export async function load({ weights, precision, relaxed = true, held = false, threads = 1 }) {
  if (!relaxed) {
    const { validate } = WebAssembly;
    const swizzle = String([253, 128, 2]);
    WebAssembly.validate = (bytes) => !String(new Uint8Array(bytes)).includes(swizzle) && validate(bytes);
  }
  const bytes = held ? await (await fetch(weights)).arrayBuffer() : undefined;
  const begin = performance.now();
  gamma = await Gamma.load({ weights: bytes ?? weights, precision, threads, device: 'cpu', cache: 'no-store' });
  return { engine: `gamma-wasm ${gamma.device.module}`, ms: performance.now() - begin };
}

/** Scores 224 x 224 pixels. */
export async function crop(image) {
  return (await gamma.score(image, { policy: 'center', crops: 1, parity: true })).score;
}

/** Scores a photo, in at most `crops` crops. */
export async function photo(url, { crops, tolerance }) {
  const { score, crops: scored } = await gamma.score(url, { policy: 'random', crops, tolerance });
  return { score, crops: scored.length };
}
