import type { SandboxClock } from './clock.ts';
import type { FaultBoard } from './fault-board.ts';
import type { FitbitLedger } from './fitbit/ledger.ts';
import type { GoogleLedger } from './google/ledger.ts';
import type { Registry } from './registry.ts';

/** Everything that the sandbox's routes know and change. */
export interface World {
  readonly registry: Registry;
  readonly clock: SandboxClock;
  readonly faults: FaultBoard;
  readonly fitbit: FitbitLedger;
  readonly google: GoogleLedger;
  /** What Google's answers name as their issuer. `undefined`: this sandbox's origin; `null`: nothing. */
  readonly issuer: string | null | undefined;
}
