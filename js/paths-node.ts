// Where the worker of Node lies; as `paths.ts`, but apart from it, so that no bundle for a page has it.
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts the package's worker. */
export const startNodeWorker = (options: WorkerOptions): Worker =>
  new Worker(new URL('./node-worker.js', import.meta.url), options);
