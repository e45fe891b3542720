import * as v from 'valibot';
import type { Estimate } from './pairs.ts';

const number = v.pipe(v.number(), v.finite());
const text = v.pipe(v.string(), v.nonEmpty());
const EstimateEntries = { value: number, low: number, high: number };

const UNITS = ['ms', 's', 'MiB', 'KiB', 'packages'] as const;

/** Another program, in the same run. */
const Peer = v.union([
  v.object({
    name: text,
    version: text,
    /** How often it failed, and was asked again. */
    failures: number,
    ...EstimateEntries,
    ratio: v.optional(v.object(EstimateEntries)),
  }),
  /** It was there, but could not be measured. */
  v.object({ name: text, version: text, trouble: text }),
]);

/** One line of the table: one thing that was measured, and what it was measured against. */
export const Figure = v.object({
  /** What `--only` calls the row that it belongs to. */
  row: text,
  title: text,
  /** The version of Node under which the program ran. */
  node: text,
  unit: v.picklist(UNITS),
  /** What was made of the measurements. */
  statistic: v.picklist(['median', 'p99', 'exact']),
  /** How many measurements. */
  count: v.pipe(number, v.integer(), v.minValue(1)),
  ours: v.object(EstimateEntries),
  /** What ours was measured in pairs with. */
  against: v.optional(v.object({ name: text, ...EstimateEntries })),
  /** Ours by that. */
  ratio: v.optional(v.object(EstimateEntries)),
  /** What is to be reached: `ours`, or the `ratio`, at most so much; or less than that. */
  goal: v.optional(v.object({ of: v.picklist(['ours', 'ratio']), is: v.picklist(['≤', '<']), limit: number })),
  peers: v.array(Peer),
});
export type Figure = v.InferOutput<typeof Figure>;
type Unit = Figure['unit'];

/** How a figure stands to its goal. `just`: by its interval, another run may well say otherwise. */
export const VERDICTS = ['reached', 'just reached', 'just missed', 'missed', 'no goal'] as const;
export type Verdict = (typeof VERDICTS)[number];

export function verdict({ ours, ratio, goal, statistic }: Figure): Verdict {
  if (goal === undefined) return 'no goal';
  const judged = goal.of === 'ours' ? ours : ratio;
  if (judged === undefined) return 'missed';
  const keeps = (value: number) => (goal.is === '<' ? value < goal.limit : value <= goal.limit);
  // The quartiles of many measurements say how they scatter, and not how sure their median is.
  const isInterval = goal.of === 'ratio' || statistic === 'p99';
  const [low, high] = isInterval ? [judged.low, judged.high] : [judged.value, judged.value];
  if (keeps(judged.value)) return keeps(high) ? 'reached' : 'just reached';
  return keeps(low) ? 'just missed' : 'missed';
}

/** A number of so many digits as mean something. */
function digits(value: number): string {
  const decimals = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** `1.42 ms`; a count of packages has no fractions. */
export function quantity(value: number, unit: Unit): string {
  return unit === 'packages' ? `${value} package${value === 1 ? '' : 's'}` : `${digits(value)} ${unit}`;
}

/** `1.38–1.47`; empty for what has no spread. */
export function span({ low, high }: Estimate): string {
  return low === high ? '' : `${digits(low)}–${digits(high)}`;
}
