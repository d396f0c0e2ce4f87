// The helpers of a worker whose module shares its memory: the same script again, over the same memory, for its share of the work.
import type { HelperOrder } from '../protocol.js';
import { importGlue } from '../wasm.js';

/** Bytes of stack of a helper. The kernels have nothing large there. */
const STACK = 1 << 20;

/** Serves as a helper from now on. */
export async function help({ glue, module, memory }: HelperOrder): Promise<void> {
  const threads = await importGlue<'cpu-threads'>(glue);
  await threads.default({ module_or_path: module, memory, thread_stack_size: STACK });
  threads.serve();
}
