/** What is counted: in all, and for the person if known. */
export interface Counts {
  /** Codes exchanged for tokens. */
  readonly exchanges: number;
  /** Refreshes granted; for Fitbit, the refresh token was replaced. */
  readonly refreshes: number;
  /** Fitbit only: refresh requests repeated within two minutes, which got their first response again. */
  readonly repeats: number;
  /** Responses with `invalid_grant`. */
  readonly invalidGrants: number;
  readonly revocations: number;
}

const NONE: Counts = { exchanges: 0, refreshes: 0, repeats: 0, invalidGrants: 0, revocations: 0 };

/** Counts events, so that a test can assert "one refresh". */
export class Counters {
  #total = NONE;
  readonly #users = new Map<string, Counts>();

  count(event: keyof Counts, userId: string | undefined): void {
    const plusOne = (counts: Counts) => ({ ...counts, [event]: counts[event] + 1 });
    this.#total = plusOne(this.#total);
    if (userId !== undefined) this.#users.set(userId, plusOne(this.#users.get(userId) ?? NONE));
  }

  get total(): Counts {
    return this.#total;
  }

  /** By user id; a person without events is absent. */
  get users(): Readonly<Record<string, Counts>> {
    return Object.fromEntries(this.#users);
  }
}

export function sum(one: Counts = NONE, other: Counts = NONE): Counts {
  return {
    exchanges: one.exchanges + other.exchanges,
    refreshes: one.refreshes + other.refreshes,
    repeats: one.repeats + other.repeats,
    invalidGrants: one.invalidGrants + other.invalidGrants,
    revocations: one.revocations + other.revocations,
  };
}
