import type { Gamma } from 'gamma-wasm';
import { loadPackage } from './package-api.ts';
import { DEFAULT_SCENE, type DeviceChoice, type Store } from './state.ts';

/** Loads the model on a device, again whenever the person chooses another model or device, and keeps one at a time. */
export class Engine {
  /** The loaded model, or undefined while there is none. */
  gamma: Gamma | undefined;
  /** The person's own weights. */
  private weights: readonly File[] | undefined;
  private loading: AbortController | undefined;

  constructor(private readonly store: Store) {}

  /** Takes another device. Scores stay: devices agree. */
  async useDevice(device: DeviceChoice): Promise<void> {
    this.store.state.device = device;
    await this.load();
  }

  /** Takes the person's own weights, one file or several with their index, or those of the package again. */
  async useWeights(weights: readonly File[] | undefined): Promise<void> {
    this.weights = weights;
    await this.load();
  }

  /** Whether the person's own weights are in use. */
  get ownWeights(): boolean {
    return this.weights !== undefined;
  }

  /** Loads the model as the state asks for; a load in progress is given up. */
  async load(): Promise<void> {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    const { state } = this.store;
    await this.drop();
    if (loading.signal.aborted) return;
    if (state.modules?.modules.cpu === 'building' && state.device !== 'webgpu') {
      state.engine = { phase: 'building', message: state.modules.message };
      this.store.tell('engine');
      return;
    }
    state.engine = { phase: 'loading', step: undefined };
    this.store.tell('engine');
    try {
      const { Gamma } = await loadPackage();
      const gamma = await Gamma.load({
        weights: this.weights,
        device: state.device,
        signal: loading.signal,
        onProgress: (step) => {
          if (loading.signal.aborted) return;
          state.engine = { phase: 'loading', step };
          this.store.tell('engine');
        },
      });
      if (loading.signal.aborted) {
        await gamma.dispose();
        return;
      }
      this.gamma = gamma;
      const { device, model, source, scenes } = gamma;
      const preferred = scenes.find(({ id }) => id === state.scene) ?? scenes.find(({ id }) => id === DEFAULT_SCENE);
      state.scene = (preferred ?? scenes[0])?.id ?? DEFAULT_SCENE;
      state.engine = { phase: 'ready', device, model, source, scenes };
      this.store.tell('view');
    } catch (error) {
      if (loading.signal.aborted) return;
      state.engine = { phase: 'failed', ...this.explain(error) };
    }
    this.store.tell('engine');
  }

  private async drop(): Promise<void> {
    const { gamma } = this;
    this.gamma = undefined;
    await gamma?.dispose();
  }

  private explain(error: unknown): { code: string; message: string } {
    const { code, message } = toProblem(error);
    const modules = this.store.state.modules;
    // The browser only says that an import failed; the state of the build says why.
    if (code === 'unknown' && modules?.modules.cpu === 'failed') return { code: 'module', message: modules.message };
    return { code, message };
  }
}

/** The code and message of whatever was thrown. */
export function toProblem(error: unknown): { code: string; message: string } {
  const code = (error as { code?: unknown } | null)?.code;
  return {
    code: typeof code === 'string' ? code : 'unknown',
    message: error instanceof Error ? error.message : String(error),
  };
}
