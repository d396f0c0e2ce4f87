import { Gamma } from 'gamma-wasm';
import weights from 'gamma-wasm/wasm/gamma-lite.safetensors?url';
import worker from 'gamma-wasm/worker?url';
import { report } from './report.js';

report(() => Gamma.load({ worker, weights, workers: 2 }));
