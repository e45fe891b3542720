import fc from 'fast-check';
import { expect, test } from 'vitest';
import { busyTime } from '../../scripts/bench/provider-time.ts';

const span = (from: number, to: number) => ({ from, to });

test.for([
  ['nothing', [], 0, 10, 0],
  ['one within', [span(2, 5)], 0, 10, 3],
  ['one that begins before and one that ends after', [span(-5, 1), span(8, 20)], 0, 10, 3],
  ['two at once', [span(2, 6), span(4, 8)], 0, 10, 6],
  ['one inside another', [span(2, 8), span(3, 4)], 0, 10, 6],
  ['in any order', [span(7, 8), span(1, 2)], 0, 10, 2],
  ['all outside', [span(-2, 0), span(10, 12)], 0, 10, 0],
] as const)('the time of the provider: %s', ([, spans, from, to, expected]) => {
  expect(busyTime(spans, from, to)).toBe(expected);
});

test('the time of the provider is that of every moment in which it was at work', () => {
  const moment = fc.integer({ min: 0, max: 30 });
  const spans = fc.array(fc.tuple(moment, moment).map(([a, b]) => span(Math.min(a, b), Math.max(a, b))));
  fc.assert(
    fc.property(spans, moment, moment, (all, from, to) => {
      let busy = 0;
      for (let at = from; at < to; at += 1) if (all.some((one) => one.from <= at && at < one.to)) busy += 1;
      expect(busyTime(all, from, to)).toBe(busy);
    }),
  );
});
