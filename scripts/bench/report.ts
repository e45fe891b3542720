import { arch, availableParallelism, platform, totalmem } from 'node:os';
import * as v from 'valibot';
import { Figure, VERDICTS, verdict } from './figure.ts';
import type { Missing } from './peers/peer.ts';

const text = v.pipe(v.string(), v.nonEmpty());
const VERSION = 1;
// Beyond these, digits are noise.
const SIGNIFICANT_DIGITS = 5;

/** A run of the benchmark, as docs/bench.json has it. */
export const Report = v.object({
  version: v.literal(VERSION),
  /** The day of the run. */
  date: v.pipe(v.string(), v.isoDate()),
  /** The version of the program. */
  program: text,
  /** What anybody may know of the machine. */
  machine: v.object({ platform: text, arch: text, cores: v.number(), memory_gib: v.number() }),
  /** `quick` proves only that the benchmark works. */
  size: v.picklist(['full', 'quick']),
  /** Whether what was measured had only what everybody has, or its owner's whole environment. */
  environment: v.picklist(['clean', 'own']),
  minutes: v.number(),
  /** How each row was measured. */
  methods: v.record(text, text),
  figures: v.array(v.object({ ...Figure.entries, verdict: v.picklist(VERDICTS) })),
  /** Which peers were not measured, and how to install them. */
  missing: v.array(v.object({ name: text, install: text })),
});
export type Report = v.InferOutput<typeof Report>;

export interface Findings extends Pick<Report, 'date' | 'program' | 'size' | 'environment' | 'minutes' | 'methods'> {
  readonly figures: readonly Figure[];
  readonly missing: readonly Missing[];
}

export function reportOf({ figures, missing, ...rest }: Findings): Report {
  return {
    version: VERSION,
    ...rest,
    machine: {
      platform: platform(),
      arch: arch(),
      cores: availableParallelism(),
      memory_gib: Math.round(totalmem() / 2 ** 30),
    },
    missing: [...missing],
    figures: figures.map((figure) => ({ ...figure, verdict: verdict(figure) })),
  };
}

/** @throws Error for what is not a report */
export function parseReport(json: string): Report {
  return v.parse(Report, JSON.parse(json));
}

export function reportJson(report: Report): string {
  const round = (_name: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(SIGNIFICANT_DIGITS)) : value;
  return `${JSON.stringify(report, round, 2)}\n`;
}
