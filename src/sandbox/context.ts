import { type Counts, sum } from './counters.ts';
import type { Fault, Faults } from './faults.ts';
import type { FitbitTokens } from './fitbit-tokens.ts';
import type { GoogleTokens } from './google-tokens.ts';
import type { SandboxPerson } from './people.ts';
import type { FitbitClient, GoogleClient, Registry } from './registry.ts';
import type { Service } from './wire.ts';

/** A clock that can be moved, so that ten minutes pass in no time. */
export interface SandboxClock {
  now(): Date;
  /** Moves the clock by `ms` milliseconds, back if negative. Steps add up. */
  step(ms: number): void;
}

/** The given clock, with a movable offset. @internal */
export function steppable(now: () => Date): SandboxClock {
  let offsetMs = 0;
  return {
    now: () => new Date(now().getTime() + offsetMs),
    step: (ms) => {
      offsetMs += ms;
    },
  };
}

/** Everything that the sandbox's routes know and change. @internal */
export interface Context {
  readonly registry: Registry;
  readonly clock: SandboxClock;
  readonly faults: Faults;
  readonly fitbit: FitbitTokens;
  readonly google: GoogleTokens;
  /** The issuer in Google's callbacks. `undefined`: this sandbox's origin; `null`: left out. */
  readonly issuer: string | null | undefined;
}

/** What a sandbox knows at one moment. Holds no token, no code and no secret. */
export interface SandboxState {
  /** ISO 8601, by the sandbox's clock. */
  readonly now: string;
  /** Of both services together. */
  readonly counts: Counts;
  /** The same counts by user id; a person without events is absent. */
  readonly users: Readonly<Record<string, Counts>>;
  /** The same counts by service. */
  readonly services: Readonly<Record<Service, Counts>>;
  /** The live consents: one for each person and app. */
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
export function stateOf({ registry, fitbit, google, clock, faults }: Context): SandboxState {
  const services = { fitbit: fitbit.counters.total, google: google.counters.total };
  const atFitbit = fitbit.counters.users;
  const atGoogle = google.counters.users;
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
