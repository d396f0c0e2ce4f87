import { Gamma } from 'gamma-wasm';
import { report } from './report.js';

const weights = new URL('gamma-wasm/weights/gamma-lite-ai.safetensors', import.meta.url);
const worker = new URL('gamma-wasm/worker', import.meta.url);

report(() => Gamma.load({ worker, weights, workers: 2 }));
