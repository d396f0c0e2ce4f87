export default { optimizeDeps: { exclude: ['gamma-wasm'] } };
