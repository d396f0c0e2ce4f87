// The helpers of a worker whose module shares its memory.
import type { HelperOrder } from './helper.js';
import { spawnBeside } from './spawning.js';

/**
 * Starts `count` helpers. Nobody waits for them: each takes its share from the moment it is there, and one that never comes is
 * missed by nobody. They end with the worker that starts them.
 */
export function startHelpers(count: number, order: HelperOrder): void {
  for (let index = 0; index < count; index++) {
    try {
      const helper = spawnBeside(
        'helper',
        // Bundlers look for exactly this expression.
        () => new Worker(new URL('./helper.js', import.meta.url), { type: 'module', name: 'gamma helper' }),
      );
      helper.onerror = (event) => event.preventDefault();
      helper.postMessage(order);
    } catch {
      return;
    }
  }
}
