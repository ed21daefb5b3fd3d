import { defineConfig } from 'vitest/config';

/** Suites that need an engine of their own (cluster, crash) are projects of their own and run by their own script. */
const engineSuites = ['test/engines/**', 'test/crash/**', 'test/browser/**'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...(process.env.BACKOUT_ENGINE_SUITES ? [] : engineSuites), '**/node_modules/**'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
  },
});
