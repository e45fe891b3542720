import type { NodeRuntime } from '../node-runtime.ts';
import type { Command } from './command.ts';
import type { Figure } from './figure.ts';
import type { Peer } from './peers/peer.ts';

/** `full` takes minutes; `quick` shows that everything can be measured, and is for the test suite. */
export type Size = 'full' | 'quick';

/** What a row is given to work with. */
export interface Rig {
  readonly size: Size;
  /** How often to measure. */
  readonly rounds: number;
  /** What the program, and a peer that is for Node, runs under. */
  readonly node: NodeRuntime;
  /** The file of the built program, in a copy that no build reaches. */
  readonly program: string;
  /** An empty directory. */
  readonly directory: string;
  readonly peers: readonly Peer[];
  /** The environment of everything that is measured, alike for all. No browser opens in it. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Some figures that are measured together. */
export interface Row {
  /** For `--only`. */
  readonly name: string;
  /** What was done, in sentences that a reader of the figures needs. */
  readonly method: string;
  readonly rounds: Readonly<Record<Size, number>>;
  /** Whether it is measured on Node 24 as well. Default `false`: on the current Node only. */
  readonly onEachNode?: boolean;
  readonly measure: (rig: Rig) => Promise<readonly Measured[]>;
}

/** A figure, as a row knows it. */
export type Measured = Omit<Figure, 'row' | 'node'>;

/** Our own program. */
export function programCommand({ node, program, environment }: Rig, home: string, ...args: readonly string[]): Command {
  return {
    file: node.path,
    args: [program, ...args],
    env: { ...environment, FITBIT_LOGIN_HOME: home },
  };
}
