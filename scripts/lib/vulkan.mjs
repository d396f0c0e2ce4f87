// A Vulkan adapter for the tests of shaders. Debian's packages bring one that the processor plays (lavapipe).
import { existsSync, readdirSync } from 'node:fs';
import { install, installable } from './debian.mjs';
import { say } from './say.mjs';

const PACKAGES = ['libvulkan1', 'mesa-vulkan-drivers'];

/** Where drivers are listed. */
const DRIVERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** Installs a driver where Linux has none and it can be had. Tests that miss one are skipped and say so. */
export async function vulkan() {
  const found = DRIVERS.some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
  if (process.platform !== 'linux' || found || !(await installable(PACKAGES))) return;
  try {
    await install(PACKAGES);
  } catch (error) {
    say(`  no driver of Vulkan: ${error.message}`);
  }
}
