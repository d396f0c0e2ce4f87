import { Gamma } from './node_modules/gamma-wasm/index.js';
import { report } from './report.js';

report(() => Gamma.load({ workers: 2 }));
