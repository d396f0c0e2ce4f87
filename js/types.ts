// The public types that the browser and Node entries share. None of them needs the DOM library.

/** Where a model's bytes come from: a server, this device's store, a file that the caller named, or memory. */
export type Origin = 'network' | 'store' | 'file' | 'memory';

/** Where a model may run. */
export type DeviceKind = 'webgpu' | 'cpu';

/** The WebAssembly modules, one of which is loaded. */
export type ModuleKind = 'gpu' | 'cpu' | 'cpu-relaxed' | 'cpu-threads';

/** The device in use, and why it was taken. */
export interface DeviceInfo {
  /** `webgpu`, or `cpu`. */
  readonly kind: DeviceKind;
  /** The WebAssembly module that was loaded: `cpu-relaxed` is `cpu` compiled for relaxed SIMD, `cpu-threads` that with threads. */
  readonly module: ModuleKind;
  /** The device's name as far as the browser tells it. */
  readonly name: string;
  /** Whether the device is an emulation of a GPU. */
  readonly software: boolean;
  /** One sentence for people: why this device, and what was wrong with those before it. */
  readonly reason: string;
}

/** A set of five prompts, one a level, that a photo is compared with. */
export interface Scene {
  /** What `ScoreOptions.scene` takes. */
  readonly id: string;
  /** The prompt, `{level}` standing for bad, poor, fair, good and perfect. */
  readonly template: string;
  /** How far scores under it can be relied on, if the model states it; never of a scene that was added. */
  readonly reliability?: Reliability | undefined;
}

/** What is known about the loaded model. */
export interface ModelInfo {
  /** The model's name, or one made from its shape. */
  readonly name: string;
  /** Number of parameters. */
  readonly parameters: number;
  /** Sizes and counts of the network. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether the file holds the text tower, which {@link Scene}s of one's own need. */
  readonly text_tower: boolean;
  /** False for random weights: their scores mean nothing. */
  readonly trained: boolean;
  /** Licence of the weights, if the file names one. */
  readonly licence?: string | undefined;
  /** Where the weights come from, if the file says. */
  readonly source?: string | undefined;
  /** How photos are brought to the model, if the file says: the defaults of {@link ScoreOptions}. */
  readonly photo?: Preparation | undefined;
  /** How far the scores of a scene can be relied on, by its id, if the file says. */
  readonly reliability?: Readonly<Record<string, Reliability>> | undefined;
  /** The faults that explain scores, if the file says. */
  readonly findings?: readonly FaultClaim[] | undefined;
}

/** When a fault is claimed, measured on photos that the model has not learned from. */
export interface FaultClaim {
  /** The id of the scene whose scores it explains. */
  readonly scene: string;
  /** The id of its own scene. */
  readonly fault: string;
  /** Its forms, if it has several. */
  readonly forms?: readonly string[] | undefined;
  /** The highest score under the fault's scene that it is claimed by; absent for a fault that is never claimed, and only compared with others. */
  readonly score?: number | undefined;
  /** How much higher the score under the scene of every other fault has to be. */
  readonly margin?: number | undefined;
  /** The least probability of a form that is told; absent where none is. */
  readonly form?: number | undefined;
  /**
   * What the {@link Finding.score} is, by the score under the fault's scene: two points `[score, quality]` of a straight line, before and after which it is
   * constant; without them it is that score.
   */
  readonly quality?: readonly [readonly [number, number], readonly [number, number]] | undefined;
  /** Photos that it was claimed of. */
  readonly claimed: number;
  /** Those of them that have it. */
  readonly right: number;
}

/** How far the scores of a scene can be relied on, measured on photos that the model has not learned from. */
export interface Reliability {
  /** Half the width of {@link Assessment.interval}, on the scale of {@link Assessment.score}. */
  readonly interval: number;
  /** Two scores that differ by more tell which photo people find better. */
  readonly difference: number;
  /** The sets of photos that it was measured on: their number of photos, and Spearman's rank correlation of scores and people. */
  readonly measured: readonly { readonly name: string; readonly photos: number; readonly srcc: number }[];
}

/** What a model states about photos. */
export interface Preparation {
  /** Pixels that a photo's short side is scaled to before crops are taken; absent where photos keep their resolution. */
  readonly short_side?: number | undefined;
  /** The crop policy unless a call says otherwise. */
  readonly policy?: CropPolicy | undefined;
  /** The number of crops of each size unless a call says otherwise. */
  readonly crops?: number | undefined;
  /** Sides of the crops in pixels of the scaled photo, each scaled to 224; absent where all are of 224. */
  readonly sizes?: readonly number[] | undefined;
}

