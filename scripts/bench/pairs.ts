/** What a set of measurements comes to. */
export interface Estimate {
  readonly value: number;
  /** For what was measured: the lower quartile. For a ratio: the lower end of its 95 % interval. */
  readonly low: number;
  /** The upper quartile, or the upper end. */
  readonly high: number;
}

/** How many times an interval's statistic is taken of a new draw from the measurements. */
const DRAWS = 1_000;
const CONFIDENCE = 0.95;

/**
 * The order in which contestants have their turns: forwards in one round, backwards in the next (A B B A). Whatever a machine does to
 * all of them alike, and whatever changes steadily with time, then weighs on each the same.
 */
export function* turns<C>(contestants: readonly C[], rounds: number): Generator<readonly C[]> {
  for (let round = 0; round < rounds; round += 1) {
    yield round % 2 === 0 ? contestants : contestants.toReversed();
  }
}

/** The value below which `fraction` of the values lie; between two of them it is interpolated. `NaN` where there are none. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Median and quartiles. */
export function spread(values: readonly number[]): Estimate {
  return { value: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/**
 * A statistic with its 95 % interval, by the percentile bootstrap: how far it moves when the same measurements are drawn again, with
 * repetition.
 * @param random from 0 up to 1; by default the same sequence each time, so that the same measurements give the same interval
 */
export function estimate(
  values: readonly number[],
  statistic: (values: readonly number[]) => number = median,
  random: () => number = seeded(),
): Estimate {
  const drawn = Array.from({ length: DRAWS }, () =>
    statistic(values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN)),
  );
  const tail = (1 - CONFIDENCE) / 2;
  return { value: statistic(values), low: quantile(drawn, tail), high: quantile(drawn, 1 - tail) };
}

/**
 * How many times as much `ours` is as `against`, from the ratio of each pair: the two of a pair were measured one right after the
 * other, so that a busy minute slows down both and leaves their ratio.
 */
export function ratioOfPairs(ours: readonly number[], against: readonly number[], random?: () => number): Estimate {
  if (ours.length !== against.length) throw new Error(`${ours.length} and ${against.length} do not make pairs.`);
  return estimate(
    ours.map((value, index) => value / (against[index] ?? Number.NaN)),
    median,
    random,
  );
}

/** Marsaglia's xorshift: small, and random enough to draw from a list. */
export function seeded(seed = 2_463_534_242): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
