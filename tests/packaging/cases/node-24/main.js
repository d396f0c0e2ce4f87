import { Gamma } from 'gamma-wasm';
import { report } from './report.js';

report(() => Gamma.load({ workers: 2 }));
