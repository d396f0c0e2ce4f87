import { Gamma } from 'gamma-wasm';
import { report } from './report.js';

const cdn = new URLSearchParams(location.search).get('cdn');
report(() => Gamma.load({ worker: `${cdn}worker.js`, wasm: `${cdn}wasm/`, workers: 2 }));
