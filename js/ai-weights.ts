import { GammaError } from './error.js';

/**
 * How the package's scene file for `ai-generated-quality` is named: its address in the package. It was learned from pictures for
 * non-commercial use only, and so is the file; naming it accepts that.
 */
export const AI_WEIGHTS = 'gamma-wasm/weights/gamma-lite-ai.safetensors';

/**
 * `error` of a model that was to be loaded, with what to do where it is a bundle that has no such file: bundlers copy it only for a page
 * that names it.
 */
export function withAddressOf(weights: unknown, error: GammaError): GammaError {
  if (weights !== AI_WEIGHTS || !['http-status', 'http-html'].includes(error.code)) return error;
  const message = `${error.message}; in a bundle, pass its address: new URL('${AI_WEIGHTS}', import.meta.url)`;
  return new GammaError(error.code, message, { cause: error });
}

/** The scene that is in that file and not in Gamma-Lite. */
export const AI_SCENE = 'ai-generated-quality';
