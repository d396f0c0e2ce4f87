// How many workers compute the photos of one `scoreAll`.
import type { Loaded } from './open.js';

/** A model of more parameters takes so much memory in each worker that one has to do. */
const SMALL = 20_000_000;
const MOST = 4;

/**
 * Workers for a model, unless the caller says: half of the cores, since the page, the browser and the decoding of what it shows need some, too.
 * A GPU computes for one at a time, and a module with threads of its own takes the cores itself.
 */
export function crewSize({ device, model }: Loaded, cores: number): number {
  const alone = device.module === 'cpu' || device.module === 'cpu-relaxed';
  if (!alone || model.parameters > SMALL) return 1;
  return Math.min(MOST, Math.max(1, Math.floor(cores / 2)));
}
