/** Compiles js/ into pkg/: the bundles and their types. */
export function compileJs(): Promise<void>;
