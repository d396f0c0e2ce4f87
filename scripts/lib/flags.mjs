// Flags that Chromium is started with, in tests and benchmarks.

/** For every Chromium: headless, and nothing that it does by itself over the network. */
export const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** WebGPU also where Chromium does not offer it by itself. */
export const WEBGPU = ['--enable-unsafe-webgpu', '--enable-features=Vulkan'];

/** WebGPU computed by the CPU: right values on a machine without a GPU. */
export const SOFTWARE_GPU = [...WEBGPU, '--use-webgpu-adapter=swiftshader'];

/** A measurement of memory counts at once, after a collection of garbage, instead of some time later. */
export const EAGER_MEMORY = '--enable-blink-features=ForceEagerMeasureMemory';
