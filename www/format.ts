/** The five levels from worst to best, as the API names them. */
export const LEVELS = ['bad', 'poor', 'fair', 'good', 'perfect'] as const;

/** `54.3`: one decimal, so that close photos can be told apart. */
export const percentText = (percent: number): string => percent.toFixed(1);

/** `320 ms`, `1.4 s`, `12 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** `a few seconds left`, `40 s left`, `3 min left`. */
export function timeLeftText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 4) return 'a few seconds left';
  if (seconds < 90) return `about ${seconds < 20 ? seconds : Math.ceil(seconds / 5) * 5} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

/** `18.6 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** `1 photo`, `3 photos`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** A message with a capital at its start and a full stop at its end. */
export function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** `natural-quality` -> `Natural quality`. */
export function sceneLabel(id: string): string {
  if (id === 'generic') return 'Any photo';
  const words = id.replaceAll('-', ' ').replace(/^ai generated/, 'AI-generated');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `webgpu` -> `WebGPU`, `cpu` -> `CPU`. */
export const deviceLabel = (kind: string): string => (kind === 'webgpu' ? 'WebGPU' : kind.toUpperCase());
