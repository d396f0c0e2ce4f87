import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    name: 'browser',
    include: ['tests/browser/*.test.ts'],
    environment: 'node',
    // One browser at a time: two would fight for the cores that the scores need.
    fileParallelism: false,
    // A GPU that is emulated on a busy machine takes minutes; nothing here is judged by its speed.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
