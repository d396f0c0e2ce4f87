/**
 * How the package's scene file for `ai-generated-quality` is named: its address in the package. It was learned from pictures for
 * non-commercial use only, and so is the file; naming it accepts that.
 */
export const AI_WEIGHTS = 'gamma-wasm/weights/gamma-lite-ai.safetensors';

/** The scene that is in that file and not in Gamma-Lite. */
export const AI_SCENE = 'ai-generated-quality';
