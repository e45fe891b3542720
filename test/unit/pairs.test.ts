import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimate, median, quantile, ratioOfPairs, seeded, spread, turns } from '../../scripts/bench/pairs.ts';

const positive = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const some = fc.array(positive, { minLength: 1, maxLength: 40 });

describe('turns', () => {
  test.for([
    [['A', 'B'], 1, ['AB']],
    [['A', 'B'], 4, ['AB', 'BA', 'AB', 'BA']],
    [['A', 'B', 'C'], 2, ['ABC', 'CBA']],
    [['A'], 2, ['A', 'A']],
    [['A', 'B'], 0, []],
  ] as const)('%j in %i rounds', ([contestants, rounds, expected]) => {
    expect([...turns(contestants, rounds)].map((round) => round.join(''))).toEqual(expected);
  });

  test('a machine that grows slower all the time slows down every contestant alike', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 20 }), (count, pairs) => {
        const contestants = Array.from({ length: count }, (_, index) => index);
        const moments = new Array<number>(count).fill(0);
        [...turns(contestants, 2 * pairs)].flat().forEach((contestant, moment) => {
          moments[contestant] = (moments[contestant] ?? 0) + moment;
        });
        expect(new Set(moments).size).toBe(1);
      }),
    );
  });
});

describe('median and quantiles', () => {
  test.for([
    [[3], 0.5, 3],
    [[1, 2], 0.5, 1.5],
    [[9, 1, 5], 0.5, 5],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[4, 1, 3, 2], 0.25, 1.75],
    [[10, 2], 0, 2],
    [[10, 2], 1, 10],
    // By their size, and not as texts.
    [[100, 20, 3], 0.5, 20],
    [Array.from({ length: 101 }, (_, index) => index), 0.99, 99],
  ] as const)('of %j at %f: %f', ([values, fraction, expected]) => {
    expect(quantile(values, fraction)).toBeCloseTo(expected, 12);
  });

  test('as many values lie below the median as above it, in whatever order they came', () => {
    fc.assert(
      fc.property(some, (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
        expect(median(values.toReversed())).toBe(middle);
      }),
    );
  });

  test('one measurement that went wrong by any amount leaves the median among the others', () => {
    fc.assert(
      fc.property(
        fc.array(positive, { minLength: 2, maxLength: 40 }),
        fc.constantFrom(0, 1e-9, 1e9, 1e300),
        (others, wrong) => {
          const middle = median([...others, wrong]);
          expect(middle).toBeGreaterThanOrEqual(Math.min(...others));
          expect(middle).toBeLessThanOrEqual(Math.max(...others));
        },
      ),
    );
  });

  test('the spread is the two quartiles, with the median between them', () => {
    expect(spread([1, 2, 3, 4, 5])).toEqual({ value: 3, low: 2, high: 4 });
    fc.assert(
      fc.property(some, (values) => {
        const { value, low, high } = spread(values);
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
      }),
    );
  });
});

describe('the ratio of pairs', () => {
  test.for([
    [[2, 4, 6], [1, 2, 3], 2],
    [[1, 1, 1], [2, 4, 5], 0.25],
    // By the middle pair: neither by the medians of each, nor by their sums.
    [[9, 1, 30], [3, 2, 20], 1.5],
  ] as const)('%j by %j: %f', ([ours, against, expected]) => {
    expect(ratioOfPairs(ours, against).value).toBeCloseTo(expected, 12);
  });

  test('what slows down both of a pair leaves the ratio as it is, and its interval empty', () => {
    fc.assert(
      fc.property(some, positive, positive, (slowdowns, ours, against) => {
        const { value, low, high } = ratioOfPairs(
          slowdowns.map((slowdown) => ours * slowdown),
          slowdowns.map((slowdown) => against * slowdown),
        );
        for (const end of [value, low, high]) expect(end / (ours / against)).toBeCloseTo(1, 9);
      }),
      { numRuns: 30 },
    );
  });

  test('twice the time is twice the ratio, and twice its interval', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(positive, positive), { minLength: 1, maxLength: 40 }), (pairs) => {
        const against = pairs.map(([, value]) => value);
        const [once, twice] = [1, 2].map((times) =>
          ratioOfPairs(
            pairs.map(([value]) => value * times),
            against,
          ),
        );
        for (const end of ['value', 'low', 'high'] as const) {
          expect((twice?.[end] ?? 0) / (once?.[end] ?? 0)).toBeCloseTo(2, 9);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('refuses what are no pairs', () => {
    expect(() => ratioOfPairs([1, 2], [1])).toThrow('do not make pairs');
  });
});

describe('the interval', () => {
  test('holds the true median of most samples, and is narrower where there are more of them', () => {
    const random = seeded(7);
    // Of the sum of three: lopsided enough, with a median that is known, 1.5.
    const sample = (size: number) => Array.from({ length: size }, () => random() + random() + random());
    const runs = Array.from({ length: 80 }, () => estimate(sample(40)));
    const holding = runs.filter(({ low, high }) => low <= 1.5 && 1.5 <= high).length;
    expect(holding / runs.length).toBeGreaterThan(0.88);
    expect(holding / runs.length).toBeLessThan(1);
    const width = ({ low, high }: { readonly low: number; readonly high: number }) => high - low;
    expect(median(Array.from({ length: 5 }, () => width(estimate(sample(400)))))).toBeLessThan(
      median(runs.map(width)) / 2,
    );
  });

  test('is the same each time for the same measurements', () => {
    const values = Array.from({ length: 30 }, seeded(3));
    expect(estimate(values)).toEqual(estimate(values));
  });

  test('lies within what was measured, around its own statistic', () => {
    fc.assert(
      fc.property(some, fc.constantFrom(0.5, 0.9, 0.99), (values, fraction) => {
        const { value, low, high } = estimate(values, (drawn) => quantile(drawn, fraction));
        expect(value).toBe(quantile(values, fraction));
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values));
        expect(low).toBeLessThanOrEqual(high);
      }),
      { numRuns: 30 },
    );
  });
});
