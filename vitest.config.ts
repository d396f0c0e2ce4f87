import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/js/**/*.test.ts'],
    environment: 'node',
    // Compiles js/ into pkg/, so that the tests which start real workers run what is published.
    globalSetup: ['tests/js/compile.ts'],
    // Vitest leaves one core to others, which is half of two.
    maxWorkers: '100%',
    // For the busiest machine: a test that hangs still ends, and none is judged by its speed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
