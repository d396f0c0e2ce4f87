import type {
  Assessment,
  Assessments,
  CropPolicy,
  DeviceInfo,
  LoadProgress,
  ModelInfo,
  ModelSource,
  Scene,
} from 'gamma-wasm';
import type { Status } from './status.ts';
import type { Picture } from './thumbnail.ts';

/** How far one photo is. `stopped`: the person stopped before it was scored. */
export type PhotoStatus = 'waiting' | 'scoring' | 'done' | 'failed' | 'stopped';

/** One photo on the page. */
export interface PhotoEntry {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  /** The thumbnail that its score gives. */
  readonly picture: Picture;
  status: PhotoStatus;
  /** Share of the crops that are scored, 0 to 1. */
  progress: number;
  /** One assessment for each scene. */
  results?: Assessments;
  /** Whether {@link results} are a first estimate. */
  estimate: boolean;
  error?: { code: string; message: string };
  /** Gives up the score in progress. */
  cancel?: () => void;
}

/** What orders the cards. */
export type SortKey = 'score' | 'name' | 'arrival';

/** The scene that the page opens with, if the model has it. */
export const DEFAULT_SCENE = 'natural-quality';

/** The crop options of new scores; what the person did not choose is as the model states. */
export interface CropChoice {
  policy?: CropPolicy;
  crops?: number;
  seed: number;
}

/** The device the person asked for. */
export type DeviceChoice = 'auto' | 'cpu' | 'webgpu';

/** How the loading of a model goes. */
export type Load =
  | { phase: 'loading'; step: LoadProgress | undefined }
  | { phase: 'failed'; code: string; message: string };

/** A model or a device that is to take the place of the one in use, or that could not. */
export type Change = Load & { what: 'weights' | 'device'; device: DeviceChoice };

/** Where the engine is. */
export type EngineState =
  | Load
  | { phase: 'building'; message: string }
  | { phase: 'ready'; device: DeviceInfo; model: ModelInfo; source: ModelSource; scenes: readonly Scene[] };

/** The scoring run in progress. */
export interface Run {
  /** Photos that this run has finished, with or without an error. */
  finished: number;
  /** Those and the photos that have a first estimate. */
  known: number;
  /** Photos that this run is about, finished or not. */
  total: number;
  /** Share of all that is done, 0 to 1. */
  share: number;
  /** Time left in milliseconds, once it can be told. */
  left: number | undefined;
}

/** All that the page shows. Views read it; only `queue`, `engine`, `intake` and the controls change it. */
export interface State {
  photos: PhotoEntry[];
  scene: string;
  sort: SortKey;
  descending: boolean;
  showCrops: boolean;
  choice: CropChoice;
  device: DeviceChoice;
  engine: EngineState;
  /** Undefined unless another model or device was asked for, and is not in use. */
  change: Change | undefined;
  modules: Status | undefined;
  run: Run | undefined;
  online: boolean;
}

/** What changed: the list of photos, one photo, the view (scene, order, crops), the engine, the weights in use, or the run. */
export interface Changes {
  photos: undefined;
  photo: PhotoEntry;
  view: undefined;
  engine: undefined;
  weights: undefined;
  run: undefined;
}

type Listener<K extends keyof Changes> = (detail: Changes[K]) => void;

/** The page's state and the news about it. */
export class Store {
  readonly state: State = {
    photos: [],
    scene: DEFAULT_SCENE,
    sort: 'score',
    descending: true,
    showCrops: false,
    choice: { seed: 0 },
    device: 'auto',
    engine: { phase: 'loading', step: undefined },
    change: undefined,
    modules: undefined,
    run: undefined,
    online: navigator.onLine,
  };
  private readonly listeners = new Map<keyof Changes, Set<(detail: never) => void>>();

  /** Calls `listener` at every change of `topic`. */
  on<K extends keyof Changes>(topic: K, listener: Listener<K>): void {
    const set = this.listeners.get(topic) ?? new Set();
    set.add(listener);
    this.listeners.set(topic, set);
  }

  /** Tells that `topic` changed. */
  tell<K extends keyof Changes>(topic: K, ...detail: Changes[K] extends undefined ? [] : [Changes[K]]): void {
    for (const listener of this.listeners.get(topic) ?? []) (listener as (detail?: unknown) => void)(detail[0]);
  }

  /** The photo's assessment under the chosen scene, or the first estimate of it. */
  assessment(photo: PhotoEntry): Assessment | undefined {
    return photo.results?.[this.state.scene];
  }
}
