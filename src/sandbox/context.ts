import type { Fault, Faults } from './faults.ts';
import type { FitbitTokens } from './fitbit-tokens.ts';
import type { GoogleTokens } from './google-tokens.ts';
import type { Registry, SandboxClient, SandboxPerson } from './registry.ts';
import type { Counters, Counts, Grant } from './tokens.ts';
import type { Service } from './wire.ts';

/** A clock that can be moved, so that ten minutes pass in no time. */
export interface SandboxClock {
  now(): Date;
  /** Moves the clock by `ms` milliseconds, back if negative. Steps add up. */
  step(ms: number): void;
}

/** Everything that the sandbox's routes know and change. @internal */
export interface Context {
  readonly registry: Registry;
  readonly clock: SandboxClock;
  readonly faults: Faults;
  readonly counters: Counters;
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
  readonly services: Readonly<Record<Service, Counts>>;
  /** The live consents: one for each person and app. */
  readonly grants: readonly (Grant & { readonly service: Service })[];
  readonly faults: readonly Fault[];
  readonly clients: readonly Omit<SandboxClient, 'secret'>[];
  readonly people: readonly SandboxPerson[];
}

/** @internal */
export function stateOf({ registry, fitbit, google, clock, faults, counters }: Context): SandboxState {
  return {
    now: clock.now().toISOString(),
    counts: counters.total,
    users: counters.users,
    services: counters.services,
    grants: [
      ...fitbit.grants.map((grant) => ({ service: 'fitbit' as const, ...grant })),
      ...google.grants.map((grant) => ({ service: 'google' as const, ...grant })),
    ],
    faults: faults.list(),
    clients: registry.clients.map(({ secret: _, ...client }) => client),
    people: registry.people,
  };
}
