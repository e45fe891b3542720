import type { Fault } from './fault.ts';
import type { Person, SandboxClient } from './registry.ts';
import type { Counts } from './tally.ts';
import type { World } from './world.ts';

/** What a sandbox knows at one moment. Holds no token, no code and no secret. */
export interface SandboxState {
  /** ISO 8601, by the sandbox's clock. */
  readonly now: string;
  readonly counts: Counts;
  /** The same counts by user id; whoever did nothing yet is absent. */
  readonly users: Readonly<Record<string, Counts>>;
  /** The consents that live: one for each person and app. */
  readonly grants: readonly {
    readonly clientId: string;
    readonly userId: string;
    readonly scopes: readonly string[];
  }[];
  readonly faults: readonly Fault[];
  readonly clients: readonly Omit<SandboxClient, 'secret'>[];
  readonly people: readonly Person[];
}

export function snapshot({ registry, ledger, clock, faults }: World): SandboxState {
  return {
    now: clock.now().toISOString(),
    counts: ledger.tally.total,
    users: ledger.tally.users,
    grants: ledger.grants,
    faults: faults.list(),
    clients: registry.clients.map(({ secret: _, ...client }) => client),
    people: registry.people,
  };
}
