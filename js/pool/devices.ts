// What this browser (or Node) can run, and in which order it is tried.
import { GammaError, messageOf } from '../error.js';
import { inTime, WAIT, type Wait } from '../in-time.js';
import type { DeviceKind } from '../types.js';
import type { Candidate, DevicePlan } from './platform.js';

// Each is the smallest module with one function that needs the feature.
/** (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt) */
const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];
/** (func (result v128) (i8x16.relaxed_swizzle (i8x16.splat (i32.const 1)) (i8x16.splat (i32.const 2)))) */
const RELAXED_SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
];

/** What of WebAssembly the environment can run. */
export interface WasmFeatures {
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  /** Whether workers can share memory, and wait on it. */
  readonly threads: boolean;
}

/** A GPU as the browser describes it, or why there is none. */
export type GpuProbe =
  | { readonly found: true; readonly software: boolean; readonly name: string }
  | { readonly found: false; readonly reason: string };

/** Asks the environment by validating a few bytes. */
export function wasmFeatures(): WasmFeatures {
  if (typeof WebAssembly === 'undefined') return { simd: false, relaxedSimd: false, threads: false };
  const valid = (bytes: number[]) => WebAssembly.validate(new Uint8Array(bytes));
  return { simd: valid(SIMD), relaxedSimd: valid(RELAXED_SIMD), threads: isIsolated() };
}

function isIsolated(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return crossOriginIsolated === true && typeof SharedArrayBuffer !== 'undefined';
}

/** The part of WebGPU that is looked at, so that this compiles without WebGPU's types. */
interface GpuLike {
  requestAdapter(options: {
    powerPreference?: 'high-performance';
    forceFallbackAdapter?: boolean;
  }): Promise<AdapterLike | null>;
}
interface AdapterLike {
  readonly isFallbackAdapter?: boolean;
  readonly info?: {
    readonly vendor?: string;
    readonly architecture?: string;
    readonly device?: string;
    readonly description?: string;
    readonly isFallbackAdapter?: boolean;
  };
}

/** Renderers that run on the CPU and do not always say so. */
const EMULATIONS = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

/** Looks for a GPU, without opening it. Drivers that never answer are none. */
export async function probeGpu(wait: Wait = WAIT): Promise<GpuProbe> {
  const gpu = (globalThis.navigator as { gpu?: GpuLike } | undefined)?.gpu;
  if (!gpu) {
    const insecure = (globalThis as { isSecureContext?: boolean }).isSecureContext === false;
    const reason = insecure
      ? 'browsers offer WebGPU only to pages of https or localhost'
      : 'this environment does not offer WebGPU';
    return { found: false, reason };
  }
  let adapter: AdapterLike | null;
  let fallback = false;
  const answer = (work: Promise<AdapterLike | null>) => inTime(work, wait, 'it did not answer');
  try {
    adapter = await answer(gpu.requestAdapter({ powerPreference: 'high-performance' }));
    if (!adapter) {
      // Some browsers show their emulated adapter only to those who ask for it.
      fallback = true;
      adapter = await answer(gpu.requestAdapter({ forceFallbackAdapter: true }));
    }
  } catch (error) {
    return { found: false, reason: `WebGPU failed: ${messageOf(error)}` };
  }
  if (!adapter) return { found: false, reason: 'WebGPU is there, but it found no GPU that it can use' };
  const { info } = adapter;
  const name = [info?.description || info?.device, info?.vendor, info?.architecture].filter(Boolean).join(' ') || 'GPU';
  const software = fallback || (info?.isFallbackAdapter ?? adapter.isFallbackAdapter) === true || EMULATIONS.test(name);
  return { found: true, software, name };
}

/**
 * The devices to try.
 *
 * @throws {GammaError} `device` if there is none.
 */
export async function planDevices(
  choice: 'auto' | DeviceKind,
  probes: { gpu(): Promise<GpuProbe>; wasm(): WasmFeatures } = { gpu: probeGpu, wasm: wasmFeatures },
): Promise<DevicePlan> {
  const notes: string[] = [];
  const candidates: Candidate[] = [];
  if (choice !== 'cpu') {
    const gpu = await probes.gpu();
    if (choice === 'webgpu') {
      if (!gpu.found) throw new GammaError('device', `device \`webgpu\`: ${gpu.reason}`);
      const reason = 'WebGPU was asked for and passed its test.';
      return { candidates: [{ module: 'gpu', kind: 'webgpu', acceptSoftware: true, reason }], notes };
    }
    if (!gpu.found) notes.push(`No WebGPU: ${gpu.reason}.`);
    else if (gpu.software)
      notes.push(`No WebGPU: the GPU is only emulated (${gpu.name}), and the CPU itself is faster.`);
    else
      candidates.push({
        module: 'gpu',
        kind: 'webgpu',
        acceptSoftware: false,
        reason: 'WebGPU has a GPU, and it passed its test.',
      });
  }
  const { simd, relaxedSimd, threads } = probes.wasm();
  const asked = choice === 'cpu' ? 'was asked for' : 'is used';
  if (relaxedSimd && threads) {
    const reason = `The CPU ${asked}, with threads and relaxed SIMD.`;
    candidates.push({ module: 'cpu-threads', kind: 'cpu', acceptSoftware: true, reason });
  }
  if (relaxedSimd) {
    const reason = `The CPU ${asked}, with relaxed SIMD.`;
    candidates.push({ module: 'cpu-relaxed', kind: 'cpu', acceptSoftware: true, reason });
  }
  if (simd) {
    const reason = `The CPU ${asked}, with SIMD.`;
    candidates.push({ module: 'cpu', kind: 'cpu', acceptSoftware: true, reason });
  } else {
    notes.push(
      'No CPU: this environment cannot run WebAssembly SIMD, which Chrome 91, Firefox 89 and Safari 16.4 brought.',
    );
  }
  if (candidates.length === 0) throw new GammaError('device', notes.join(' '));
  return { candidates, notes };
}
