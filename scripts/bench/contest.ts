import type { Figure } from './figure.ts';
import { type Estimate, ratioOfPairs, spread, turns } from './pairs.ts';

/** Who takes part: ours; what ours is measured against in pairs; others, for comparison. */
export type Role = 'ours' | 'against' | 'peer';

export interface Contestant<M> {
  readonly role: Role;
  readonly name: string;
  readonly version?: string;
  readonly measure: () => M | Promise<M>;
}

/** What was measured of one contestant, a value each round. */
export interface Series<M> {
  readonly role: Role;
  readonly name: string;
  readonly version: string;
  readonly values: readonly M[];
  /** How often it failed, and was asked again. */
  readonly failures: number;
  /** Why it was given up. */
  readonly trouble?: string;
}

/** How often a peer that fails is asked in one round before it is given up. */
const ATTEMPTS = 3;

/** Measures the contestants in turns. A round before the first warms everything up and does not count. Only a peer may fail. */
export async function contest<M>(contestants: readonly Contestant<M>[], rounds: number): Promise<readonly Series<M>[]> {
  const series = contestants.map(({ role, name, version = '', measure }) => ({
    ...{ role, name, version, measure },
    values: [] as M[],
    failures: 0,
    trouble: '',
  }));
  let isWarm = false;
  for (const round of turns(series, rounds + 1)) {
    for (const one of round) {
      for (let attempt = 1; one.trouble === ''; attempt += 1) {
        try {
          const value = await one.measure();
          if (isWarm) one.values.push(value);
          break;
        } catch (error) {
          if (one.role !== 'peer') throw error;
          one.failures += 1;
          if (attempt === ATTEMPTS) one.trouble = error instanceof Error ? error.message : String(error);
        }
      }
    }
    isWarm = true;
  }
  return series.map(({ measure: _measure, trouble, ...one }) => (trouble === '' ? one : { ...one, trouble }));
}

/** One figure of what was measured: ours, what it is against, their ratio, and the peers, each also by what ours is against. */
export function compared<M>(
  series: readonly Series<M>[],
  of: (measured: M) => number,
): Pick<Figure, 'ours' | 'against' | 'ratio' | 'peers' | 'count'> {
  const ours = valuesOf(series, 'ours', of);
  const rival = series.find(({ role }) => role === 'against');
  const against = rival?.values.map(of);
  const by = (values: readonly number[]): { readonly ratio?: Estimate } =>
    against === undefined ? {} : { ratio: ratioOfPairs(values, against) };
  return {
    count: ours.length,
    ours: spread(ours),
    ...(rival === undefined || against === undefined ? {} : { against: { name: rival.name, ...spread(against) } }),
    ...by(ours),
    peers: series
      .filter(({ role }) => role === 'peer')
      .map(({ name, version, values, failures, trouble }) => {
        if (trouble !== undefined) return { name, version, trouble };
        const measured = values.map(of);
        return { name, version, failures, ...spread(measured), ...by(measured) };
      }),
  };
}

export function valuesOf<M>(series: readonly Series<M>[], role: Role, of: (measured: M) => number): readonly number[] {
  return series.find((one) => one.role === role)?.values.map(of) ?? [];
}
