import { report } from './report.js';

const cdn = new URLSearchParams(location.search).get('cdn');
const { Gamma } = await import(`${cdn}gamma-wasm/index.js`);
report(() => Gamma.load({ workers: 2 }));
