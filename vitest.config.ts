import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Suites that need an engine of their own (cluster, crash) are projects of their own and run by their own script. */
const engineSuites = ['test/engines/**', 'test/crash/**', 'test/browser/**'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...(process.env.BACKOUT_ENGINE_SUITES ? [] : engineSuites), '**/node_modules/**'],
    pool: 'forks',
    // Suites on real parts mostly wait for them: more of them than cores fit side by side.
    maxWorkers: Math.max(3, availableParallelism()),
    // A limit against hanging, wide enough for a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
