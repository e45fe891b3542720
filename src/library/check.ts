import { defined } from '../defined.ts';
import type { RateLimit } from '../usecases/rate-limit.ts';
import { type Status, statusOf } from '../usecases/status.ts';
import type { AccessOptions } from './access.ts';
import { accessPorts, profileNameIn, type Surroundings } from './surroundings.ts';

/** What is stored, and what the provider says of it. */
export interface CheckedStatus extends Status {
  /** `false` where the provider cannot be asked about a token: it was refreshed instead, which succeeded. */
  readonly asked: boolean;
  /** What the provider calls granted now. Absent where it did not say. */
  readonly providerScopes?: readonly string[];
  /** When the provider lets the access token end. Absent where it did not say. */
  readonly providerExpiresAt?: Date;
  readonly rateLimit?: RateLimit;
}

/**
 * Asks the provider whether the sign-in works, refreshing where the access token has ended.
 *
 * @throws AuthError `NOT_SIGNED_IN`, `GRANT_DEAD` when only a new sign-in helps; others as `accessToken`.
 */
export async function checkStatus(
  options: Omit<AccessOptions, 'minTtlSeconds'> = {},
  surroundings: Surroundings = {},
): Promise<CheckedStatus> {
  const ports = await accessPorts(surroundings);
  const { profile, ...wait } = options;
  const name = profileNameIn(surroundings, profile);
  const { check } = await import('./online.ts');
  const { profile: stored, asked, claims, rateLimit } = await check({ name, ...wait }, ports);
  const { name: providerName } = await ports.providerOf(stored);
  return {
    ...statusOf(stored, { name, providerName, location: ports.store.location(name), now: ports.now() }),
    asked,
    ...defined({ providerScopes: claims.scopes, providerExpiresAt: claims.expiresAt, rateLimit }),
  };
}
