import { cannotCheck, rejectedFreshToken } from '../messages.ts';
import { introspect } from '../oauth/introspection.ts';
import { type Access, type AccessOptions, access } from './access-token.ts';
import { type RateLimit, rateLimitOf } from './api.ts';
import { assertOptions } from './options.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';
import { type Status, storedStatus } from './status.ts';

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
 * Asks the provider whether the sign-in works. An access token that has expired, or that the provider calls inactive, is refreshed
 * first, so that a yes means a working token. Where the provider cannot be asked, a refresh is the question.
 *
 * @throws AuthError `NOT_SIGNED_IN`, `GRANT_DEAD` when only a new sign-in helps; `USAGE` where nothing can be found out;
 *   `ACCOUNT_UNREADABLE` and others where the token works and the provider lets it read nothing; else as `accessToken` and `introspect`.
 */
export async function checkStatus(
  options: Omit<AccessOptions, 'minTtlSeconds'> = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<CheckedStatus> {
  assertOptions('checkStatus', options);
  const { profile, ...wait } = options;
  const runtime = createRuntime(runtimeOptions);
  const request = { ...wait, name: runtime.profileName(profile) };
  const stored = await runtime.store.read(request.name);
  // Of a grant that the provider called dead, only a refresh can show that it lives.
  const rejectedToken = stored?.grantEndedAt && stored.tokens?.accessToken;
  let current = await access(runtime, { ...request, minTtlSeconds: 0, rejectedToken });
  const provider = await runtime.providerOf(current.profile);
  const again = ({ tokens }: Access) => access(runtime, { ...request, rejectedToken: tokens.accessToken });

  const { introspection } = provider;
  if (introspection === undefined) {
    if (!current.refreshed && current.tokens.refreshToken === undefined) throw cannotCheck();
    if (!current.refreshed) current = await again(current);
    return { ...storedStatus(runtime, request.name, current.profile), asked: false };
  }
  const { authentication } = introspection;
  const ask = ({ profile: { client }, tokens: { accessToken: token } }: Access) =>
    introspect(provider.server, client, { token, authentication }, { fetch: runtime.fetch });
  let response = await ask(current);
  if (!response.active) {
    current = await again(current);
    response = await ask(current);
  }
  if (!response.active) throw rejectedFreshToken(provider.name);
  // A token may work and still open nothing: an account without a profile, an API that is not enabled.
  await provider.identify?.(current.tokens.accessToken, runtime.fetch);
  const { scopes: providerScopes, expiresAt: providerExpiresAt } = introspection.read(response.claims);
  return {
    ...storedStatus(runtime, request.name, current.profile),
    asked: true,
    providerScopes,
    providerExpiresAt,
    rateLimit: rateLimitOf(response.headers),
  };
}
