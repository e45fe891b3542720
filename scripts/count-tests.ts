/** Prints what the test runner counted, from the file of its JSON reporter. Exits with 1 unless something ran and nothing failed. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const [, , path = ''] = process.argv;
const report: Report = JSON.parse(await readFile(path, 'utf8'));

// A file that cannot be loaded has no tests to count, and is a failure all the same.
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length;
const passed = report.numPassedTests;
const failed = report.numFailedTests + broken;
const skipped = report.numPendingTests + report.numTodoTests;

if (skipped > 0) console.log(`${skipped} skipped: see above what for.`);
console.log(`${passed} passed, ${failed} failed`);
if (!report.success || failed > 0 || passed === 0) process.exitCode = 1;
