/** How much of a rate limit is left. */
export interface RateLimit {
  /** Requests in each period. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the next period. */
  readonly resetSeconds: number;
}

/** Reads Fitbit's rate-limit headers; `undefined` where they are missing or damaged. */
export function rateLimitOf(headers: Headers): RateLimit | undefined {
  const [limit, remaining, resetSeconds] = ['limit', 'remaining', 'reset'].map((name) => {
    const text = headers.get(`fitbit-rate-limit-${name}`);
    return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  });
  return limit === undefined || remaining === undefined || resetSeconds === undefined
    ? undefined
    : { limit, remaining, resetSeconds };
}
