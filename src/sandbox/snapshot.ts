import type { FitbitClient, GoogleClient } from './clients.ts';
import type { Fault } from './fault-kind.ts';
import type { SandboxPerson } from './people.ts';
import type { Service } from './service.ts';
import { type Counts, sum } from './tally.ts';
import type { World } from './world.ts';

/** What a sandbox knows at one moment. Holds no token, no code and no secret. */
export interface SandboxState {
  /** ISO 8601, by the sandbox's clock. */
  readonly now: string;
  /** Of both services together. */
  readonly counts: Counts;
  /** The same counts by user id; whoever did nothing yet is absent. */
  readonly users: Readonly<Record<string, Counts>>;
  /** The same counts by service. */
  readonly services: Readonly<Record<Service, Counts>>;
  /** The consents that live: one for each person and app. */
  readonly grants: readonly {
    readonly service: Service;
    readonly clientId: string;
    readonly userId: string;
    readonly scopes: readonly string[];
  }[];
  readonly faults: readonly Fault[];
  readonly clients: readonly (Omit<FitbitClient, 'secret'> | Omit<GoogleClient, 'secret'>)[];
  readonly people: readonly SandboxPerson[];
}

/** @internal */
export function snapshot({ registry, fitbit, google, clock, faults }: World): SandboxState {
  const services = { fitbit: fitbit.tally.total, google: google.tally.total };
  const atFitbit = fitbit.tally.users;
  const atGoogle = google.tally.users;
  const userIds = Object.keys({ ...atFitbit, ...atGoogle });
  return {
    now: clock.now().toISOString(),
    counts: sum(services.fitbit, services.google),
    users: Object.fromEntries(userIds.map((userId) => [userId, sum(atFitbit[userId], atGoogle[userId])])),
    services,
    grants: [
      ...fitbit.grants.map((grant) => ({ service: 'fitbit' as const, ...grant })),
      ...google.grants.map((grant) => ({ service: 'google' as const, ...grant })),
    ],
    faults: faults.list(),
    clients: registry.clients.map(({ secret: _, ...client }) => client),
    people: registry.people,
  };
}
