import process from 'node:process';
import { defineConfig } from 'vitest/config';

/** A file for the machine-readable results, as .ci/run wants them for its last line. */
const report = process.env.TEST_REPORT;
/** `npm run test:all` sets it: the long proofs in test/slow/ run as well. */
const all = process.env.TEST_ALL === '1';

/** Whole files of the long proofs: what they hold, in an odd place or through a real program, smaller tests hold as well. */
const LONG = [
  'browser/{google-consent,hostile-page,site-pages,start,status-page}',
  'cli/{canary,client-sources,completion,homes,launcher,named-files,other-sites,pending-login,ports,ports-stacks,proxy,tunnel,wsl}',
  'docs/unattended',
  'flow/{postgres,sandbox-faults,store-disk}',
  'interop/{oidc-provider,programs}',
];

export default defineConfig({
  test: {
    include: [`test/{unit,flow,cli,browser,interop,docs${all ? ',slow' : ''}}/**/*.test.ts`],
    exclude: all ? [] : LONG.map((files) => `test/${files}.test.ts`),
    // Sign-ins are real here and wait a good deal, for processes, sockets and a browser: one file more than a small
    // machine has cores, except for the long proofs, which keep it busy by themselves.
    setupFiles: ['test/tidy.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: all ? 2 : 3,
    testTimeout: all ? 120_000 : 30_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text', 'html'] },
  },
});