/** Shares of the five levels, which sum to 1. */
export interface Levels {
  readonly bad: number;
  readonly poor: number;
  readonly fair: number;
  readonly good: number;
  readonly perfect: number;
}

/** One square piece of the photo and its score. */
export interface CropScore {
  /** Left edge, in pixels of the upright photo as it was scaled: of {@link Assessment.width} and {@link Assessment.height}. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Side of the square. */
  readonly size: number;
  /** The crop's own score, on the scale of {@link Assessment.score}. */
  readonly score: number;
  /** The same on the scale of {@link Assessment.percent}. */
  readonly percent: number;
}

/** One declaration of a file about its origin. */
export interface Evidence {
  /** Where it stands: in a C2PA manifest, in XMP, in a text of a PNG, in EXIF. */
  readonly kind:
    | 'c2pa-claim-generator'
    | 'c2pa-digital-source-type'
    | 'xmp-digital-source-type'
    | 'png-text'
    | 'exif'
    | 'remote';
  /** What is declared, cut where it is long; of a text its key, a colon and its beginning. */
  readonly value: string;
}

/**
 * What a file declares about its origin. Anybody can write a declaration and anybody can drop one, so it proves nothing, and its absence
 * means nothing.
 */
export interface Provenance {
  /**
   * Made by a generative model (`ai`), with generated parts (`composite`), captured by a camera (`capture`), or nothing of these is declared
   * (`unknown`): so of pixels, of which there is no file, and of large RAW files, of which a part is read.
   */
  readonly source: 'ai' | 'composite' | 'capture' | 'unknown';
  /** The declarations, at most 32. */
  readonly evidence: readonly Evidence[];
  /** Whether there is a C2PA manifest, be it valid or not. */
  readonly c2pa: 'present' | 'absent';
  /** Signatures are not checked. */
  readonly verified: false;
}

/** How crops are placed: `random` (seeded), `five` (corners and centre), `center`, or an even `grid`. */
export type CropPolicy = 'random' | 'five' | 'center' | 'grid';

/** The lower and the upper end of an interval. */
export interface ScoreInterval {
  /** On the scale of {@link Assessment.score}. */
  readonly score: readonly [number, number];
  /** On the scale of {@link Assessment.percent}. */
  readonly percent: readonly [number, number];
}

/** A fault that a photo has. */
export interface Finding {
  /** The id of the fault's scene: of Gamma-Lite `sharpness`, `noise`, `compression` or `colour`. */
  readonly fault: string;
  /**
   * Which form of it, where that can be told: of `sharpness` `focus`, `motion` or `oversharpened`.
   */
  readonly form?: string | undefined;
  /**
   * How good the photo is as to this fault, given that it has it, on the scale of {@link Assessment.score}. The fault's scene, asked alone, says
   * something else: whether the photo has it, too.
   */
  readonly score: number;
  /** The same on the scale of {@link Assessment.percent}. */
  readonly percent: number;
  /** The level that is nearest to it. */
  readonly level: keyof Levels;
  /** Where it is: places in {@link Assessment.crops} of the crops that have it, the worst first. */
  readonly crops: readonly number[];
}

