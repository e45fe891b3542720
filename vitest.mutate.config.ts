import { defineConfig } from 'vitest/config';

/** The tests of `npm run mutate`: quick ones, which import `src/` themselves and guard the files in stryker.config.json. */
export default defineConfig({
  test: {
    include: [
      'test/unit/{api-url,atomic-file,authorization,browser-binding,guards,lock,oauth-errors,pasted-callback,secret,session,status,target}.test.ts',
      'test/flow/store-durability.test.ts',
    ],
    testTimeout: 30_000,
  },
});
