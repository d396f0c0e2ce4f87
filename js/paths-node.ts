// Where the worker of Node lies; as `paths.ts`.

/** The script of the worker thread that owns the engine. */
export const workerUrl = (): URL => new URL('./worker/node.js', import.meta.url);