/** What the model says about one photo under one scene. */
export interface Assessment {
  /**
   * Mean of the crops' scores on the model's own scale, about 0.2 to 1; higher is better. Under a {@link ScoreOptions.tolerance}, what
   * the crops that were scored tell of the mean of all.
   */
  readonly score: number;
  /** `score` mapped to 0..100. */
  readonly percent: number;
  /** Mean share of each level, of the same crops as {@link score}. */
  readonly levels: Levels;
  /** Standard deviation of the scores in {@link crops}. */
  readonly spread: number;
  /** The score of all planned crops lies within this of {@link score}, in about 95 of 100 photos; 0 if all of them were scored. */
  readonly uncertainty: number;
  /**
   * Where what people say of the photo lies, for nine in ten photos that the model has not learned from; absent if the model does not state it
   * ({@link ModelInfo.reliability}).
   */
  readonly interval?: ScoreInterval | undefined;
  /**
   * The faults that explain a score below 50 per cent, the worst first: those that the model tells so reliably that nine claims in ten are
   * right ({@link ModelInfo.findings}); empty if it claims none, absent if it tells none under this scene.
   */
  readonly findings?: readonly Finding[] | undefined;
  /** The crops that were scored, in the order in which they were planned. */
  readonly crops: readonly CropScore[];
  /** Id of the scene. */
  readonly scene: string;
  /** Where it was computed. */
  readonly device: DeviceKind;
  /**
   * Milliseconds from the start of decoding to the score; waiting and downloading are not counted. What was computed by an earlier call, and
   * kept, counts with its time then.
   */
  readonly ms: number;
  /** Width of the photo that the crops refer to, in pixels: upright, and scaled by {@link scale}. */
  readonly width: number;
  /** Height of the same. */
  readonly height: number;
  /**
   * How many of these pixels a pixel of the photo was scaled to, along a side: below 1 if the photo was scaled down, 1 if
   * not at all. A crop's place in the photo itself is its place here divided by this.
   */
  readonly scale: number;
  /** Whether the photo was scaled up: it has fewer pixels than the model looks at. */
  readonly enlarged: boolean;
  /** The crop policy that was used. */
  readonly policy: CropPolicy;
  /** The seed that placed the crops. */
  readonly seed: number;
  /** What the file declares about its origin. It has no part in the score. */
  readonly provenance: Provenance;
  /**
   * Where the pixels came from: `file`, an image file that the engine decoded; `raw-preview`, the largest preview in a camera's RAW file;
   * `browser`, a file that only the browser could decode; `pixels`, pixels that the caller gave, or that an element showed. Those of the browser may
   * differ a little from one browser to another.
   */
  readonly source: 'file' | 'raw-preview' | 'browser' | 'pixels';
  /** Of `raw-preview`: the preview's size in pixels, upright. */
  readonly preview?: { readonly width: number; readonly height: number } | undefined;
  /**
   * The share of the photo that was damaged and could not be decoded, above 0 and at most 0.25. It is gray, and the score says less. Absent for
   * photos that are whole.
   */
  readonly damaged?: number | undefined;
  /**
   * Present where the browser falsifies the pixels that a page reads, as Firefox and Brave do against fingerprinting: of such a photo, whose
   * {@link source} is `browser` or `pixels`, the score is not exact and differs from one time to another. Never for pixels that the caller
   * read and gave.
   */
  readonly inexact?: true | undefined;
}

/** How far {@link LoadOptions.onProgress loading} is. */
export interface LoadProgress {
  /**
   * `module`: the WebAssembly file, in bytes. `device`: opening and testing the device, 0 or 1 of 1. `weights`: the model's
   * files, in bytes of the files themselves, however they were compressed on their way. `prompts`: text features of the
   * scenes, 0 or 1 of 1. The first two start again when a device is refused and the next one is tried; `weights` starts
   * again if the model changes on its server meanwhile. `recompute`, which may come long after the load: a spot check has found that the GPU
   * computes wrongly, so the model goes to the CPU, which is told like a load, and of the photos scored since the last good check so many
   * are computed anew. {@link DeviceInfo.reason} says what was wrong.
   */
  readonly phase: 'module' | 'device' | 'weights' | 'prompts' | 'recompute';
  /** Done so far. */
  readonly loaded: number;
  /** All there is to do; absent while it is not known. */
  readonly total?: number;
  /** Of `weights`: tensors that are in their place. */
  readonly tensors?: number;
  /** Of `weights`: all tensors; absent while it is not known. */
  readonly tensorsTotal?: number;
  /** Of `weights`: seconds that the rest will take, at the pace of the last seconds; absent while that cannot be told. */
  readonly secondsLeft?: number;
  /** Of `weights`: where the bytes come from just now. */
  readonly from?: Origin;
}

/**
 * What a load does with the models kept on this device, in the words of the Fetch standard. `default`: takes the model from
 * there without asking the server, else downloads and keeps it. `reload`: downloads it anew and keeps that. `no-store`:
 * neither looks there nor keeps it. `only-if-cached`: fails if it is not there as a whole.
 */
export type CacheMode = 'default' | 'reload' | 'no-store' | 'only-if-cached';

