import { Gamma } from 'gamma-wasm';
import { report } from './report.js';

report(() => Gamma.load({ worker: '/gamma/worker.js', wasm: '/gamma/wasm/', workers: 2 }));
