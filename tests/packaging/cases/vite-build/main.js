import { Gamma } from 'gamma-wasm';
import { check } from 'gamma-wasm/check';
import { define } from 'gamma-wasm/element';
import { filter } from 'gamma-wasm/filter';
import { report } from './report.js';

report(() => Gamma.load({ workers: 2 }), { check, define, filter });