/** Where a loaded model came from. */
export interface ModelSource {
  /** Where its bytes came from: `network` if any of them did; `memory` also if it was loaded already. */
  readonly from: Origin;
  /** Whether it is kept on this device, so that it loads without the network. */
  readonly kept: boolean;
  /** Why it is not kept although it might be, as a sentence; else empty. */
  readonly note: string;
}

/** One file kept on this device. */
export interface CacheEntry {
  readonly url: string;
  /** Bytes that are there. */
  readonly bytes: number;
  /** Length of the whole file, once it is known. */
  readonly total?: number;
  /** Whether all of it is there. */
  readonly complete: boolean;
  /** When its download began. */
  readonly stored: Date;
  /** When it was last loaded; absent if never. */
  readonly used?: Date;
}

/** Room on this device. */
export interface CacheEstimate {
  /** Bytes that this site uses, other things than models included; absent where the browser does not say. */
  readonly usage?: number;
  /** Bytes that the browser allows this site. */
  readonly quota?: number;
  /** Whether the browser promised not to remove them when room gets scarce. */
  readonly persisted: boolean;
}

/** The models kept on this device. */
export interface ModelCache {
  /** The files that are kept, those used last first; none where nothing can be kept. */
  list(): Promise<CacheEntry[]>;
  /**
   * Deletes the file of this URL; for an index or a folder also the files beside it. Without a URL: all of them.
   *
   * @returns How many files were deleted.
   * @throws {GammaError} `store` if one of them is being loaded or downloaded; the others are deleted all the same.
   */
  delete(url?: string | URL): Promise<number>;
  /** How much room there is. */
  estimate(): Promise<CacheEstimate>;
}

/**
 * How weights of 8 bits and less are multiplied. `fast`: large layers in whole numbers on the CPU, in half precision on a GPU that is faster by
 * it. `exact`: in single precision, so that all devices agree.
 */
export type Precision = 'fast' | 'exact';

/** What a loaded model takes. */
export interface MemoryUse {
  /**
   * Bytes of WebAssembly memory of all workers, for all handles that share the model; a worker's is never less than at any time before.
   * Weights on a GPU are not in it.
   */
  readonly wasm: number;
  /** Workers that hold the model, each with memory of its own: more than one after a `scoreAll` that took {@link LoadOptions.workers}. */
  readonly workers: number;
}

/** Bytes in memory. The library copies what it keeps and never detaches a caller's buffer. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

/** Options of `Gamma.load`; `W` is what the entry takes for weights. */
export interface LoadOptions<W> {
  /**
   * The model: one safetensors file, or several with an index. Gamma-Lite, the small model of this package, unless told; it
   * is `gamma-lite.safetensors` in the folder {@link wasm}.
   */
  weights?: W | undefined;
  /** What to do with the models kept on this device; `default` unless told. Files, bytes and streams are never kept. */
  cache?: CacheMode | undefined;
  /**
   * `auto` (the default) takes WebGPU if there is a GPU that passes a known-answer test, else the CPU. `webgpu` and `cpu`
   * take that device or fail; `webgpu` also accepts an emulated GPU. While a GPU computes, spot checks compare it with the CPU; if one fails,
   * the model moves to the CPU, whichever device was asked for.
   */
  device?: 'auto' | DeviceKind | undefined;
  /**
   * `fast` (the default) multiplies quantised matrices of 512 and more rows and columns in whole numbers on the CPU, and in half precision on
   * a GPU that is clearly faster by it; `exact` computes in single precision. Weights that are not quantised know no difference.
   */
  precision?: Precision | undefined;
  /**
   * The most workers, 1 to 16, in which `scoreAll` computes photos at the same time, each with the model in memory of its own. Unless told, 1 for
   * models of more than 20 million parameters, on WebGPU and where several {@link threads} share a crop, else half of the processor's cores, at least 1 and at most 4. All but the first are
   * started by a `scoreAll` that has more than one photo, and end with the last handle. Always 1 for weights from a stream.
   */
  workers?: number | undefined;
  /**
   * Threads that share the work on a crop, 1 to 16: unless told, 1 for more than one of {@link workers}, else the cores of the device, at most 4. More than one needs relaxed SIMD
   * and a page that is cross-origin isolated, so that memory can be shared; elsewhere there is one. The score does not depend on it.
   */
  threads?: number | undefined;
  /** Called as loading goes on. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Ends loading; the promise then rejects with code `aborted`. */
  signal?: AbortSignal | undefined;
  /**
   * Folder that holds `cpu/gamma.js`, `cpu/gamma_bg.wasm`, ..., `gamma-lite.safetensors` and `clip_merges.txt`, where it is
   * not the package's own `wasm/` folder.
   */
  wasm?: string | URL | undefined;
  /**
   * The worker's script, where a bundler has not copied it by itself: a copy of the package's `worker.js`, under Node of
   * `node-worker.js`. It may lie on another origin that allows it by CORS.
   */
  worker?: string | URL | undefined;
}

