// Looks at what the machine has and installs what is missing. Uses nothing but Node: `npm start` on a fresh clone runs it
// before there is a node_modules.
import { pathToFileURL } from 'node:url';
import { bindgen, bindgenVersion } from './lib/bindgen.mjs';
import { allBrowsers } from './lib/browsers.mjs';
import { checkNode, nodeModules } from './lib/node-modules.mjs';
import { main, step } from './lib/say.mjs';
import { lintTools, nativeToolchain, wasmToolchain } from './lib/toolchain.mjs';
import { vulkan } from './lib/vulkan.mjs';

/**
 * Makes the machine ready. `wasm`: for building modules; `lint`: for the linters; `browser`: for the browser tests; `gpu`: for
 * those of shaders.
 *
 * Returns what {@link buildModule} takes: the Rust `toolchain` for WebAssembly, and `tool`, which compiles the glue generator
 * when it is first called and promises its path.
 */
export async function setup({ wasm = true, lint = false, browser = false, gpu = false } = {}) {
  checkNode();
  return step('set-up', async () => {
    const node = nodeModules();
    // Awaited below; without this a failure here would count as unhandled while the others go on.
    node.catch(() => {});
    await nativeToolchain();
    if (lint) await lintTools();
    if (gpu) await vulkan();
    const toolchain = wasm ? await wasmToolchain() : undefined;
    if (wasm) bindgenVersion();
    const missing = browser ? await allBrowsers().catch((error) => error) : undefined;
    await node;
    let path;
    const tool = () => {
      path ??= bindgen();
      path.catch(() => {});
      return path;
    };
    return { toolchain, tool, browserMissing: missing instanceof Error ? missing : undefined };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const { tool, browserMissing } = await setup({ wasm: true, lint: true, browser: true, gpu: true });
    await step('glue generator', tool);
    if (browserMissing) throw browserMissing;
  });
}
