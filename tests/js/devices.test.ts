// Which devices are tried, and what the reasons say.
import { afterEach, expect, test, vi } from 'vitest';
import { type GpuProbe, planDevices, probeGpu, wasmFeatures } from '../../js/pool/devices.js';

const REAL: GpuProbe = { found: true, software: false, name: 'Chip' };
const EMULATED: GpuProbe = { found: true, software: true, name: 'SwiftShader' };
const NONE: GpuProbe = { found: false, reason: 'not here' };
const plan = (choice: 'auto' | 'webgpu' | 'cpu', gpu: GpuProbe, simd = true, relaxedSimd = true, threads = false) =>
  planDevices(choice, { gpu: async () => gpu, wasm: () => ({ simd, relaxedSimd, threads }) });
const modules = async (planned: ReturnType<typeof plan>) => (await planned).candidates.map(({ module }) => module);

afterEach(() => {
  vi.unstubAllGlobals();
});

test('auto: a real GPU, then the CPU with what it has', async () => {
  expect(await modules(plan('auto', REAL))).toEqual(['gpu', 'cpu-relaxed', 'cpu']);
  expect(await modules(plan('auto', REAL, true, false))).toEqual(['gpu', 'cpu']);
  expect(await modules(plan('auto', EMULATED))).toEqual(['cpu-relaxed', 'cpu']);
  expect(await modules(plan('auto', NONE))).toEqual(['cpu-relaxed', 'cpu']);
  expect((await plan('auto', EMULATED)).notes).toEqual([expect.stringContaining('only emulated (SwiftShader)')]);
  expect((await plan('auto', NONE)).notes).toEqual(['No WebGPU: not here.']);
  expect((await plan('auto', REAL)).candidates[0]?.acceptSoftware).toBe(false);
});

test('webgpu: an emulated one will do, none will not', async () => {
  expect(await modules(plan('webgpu', EMULATED))).toEqual(['gpu']);
  expect((await plan('webgpu', EMULATED)).candidates[0]?.acceptSoftware).toBe(true);
  await expect(plan('webgpu', NONE)).rejects.toMatchObject({ code: 'device', message: 'device `webgpu`: not here' });
});

test('cpu: never looks at the GPU', async () => {
  const gpu = vi.fn(async () => REAL);
  const planned = await planDevices('cpu', { gpu, wasm: () => ({ simd: true, relaxedSimd: false, threads: true }) });
  expect(gpu).not.toHaveBeenCalled();
  expect(planned.candidates).toMatchObject([{ module: 'cpu', reason: 'The CPU was asked for, with SIMD.' }]);
});

test('threads: where memory can be shared, before the module without', async () => {
  const planned = plan('auto', NONE, true, true, true);
  expect(await modules(planned)).toEqual(['cpu-threads', 'cpu-relaxed', 'cpu']);
  expect((await planned).candidates[0]?.reason).toBe('The CPU is used, with threads and relaxed SIMD.');
  // The module has relaxed SIMD too.
  expect(await modules(plan('cpu', NONE, true, false, true))).toEqual(['cpu']);
});

test('memory is shared where the page is isolated', () => {
  vi.stubGlobal('crossOriginIsolated', false);
  expect(wasmFeatures().threads).toBe(false);
  vi.stubGlobal('crossOriginIsolated', true);
  expect(wasmFeatures().threads).toBe(true);
  vi.stubGlobal('SharedArrayBuffer', undefined);
  expect(wasmFeatures().threads).toBe(false);
});

test('without SIMD and GPU there is no device, and the error says what is needed', async () => {
  const nothing = { code: 'device', message: expect.stringMatching(/SIMD.*Safari 16\.4/) };
  await expect(plan('cpu', REAL, false, false)).rejects.toMatchObject(nothing);
  await expect(plan('auto', NONE, false, false)).rejects.toMatchObject(nothing);
  expect(await modules(plan('auto', REAL, false, false))).toEqual(['gpu']);
});

test('the probes for WebAssembly are valid modules', () => {
  // Every Node that this package supports has SIMD; relaxed SIMD came with V8 11.4.
  const [major = 0, minor = 0] = process.versions.v8.split('.').map(Number);
  expect(wasmFeatures()).toEqual({
    simd: true,
    relaxedSimd: major > 11 || (major === 11 && minor >= 4),
    threads: false,
  });
});

type Adapter = { info?: object; isFallbackAdapter?: boolean } | null;
const browser = (requestAdapter: (options: { forceFallbackAdapter?: boolean }) => Promise<Adapter>) =>
  vi.stubGlobal('navigator', { gpu: { requestAdapter } });

test('probing the GPU', async () => {
  vi.stubGlobal('navigator', {});
  expect(await probeGpu()).toEqual({ found: false, reason: expect.stringContaining('does not offer WebGPU') });
  vi.stubGlobal('isSecureContext', false);
  expect(await probeGpu()).toEqual({ found: false, reason: expect.stringContaining('https or localhost') });
  browser(async () => null);
  expect(await probeGpu()).toMatchObject({ found: false, reason: expect.stringContaining('found no GPU') });
  browser(async () => {
    throw new Error('blocked');
  });
  expect(await probeGpu()).toEqual({ found: false, reason: 'WebGPU failed: blocked' });
  browser(async () => ({ info: { vendor: 'nvidia', architecture: 'ampere' } }));
  expect(await probeGpu()).toEqual({ found: true, software: false, name: 'nvidia ampere' });
});

test.each<[string, Adapter]>([
  ['by its info', { info: { vendor: 'x', isFallbackAdapter: true } }],
  ['by the older flag', { isFallbackAdapter: true }],
  ['by its name', { info: { vendor: 'google', architecture: 'swiftshader' } }],
  ['by its description', { info: { description: 'llvmpipe (LLVM 19)' } }],
])('an emulated GPU is known %s', async (_, adapter) => {
  browser(async () => adapter);
  expect(await probeGpu()).toMatchObject({ found: true, software: true });
});

test('an adapter that only shows as a fallback is an emulation', async () => {
  browser(async ({ forceFallbackAdapter }) => (forceFallbackAdapter ? { info: { vendor: 'x' } } : null));
  expect(await probeGpu()).toEqual({ found: true, software: true, name: 'x' });
});

test('a driver that never answers is no GPU, and holds nothing up', async () => {
  vi.stubGlobal('navigator', { gpu: { requestAdapter: () => new Promise(() => {}) } });
  const found = await probeGpu({ interval: 5, looks: 4 });
  expect(found).toEqual({
    found: false,
    reason: expect.stringMatching(/^WebGPU failed: it did not answer within \d+ s$/),
  });
});
