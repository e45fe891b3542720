import { setTimeout as delay } from 'node:timers/promises';
import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';

export interface RetryOptions {
  /** For how long after the first try another one is begun, in milliseconds. Default 10,000. */
  readonly forMs?: number;
  /** The pause before the second try, in milliseconds; it doubles each time, and half of each is left to chance. Default 400. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
}

const PASSING: readonly AuthError['code'][] = ['UNAVAILABLE', 'RATE_LIMITED', 'ANSWER_INVALID'];

/**
 * Tries again what failed for a passing reason, while time allows. A rate limit is waited for where its reset is near
 * enough. The last failure is thrown as it is.
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { forMs = 10_000, pauseMs = 400, signal } = options;
  const end = performance.now() + forMs;
  for (let pause = pauseMs; ; pause *= 2) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof AuthError) || !PASSING.includes(thrown.code)) throw thrown;
      const { reset_seconds: reset } = thrown.details;
      const wait =
        thrown.code === 'RATE_LIMITED'
          ? typeof reset === 'number'
            ? reset * 1000
            : Number.POSITIVE_INFINITY
          : pause * (0.5 + Math.random());
      if (performance.now() + wait >= end || signal?.aborted) throw thrown;
      // Giving up while pausing means that the last failure is what happened.
      await delay(wait, undefined, defined({ signal })).catch(() => {
        throw thrown;
      });
    }
  }
}
