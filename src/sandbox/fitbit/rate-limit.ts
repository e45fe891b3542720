const LIMIT = 150;
const HOUR_MS = 3_600_000;

/** Where one person's hour with one app stands, as the `fitbit-rate-limit-*` headers tell it. */
export interface Allowance {
  readonly exceeded: boolean;
  readonly headers: Readonly<Record<`fitbit-rate-limit-${'limit' | 'remaining' | 'reset'}`, string>>;
}

/** 150 requests an hour for each person and app, counted anew at each full hour. */
export class RateLimit {
  readonly #used = new Map<string, { readonly hour: number; readonly count: number }>();

  /** Counts a request and says whether it is one too many. */
  spend(key: string, now: Date): Allowance {
    const time = now.getTime();
    const hour = Math.floor(time / HOUR_MS);
    const before = this.#used.get(key);
    const count = (before?.hour === hour ? before.count : 0) + 1;
    this.#used.set(key, { hour, count });
    return {
      exceeded: count > LIMIT,
      headers: {
        'fitbit-rate-limit-limit': String(LIMIT),
        'fitbit-rate-limit-remaining': String(Math.max(0, LIMIT - count)),
        'fitbit-rate-limit-reset': String(Math.ceil(((hour + 1) * HOUR_MS - time) / 1000)),
      },
    };
  }
}
