import process from 'node:process';

/** One program in one row. */
export interface Figure {
  readonly row: string;
  /** The version of Node. */
  readonly node: string;
  readonly who: string;
  readonly rounds: number;
  readonly unit: string;
  readonly median: number;
  /** The median of the ratios to the row's first program, round by round. */
  readonly ratio: number | undefined;
}

export interface Contestant {
  readonly name: string;
  /** Measures once. A program of others that fails is left out of the row; ours and the baseline end the benchmark. */
  readonly measure: () => number | Promise<number>;
  readonly mayFail?: boolean;
}

/**
 * Runs the contestants in turn, forwards and backwards (A B B A), so that whatever slows the machine down slows all of them. A first
 * round warms up and does not count.
 */
export async function alternate(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<readonly { readonly name: string; readonly values: readonly number[] }[]> {
  const series = contestants.map((contestant) => ({ ...contestant, values: [] as number[], failed: false }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const one of round % 2 === 0 ? series : series.toReversed()) {
      if (one.failed) continue;
      try {
        const value = await one.measure();
        if (round > 0) one.values.push(value);
      } catch (error) {
        if (!one.mayFail) throw error;
        process.stderr.write(`${one.name}: left out: ${error instanceof Error ? error.message : error}\n`);
        one.failed = true;
      }
    }
  }
  return series.filter(({ failed }) => !failed);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
