import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Benchmark, openBenchmark, ROWS } from '../../scripts/bench/benchmark.ts';
import type { Figure } from '../../scripts/bench/figure.ts';
import { parseReport, reportJson, reportOf } from '../../scripts/bench/report.ts';
import { currentNode } from '../../scripts/node-runtime.ts';

// The quick form of `npm run bench`: the same rows in few rounds, against the built program and without the peers. It shows that
// everything can be measured. What comes out says nothing, on a machine that runs a test suite.
describe('the benchmark', () => {
  const figures: Figure[] = [];
  let folder = '';
  let benchmark: Benchmark;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-'));
    benchmark = await openBenchmark({ size: 'quick', folder, peers: false });
  });
  afterAll(async () => {
    await benchmark[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test.for(ROWS)('measures $name', { timeout: 120_000 }, async (row) => {
    const measured = await benchmark.run(row, currentNode);
    expect(measured).not.toEqual([]);
    for (const { ours, ratio, count, goal } of measured) {
      expect(Number.isFinite(ours.value)).toBe(true);
      expect(count).toBeGreaterThanOrEqual(1);
      if (goal?.of === 'ratio') expect(Number.isFinite(ratio?.value)).toBe(true);
    }
    figures.push(...measured);
  });

  test('makes a report of it that can be read again', () => {
    const methods = Object.fromEntries(ROWS.map(({ name, method }) => [name, method]));
    const run = {
      date: '2026-03-02',
      program: '0.0.0',
      size: 'quick',
      environment: 'clean',
      minutes: 0,
      methods,
      missing: [],
    } as const;
    const report = parseReport(reportJson(reportOf({ ...run, figures })));
    expect(new Set(report.figures.map(({ row }) => row))).toEqual(new Set(ROWS.map(({ name }) => name)));
  });
});
