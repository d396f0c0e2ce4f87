// onnxruntime-web as an engine of the benchmark, `load`, then `crop` or `photo`.
import * as ort from '/ort/ort.wasm.min.mjs';

const SIDE = 224;
/** What pixels are normalised with. */
const NORMALISATIONS = {
  clip: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

let session;
let normalisation;

/** Loads an ONNX file whose input is `pixels`, normalised as `like` says. */
export async function load({ model, like = 'clip', threads = 1 }) {
  normalisation = NORMALISATIONS[like];
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = threads;
  const begin = performance.now();
  const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
  session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  return { engine: `onnxruntime-web ${ort.env.versions.web}`, ms: performance.now() - begin };
}

/** Runs 224 x 224 pixels; gives the score where the graph has one. */
export async function crop({ data }) {
  const { mean, std } = normalisation;
  const plane = SIDE * SIDE;
  const pixels = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) pixels[c * plane + i] = (data[4 * i + c] / 255 - mean[c]) / std[c];
  }
  const { score, features } = await session.run({ pixels: new ort.Tensor('float32', pixels, [1, 3, SIDE, SIDE]) });
  await features.getData();
  return score && (await score.getData())[0];
}

/** Runs `crops` random crops of a photo. */
export async function photo(url, { crops }) {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const place = (length) => Math.floor(Math.random() * (length - SIDE + 1));
  for (let i = 0; i < crops; i++) {
    await crop(context.getImageData(place(canvas.width), place(canvas.height), SIDE, SIDE));
  }
  return { crops };
}
