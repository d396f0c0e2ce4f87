// What cargo compiles natively for tests.

/**
 * The packages of the workspace and their features, with the HTTP server, which is not in the command unless asked for. Without
 * gamma-webgpu, which would bring wgpu along: modules/ has it. With other words cargo would compile other dependencies, for minutes.
 */
export const WORKSPACE = ['--workspace', '--exclude', 'gamma-webgpu', '--features', 'gamma-wasm/listen'];
