import type { Gamma, LoadProgress } from 'gamma-wasm';
import { loadPackage } from './package-api.ts';
import { DEFAULT_SCENE, type DeviceChoice, type Load, type Store } from './state.ts';

/** What a load is asked for. */
interface Wanted {
  readonly device: DeviceChoice;
  /** The person's own weights; undefined for those of the package. */
  readonly weights: readonly File[] | undefined;
}

/**
 * Loads the model on a device, again whenever the person chooses another model or device. The one in use stays until the next one is
 * loaded: one that cannot be loaded takes nothing away.
 */
export class Engine {
  /** The loaded model, or undefined while there is none. */
  gamma: Gamma | undefined;
  /** What {@link gamma} was loaded with. */
  private used: Wanted | undefined;
  /** What was asked for last. */
  private wanted: Wanted | undefined;
  private loading: AbortController | undefined;

  constructor(private readonly store: Store) {}

  /** Takes another device. Scores stay: devices agree. */
  useDevice(device: DeviceChoice): Promise<void> {
    return this.load({ device, weights: this.used?.weights });
  }

  /** Takes the person's own weights, one file or several with their index, or those of the package again. */
  useWeights(weights: readonly File[] | undefined): Promise<void> {
    return this.load({ device: this.store.state.device, weights });
  }

  /** Whether the person's own weights are in use. */
  get ownWeights(): boolean {
    return this.used?.weights !== undefined;
  }

  /** Loads what is wanted, or what was wanted last; a load in progress is given up. */
  async load(wanted = this.wanted ?? { device: this.store.state.device, weights: undefined }): Promise<void> {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    this.wanted = wanted;
    const { state } = this.store;
    if (!this.gamma && state.modules?.modules.cpu === 'building' && wanted.device !== 'webgpu') {
      state.engine = { phase: 'building', message: state.modules.message };
      this.store.tell('engine');
      return;
    }
    this.tell({ phase: 'loading', step: undefined }, wanted);
    try {
      const { Gamma } = await loadPackage();
      let gamma: Gamma | undefined;
      gamma = await Gamma.load({
        ...wanted,
        signal: loading.signal,
        onProgress: (step) => {
          if (gamma) return this.move(gamma, step);
          if (!loading.signal.aborted) this.tell({ phase: 'loading', step }, wanted);
        },
      });
      if (loading.signal.aborted) {
        await gamma.dispose();
        return;
      }
      this.take(gamma, wanted);
    } catch (error) {
      if (!loading.signal.aborted) this.tell({ phase: 'failed', ...this.explain(error) }, wanted);
    }
  }

  private take(gamma: Gamma, wanted: Wanted): void {
    const { state } = this.store;
    const before = this.gamma;
    const other = before !== undefined && this.used?.weights !== wanted.weights;
    this.gamma = gamma;
    this.used = wanted;
    const { device, model, source, scenes } = gamma;
    const preferred = scenes.find(({ id }) => id === state.scene) ?? scenes.find(({ id }) => id === DEFAULT_SCENE);
    state.scene = (preferred ?? scenes[0])?.id ?? DEFAULT_SCENE;
    state.device = wanted.device;
    state.engine = { phase: 'ready', device, model, source, scenes };
    state.change = undefined;
    this.store.tell('view');
    this.store.tell('engine');
    if (other) this.store.tell('weights');
    void before?.dispose();
  }

  /** The model has left a GPU that computed wrongly. */
  private move(gamma: Gamma, { phase, loaded, total }: LoadProgress): void {
    const { state } = this.store;
    if (phase !== 'recompute' || loaded !== total || this.gamma !== gamma || state.engine.phase !== 'ready') return;
    state.engine = { ...state.engine, device: gamma.device };
    this.store.tell('engine');
  }

  /** Tells how a load goes: of the first model, or of one that is to follow the one in use. */
  private tell(load: Load, { device, weights }: Wanted): void {
    const { state } = this.store;
    if (this.gamma) {
      const what = weights === this.used?.weights ? 'device' : 'weights';
      state.change = { ...load, what, device };
    } else {
      state.engine = load;
      state.device = device;
    }
    this.store.tell('engine');
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
