/**
 * Every `code` that a {@link GammaError} can carry. Codes are stable: programs may branch on them.
 *
 * From the engine: `image-*` (the photo), `weights-*`, `header-*`, `tensor-*`, `shard-*` and `config` (the model's files),
 * `scene-*`, `tokenizer`, `option`, `device`.
 *
 * From this library, about the download of a model: `http-status` (404 and its like), `http-busy` (429), `http-server` (5xx),
 * `http-html` (a web page instead of the file), `http-range` (another part of the file than was asked for), `http-length`
 * (more or fewer bytes than promised), `weights-changed` (the file changed on the server meanwhile, twice), `network` (no
 * answer, or cut off), `network-stalled` (no byte for a long time). What may pass is tried again first.
 *
 * And about all else: `aborted` (the caller's signal), `http` (a photo's or module's answer other than the file),
 * `photo-type` (not a kind of photo, or one without pixels yet), `photo-tainted` (pixels of another origin that the browser
 * does not show to this page), `weights-none` (an engine that has to be loaded again from a stream), `store`
 * (what is kept on this device could not be listed, deleted or, under `only-if-cached`, read), `io`,
 * `disposed`, `wasm` (the engine crashed; it starts afresh at the next call), `worker` (the background thread could not
 * start or died).
 */
export type GammaErrorCode =
  | 'image-format'
  | 'image-decode'
  | 'image-too-large'
  | 'image-too-small'
  | 'weights-format'
  | 'weights-truncated'
  | 'weights-trailing'
  | 'weights-version'
  | 'weights-metadata'
  | 'weights-scenes'
  | 'weights-index'
  | 'weights-changed'
  | 'weights-none'
  | 'header-empty'
  | 'header-too-large'
  | 'header-beyond-file'
  | 'header-utf8'
  | 'header-json'
  | 'header-nesting'
  | 'header-duplicate'
  | 'header-offsets'
  | 'header-overlap'
  | 'header-hole'
  | 'header-range'
  | 'header-size'
  | 'header-shape'
  | 'shard-missing'
  | 'shard-swapped'
  | 'tensor-missing'
  | 'tensor-extra'
  | 'tensor-shape'
  | 'tensor-dtype'
  | 'tensor-value'
  | 'tensor-scale'
  | 'tensor-hash'
  | 'pickle-refused'
  | 'pickle-damaged'
  | 'pth-damaged'
  | 'config'
  | 'scene-unknown'
  | 'scene-invalid'
  | 'tokenizer'
  | 'option'
  | 'device'
  | 'io'
  | 'aborted'
  | 'network'
  | 'network-stalled'
  | 'http'
  | 'http-status'
  | 'http-busy'
  | 'http-server'
  | 'http-html'
  | 'http-range'
  | 'http-length'
  | 'store'
  | 'photo-type'
  | 'photo-tainted'
  | 'disposed'
  | 'wasm'
  | 'worker';

/** The one error that this library throws or rejects with. */
export class GammaError extends Error {
  /** What went wrong, for programs. */
  readonly code: GammaErrorCode;

  /**
   * @param code What went wrong, for programs.
   * @param message What went wrong, for people.
   * @param options `cause`: the error that led to this one.
   */
  constructor(code: GammaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'GammaError';
    this.code = code;
  }
}

/** An error as it crosses from the worker to the page. */
export interface WireError {
  code: GammaErrorCode;
  message: string;
}

/** `value` as text, whatever was thrown. */
export function messageOf(value: unknown): string {
  if (value instanceof Error) return value.message || value.name;
  return String(value);
}

/** Whether `error` says that a WebAssembly instance trapped and must not be used again. */
export function isTrap(error: unknown): boolean {
  return error instanceof Error && error.name === 'RuntimeError';
}

/**
 * `error` as a {@link GammaError}: one is returned as it is, an engine error keeps its `code`, a trap becomes `wasm`,
 * anything else gets `fallback`.
 */
export function toGammaError(error: unknown, fallback: GammaErrorCode): GammaError {
  if (error instanceof GammaError) return error;
  if (isTrap(error)) return new GammaError('wasm', `the engine crashed: ${messageOf(error)}`, { cause: error });
  const code = (error as { code?: unknown } | null | undefined)?.code;
  // A DOMException has a numeric `code`, and Node's own errors have upper-case ones; neither is ours.
  if (typeof code === 'string' && /^[a-z]+(-[a-z0-9]+)*$/.test(code)) {
    return new GammaError(code as GammaErrorCode, messageOf(error), { cause: error });
  }
  return new GammaError(fallback, messageOf(error), { cause: error });
}

/** Throws `aborted` if `signal` has been aborted. */
export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted) throw abortedBy(signal);
}

/** The error for a call that `signal` ended; its cause is the reason given to `abort()`. */
export function abortedBy(signal: AbortSignal): GammaError {
  return new GammaError('aborted', 'the call was aborted', { cause: signal.reason });
}
