import { AuthError } from '../errors.ts';
import { introspect } from '../oauth/introspection.ts';
import type { TokenClaims } from '../providers/provider.ts';
import { type Access, access } from './access.ts';
import type { AccessPorts } from './ports.ts';
import { type RateLimit, rateLimitOf } from './rate-limit.ts';

export interface CheckRequest {
  /** The profile's name. */
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
}

/** What the provider says of a sign-in. */
export interface Check extends Access {
  /** `false` where the provider cannot be asked: that a refresh succeeded is then all that is known. */
  readonly asked: boolean;
  readonly claims: TokenClaims;
  /** As far as the answer told. */
  readonly rateLimit?: RateLimit;
}

/**
 * Asks the provider whether the sign-in works. An access token that has ended, or that the provider calls inactive, is
 * refreshed first, so that a yes means a working token.
 *
 * @throws AuthError `NOT_SIGNED_IN`, `GRANT_DEAD` when only a new sign-in helps; else as `access` and `introspect`.
 */
export async function check(request: CheckRequest, ports: AccessPorts): Promise<Check> {
  const found = await access({ ...request, minTtlSeconds: 0 }, ports);
  const provider = await ports.providerOf(found.profile);
  const { introspection } = provider;
  if (introspection === undefined) return { ...found, asked: false, claims: {} };
  const ask = ({ profile, tokens }: Access) =>
    introspect(
      provider.server,
      profile.client,
      { token: tokens.accessToken, authentication: introspection.authentication },
      { fetch: ports.fetch },
    );
  let now = found;
  let answer = await ask(now);
  if (!answer.active) {
    now = await access({ ...request, notThis: now.tokens.accessToken }, ports);
    answer = await ask(now);
  }
  if (!answer.active)
    throw new AuthError(
      'GRANT_DEAD',
      `${provider.name} says that the access token does not work, although it was refreshed just now.`,
    );
  const rateLimit = rateLimitOf(answer.headers);
  return {
    ...now,
    asked: true,
    claims: introspection.read(answer.answer),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  };
}
