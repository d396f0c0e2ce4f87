const { Gamma } = require('gamma-wasm');
if (typeof Gamma.load !== 'function') throw new Error('not the API');
