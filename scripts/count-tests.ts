/** Prints what failed and what the test runner counted, from the files of its JSON reporter, added up. Exits with 1 unless something ran in each and nothing failed. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
}

const [, , ...paths] = process.argv;
const reports: readonly Report[] = await Promise.all(
  paths.map(async (path) => JSON.parse(await readFile(path, 'utf8'))),
);

const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0);
const passed = sum(({ numPassedTests }) => numPassedTests);
// A file that cannot be loaded has no tests to count, and is a failure all the same.
const failed = sum(
  ({ numFailedTests, testResults }) =>
    numFailedTests +
    testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length,
);
const skipped = sum(({ numPendingTests, numTodoTests }) => numPendingTests + numTodoTests);

// Once more, since the runner printed them a long way up.
for (const { name, status, message, assertionResults } of reports.flatMap(({ testResults }) => testResults)) {
  if (status === 'failed' && assertionResults.length === 0) console.log(`${name}: ${message}`);
  for (const test of assertionResults.filter((result) => result.status === 'failed')) {
    console.log(`${name}: ${test.fullName}\n${test.failureMessages.join('\n').slice(0, 500)}\n`);
  }
}
if (skipped > 0) console.log(`${skipped} skipped: see above what for.`);
console.log(`${passed} passed, ${failed} failed`);
const isSound = ({ success, numPassedTests }: Report) => success && numPassedTests > 0;
if (failed > 0 || reports.length === 0 || !reports.every(isSound)) process.exitCode = 1;