/** The score as far as it is known. */
export type Estimate = Pick<Assessment, 'score' | 'percent' | 'uncertainty'>;

/** How far a photo is: crops `done` of `total`. */
export interface ScoreProgress {
  /** Position of the photo in `scoreAll`; 0 for `score`. */
  readonly index: number;
  /** Crops scored so far. */
  readonly done: number;
  /** Crops of this photo; a {@link ScoreOptions.tolerance} can end it earlier. */
  readonly total: number;
  /** What the crops scored so far say of the first scene asked for; it gets better until the call ends. */
  readonly estimate: Estimate;
  /**
   * What takes the place of the result that the call gave, in this last call of the function: a spot check has found that the GPU computes
   * wrongly, and the photo was computed anew on the CPU. It may come after the call has ended.
   */
  readonly corrected?: Assessment | Assessments | undefined;
}

/** Options of `score` and `scoreAll`. */
export interface ScoreOptions {
  /**
   * Id of the scene, `natural-quality` (or the model's first, if it lacks that) unless told, or `all` for every scene at the cost of one: the photo's features do
   * not depend on the scene.
   */
  scene?: string | undefined;
  /** Number of crops of each size for the policies `random` and `grid`, 1 to 100; as the model states ({@link ModelInfo.photo}), else 10. */
  crops?: number | undefined;
  /** How crops are placed; as the model states, else `random`. */
  policy?: CropPolicy | undefined;
  /** Whole number from 0 to 2^53 - 1 that places random crops; 0 unless told. The same seed gives the same score. */
  seed?: number | undefined;
  /**
   * Stops as soon as the score lies within this of what all crops would give, in about 95 of 100 photos, in every scene asked for; above
   * 0. On the scale of {@link Assessment.score}: 0.01 saves half of ten crops. Those that tell most of the others come first. All
   * crops are scored unless told.
   */
  tolerance?: number | undefined;
  /**
   * Reads the photo as the published loader does: no EXIF orientation, alpha dropped, no scaling. Formats that only the
   * browser decodes (AVIF, HEIC, SVG) come upright all the same.
   */
  parity?: boolean | undefined;
  /** Ends the call; it then rejects with code `aborted`, and the next call works as ever. */
  signal?: AbortSignal | undefined;
  /** Called after each step of a photo. */
  onProgress?: ((progress: ScoreProgress) => void) | undefined;
}

/** Options of `scoreAll`. */
export interface ScoreAllOptions extends ScoreOptions {
  /**
   * Yields a first estimate of every photo, of its first crops, before the second pass over them yields the final results: each
   * photo comes twice, unless the first crops were all or it failed. Photos that may change meanwhile (bytes, pixels, elements) are not
   * put off: their first result is the final one. The photos are held until the end, so better as Files or URLs.
   */
  previews?: boolean | undefined;
  /**
   * The most bytes that photos take which the first pass of {@link previews} keeps for the second, scaled as the model looks at them
   * (0.7 MB each for Gamma-Lite), so that they are read and decoded once. Those that do not fit in are read and decoded again. Unless told, a
   * sixteenth of the device's memory, as far as that is known, and at most 1 GiB. 0 keeps none.
   */
  keepBytes?: number | undefined;
  /**
   * Gives with the first result of a photo its pixels as the model looks at them, upright, as RGBA: a thumbnail that costs no further
   * decoding. There are none of photos that failed or that are known already, nor of those that the model looks at larger than 4 MB.
   */
  pixels?: boolean | undefined;
}

/** One Assessment for each scene id. */
export type Assessments = Readonly<Record<string, Assessment>>;

/** Eight-bit RGBA pixels, rows from the top, not premultiplied: `ImageData`, or an object like it. */
export interface PixelSource {
  readonly width: number;
  readonly height: number;
  /** `4 * width * height` bytes. */
  readonly data: Uint8ClampedArray | Uint8Array;
}
