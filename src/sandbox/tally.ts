/** What is counted: once in all, and once for the person where it is known who it was. */
export interface Counts {
  /** Codes that became tokens. */
  readonly exchanges: number;
  /** Refreshes that were granted; at Fitbit the refresh token was replaced. */
  readonly refreshes: number;
  /** Fitbit only: refresh requests repeated within two minutes, which got their first answer again. */
  readonly repeats: number;
  /** Requests answered with `invalid_grant`. */
  readonly invalidGrants: number;
  readonly revocations: number;
}

const NONE: Counts = { exchanges: 0, refreshes: 0, repeats: 0, invalidGrants: 0, revocations: 0 };

/** Counts what happened, so that a test can ask for "one refresh". */
export class Tally {
  #total = NONE;
  readonly #users = new Map<string, Counts>();

  count(event: keyof Counts, userId: string | undefined): void {
    this.#total = oneMore(this.#total, event);
    if (userId !== undefined) this.#users.set(userId, oneMore(this.#users.get(userId) ?? NONE, event));
  }

  get total(): Counts {
    return this.#total;
  }

  /** By user id; whoever did nothing yet is absent. */
  get users(): Readonly<Record<string, Counts>> {
    return Object.fromEntries(this.#users);
  }
}

/** Two counts as one. */
export function sum(one: Counts = NONE, other: Counts = NONE): Counts {
  return {
    exchanges: one.exchanges + other.exchanges,
    refreshes: one.refreshes + other.refreshes,
    repeats: one.repeats + other.repeats,
    invalidGrants: one.invalidGrants + other.invalidGrants,
    revocations: one.revocations + other.revocations,
  };
}

function oneMore(counts: Counts, event: keyof Counts): Counts {
  return { ...counts, [event]: counts[event] + 1 };
}
