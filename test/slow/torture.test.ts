import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTorture, ROWS, type Torture } from '../../scripts/torture/rows.ts';

// The short form of `npm run torture`: the same rows with small counts, against the built program, all at once.
let torture: Torture;
beforeAll(async () => {
  torture = await openTorture({ size: 'short' });
});
afterAll(() => torture[Symbol.asyncDispose]());

describe.concurrent('torture', () => {
  test.for(ROWS)('$title', { timeout: 300_000 }, async (row) => {
    expect((await torture.run(row)).failures).toEqual([]);
  });
});
