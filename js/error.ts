/**
 * Every `code` that a {@link GammaError} can carry. Codes are stable: programs may branch on them.
 *
 * From the engine: `image-*` (the photo), `weights-*`, `tensor-*` and `config` (the model file), `scene-*`, `tokenizer`,
 * `option`, `device`. From this library: `aborted` (the caller's signal), `network` (no answer), `http` (an answer other
 * than the file), `photo-type` (not a kind of photo, or one without pixels yet), `photo-tainted` (pixels of another origin
 * that the browser does not show to this page), `weights-none`, `disposed`, `wasm` (the engine crashed; it starts afresh
 * at the next call), `worker` (the background thread could not start or died).
 */
export type GammaErrorCode =
  | 'image-format'
  | 'image-decode'
  | 'image-too-large'
  | 'image-too-small'
  | 'weights-header'
  | 'weights-truncated'
  | 'weights-none'
  | 'tensor-missing'
  | 'tensor-extra'
  | 'tensor-shape'
  | 'tensor-dtype'
  | 'tensor-value'
  | 'config'
  | 'scene-unknown'
  | 'scene-invalid'
  | 'tokenizer'
  | 'option'
  | 'device'
  | 'io'
  | 'aborted'
  | 'network'
  | 'http'
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
  if (typeof code === 'string' && /^[a-z]+(-[a-z]+)*$/.test(code)) {
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
