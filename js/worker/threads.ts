// The helpers of a worker whose module shares its memory.
import { startThread } from '../paths.js';
import { spawn } from '../spawn.js';
import type { HelperOrder } from './thread.js';

/**
 * Starts `count` helpers. Nobody waits for them: each takes its share from the moment it is there; if one fails to start, the others
 * take its share. They end with the worker that starts them.
 */
export function startHelpers(count: number, order: HelperOrder): void {
  for (let index = 0; index < count; index++) {
    try {
      const helper = spawn('worker/thread.js', startThread);
      helper.onerror = (event) => event.preventDefault();
      helper.postMessage(order);
    } catch {
      return;
    }
  }
}
