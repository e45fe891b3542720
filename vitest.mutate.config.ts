import process from 'node:process';
import { defineConfig } from 'vitest/config';

/** The tests of one file that `npm run mutate` changes; scripts/mutate.ts names them. */
export default defineConfig({
  test: {
    include: (process.env.MUTATE_TESTS ?? '').split(','),
    setupFiles: ['test/extent.ts'],
    testTimeout: 30_000,
  },
});
