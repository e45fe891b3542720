import type { SandboxClock } from './clock.ts';
import type { FaultBoard } from './fault-board.ts';
import type { Ledger } from './ledger.ts';
import type { Registry } from './registry.ts';

/** Everything that the sandbox's routes know and change. */
export interface World {
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly clock: SandboxClock;
  readonly faults: FaultBoard;
}
