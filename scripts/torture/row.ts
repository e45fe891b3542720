import type { Canary } from './canary.ts';
import type { Program } from './program.ts';

/** `full` takes minutes; `short`, the same with small counts, is for the test suite. */
export type Size = 'full' | 'short';

/** What a row is given to work with. */
export interface Rig {
  readonly size: Size;
  readonly program: Program;
  readonly canary: Canary;
  /** An empty directory that every user may enter. */
  readonly directory: string;
  /** Tells whoever watches how far it is. */
  readonly say: (text: string) => void;
}

export interface Finding {
  /** The figures, in words. */
  readonly was: string;
  /** Everything that was not as it must be. Empty where all is well. */
  readonly failures: readonly string[];
}

/** One line of the table. */
export interface Row {
  /** For `--only`. */
  readonly name: string;
  /** The title of its test: the rows of the project's security checklist that it covers. */
  readonly title: string;
  readonly figure: (size: Size) => string;
  readonly mustBe: string;
  readonly run: (rig: Rig) => Promise<Finding>;
}
