import { defined } from '../defined.ts';
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
  /** `false` where the provider cannot be asked: the token was refreshed instead, which succeeded. */
  readonly asked: boolean;
  readonly claims: TokenClaims;
  /** As far as the answer told. */
  readonly rateLimit?: RateLimit;
}

/**
 * Asks the provider whether the sign-in works. An access token that has ended, or that the provider calls inactive, is
 * refreshed first, so that a yes means a working token. Where the provider cannot be asked, a refresh is the question.
 *
 * @throws AuthError `NOT_SIGNED_IN`, `GRANT_DEAD` when only a new sign-in helps; `USAGE` where nothing can be found out;
 *   else as `access` and `introspect`.
 */
export async function check(request: CheckRequest, ports: AccessPorts): Promise<Check> {
  const found = await access({ ...request, minTtlSeconds: 0 }, ports);
  const provider = await ports.providerOf(found.profile);
  const { introspection } = provider;
  if (introspection === undefined) return { ...(await proven(found, request, ports)), asked: false, claims: {} };
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
    ...defined({ rateLimit }),
  };
}

async function proven(found: Access, request: CheckRequest, ports: AccessPorts): Promise<Access> {
  if (found.refreshed) return found;
  const { accessToken, refreshToken } = found.tokens;
  if (refreshToken !== undefined) return access({ ...request, notThis: accessToken }, ports);
  throw new AuthError('USAGE', 'The provider cannot be asked about a token, and there is no refresh token to try.', {
    kept: 'The stored token is untouched.',
    hint: 'Use it, and see: `fitbit-login token`.',
  });
}
