import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    name: 'extension',
    include: ['tests/extension/*.test.ts'],
    environment: 'node',
    // Node 20 has WebSocket under this flag.
    execArgv: ['--experimental-websocket'],
    // One browser at a time.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
