/**
 * `npm run torture`: what the README claims of tokens that are never lost, tried with real processes, sockets, disks and signals
 * against the built program, and printed as a table. Takes minutes.
 *
 *     npm run torture -- --short          the counts that the test suite uses
 *     npm run torture -- --only kill      one row; may be given several times
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { table } from '../src/cli/output.ts';
import type { Finding, Row } from './torture/row.ts';
import { openTorture, ROWS } from './torture/rows.ts';

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [] } },
});
const unknown = values.only.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no row ${unknown.join(', ')}. Rows: ${ROWS.map(({ name }) => name).join(', ')}.\n`);
  process.exit(2);
}

const SHOWN_FAILURES = 10;
const size = values.short ? 'short' : 'full';
const say = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
const results: { row: Row; finding: Finding }[] = [];
{
  await using torture = await openTorture({ size, say });
  for (const row of ROWS.filter(({ name }) => values.only.length === 0 || values.only.includes(name))) {
    say(`${row.name}: ${row.figure(size)}`);
    const finding = await torture.run(row).catch((error: unknown) => ({
      was: 'not finished',
      failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    }));
    for (const failure of finding.failures.slice(0, SHOWN_FAILURES)) say(`${row.name}: FAILED: ${failure}`);
    results.push({ row, finding });
  }
}

const lines = results.map(({ row, finding: { was, failures } }) => [
  row.figure(size),
  row.mustBe,
  was,
  failures.length === 0 ? 'ok' : `FAILED (${failures.length})`,
]);
process.stdout.write(`${table([['figure', 'must be', 'was', ''], ...lines])}\n`);
process.exit(results.some(({ finding }) => finding.failures.length > 0) ? 1 : 0);
