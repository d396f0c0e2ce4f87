// The helpers of a worker whose module shares its memory: the same script again, over the same memory, for its share of the work.
import { importGlue } from '../wasm.js';

/** What a helper is told, once. It answers nobody. */
export interface HelperOrder {
  readonly type: 'help';
  /** The glue of the module `cpu-threads`. */
  readonly glue: string;
  readonly module: object;
  readonly memory: object;
}

/** Bytes of stack of a helper. The kernels have nothing large there. */
const STACK = 1 << 20;

/** Whether this worker was started as a classic script, which some bundlers make of it. */
function isClassic(): boolean {
  try {
    (globalThis as { importScripts?: () => void }).importScripts?.();
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts `count` helpers from this worker's own script, which every bundler has put where it can be had. Nobody waits for them: each takes
 * its share from the moment it is there, and the others do without one that never comes. They end with the worker that starts them.
 */
export function startHelpers(count: number, order: HelperOrder): void {
  const type = isClassic() ? 'classic' : 'module';
  for (let index = 0; index < count; index++) {
    try {
      const helper = new Worker(globalThis.location.href, { type });
      helper.onerror = (event) => event.preventDefault();
      helper.postMessage(order);
    } catch {
      return;
    }
  }
}

/** Serves as a helper from now on. */
export async function help({ glue, module, memory }: HelperOrder): Promise<void> {
  const threads = await importGlue<'cpu-threads'>(glue);
  await threads.default({ module_or_path: module, memory, thread_stack_size: STACK });
  threads.serve();
}
