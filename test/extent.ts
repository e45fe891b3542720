/** `npm test` runs a representative part of the long proofs, `npm run test:all` the whole of them. */
import process from 'node:process';
import { test } from 'vitest';

const isWhole = process.env.TEST_ALL === '1';

// `npm run mutate`: that a property fails is enough, and looking for its shortest counterexample takes minutes.
if (process.env.MUTATE_TESTS !== undefined) (await import('fast-check')).configureGlobal({ endOnFailure: true });

/** How often a property is tried. */
export const runs = (count: number): number =>
  Math.ceil(count * Number(process.env.PROPERTY_SHARE ?? (isWhole ? 1 : 0.1)));

/** Rows that differ little: the first ones stand for all. */
export const some = <Row>(rows: readonly Row[], count: number): readonly Row[] =>
  isWhole ? rows : rows.slice(0, count);

/** A test of `npm run test:all` only. */
export const longTest: (title: string, run: () => Promise<void>, timeoutMs?: number) => void = isWhole
  ? test
  : () => {};
