// A helper of a worker: the same module over the same memory, for its share of the work. It answers nobody.
import { importGlue } from '../wasm.js';

/** What a helper has to be told. */
export interface HelperOrder {
  readonly glue: string;
  readonly module: object;
  readonly memory: object;
}

/** Bytes of stack of a helper. The kernels have nothing large there. */
const STACK = 1 << 20;

const scope = globalThis as unknown as {
  addEventListener(type: 'message', listener: (event: { data: HelperOrder }) => void): void;
};
scope.addEventListener('message', async ({ data: { glue, module, memory } }) => {
  const threads = await importGlue<'cpu-threads'>(glue);
  await threads.default({ module_or_path: module, memory, thread_stack_size: STACK });
  threads.serve();
});
