import { AuthError, asAuthError, type ErrorCode } from '../errors.ts';
import { accountUnknown, signedInAllTheSame, WITHOUT_EMAIL } from '../messages.ts';
import type { Callback } from '../oauth/authorization.ts';
import { type CodeExchange, exchangeCode } from '../oauth/token-endpoint.ts';
import type { Identity, Provider } from '../providers/provider.ts';
import type { Profile, Tokens } from '../store/profile.ts';
import type { LockedProfile } from '../store/store.ts';
import { type LoginRequest, requestedProfile } from './login-request.ts';
import { notifiedAtSignIn } from './notify.ts';
import type { Runtime } from './runtime.ts';
import { type SignIn, storedStatus } from './status.ts';

/**
 * Exchanges the code and stores the tokens. Room on disk is reserved before the code is sent, since a code works once.
 *
 * @param assertCurrent called under the lock, before the code is sent
 * @throws AuthError the provider's refusal; as `exchangeCode` and `ProfileStore.lock`; the profile is then as it was
 */
export async function exchangeAndStore(
  runtime: Runtime,
  request: LoginRequest,
  callback: Callback,
  binding: Omit<CodeExchange, 'parameters'>,
  assertCurrent: (current: Profile | undefined) => void = () => {},
): Promise<SignIn> {
  const { name, provider, client, scopes, identityScopes } = request;
  const explained = (error: AuthError) =>
    error.code === 'SCOPE_REJECTED' && identityScopes.length > 0 ? error.with({ hint: WITHOUT_EMAIL }) : error;
  if (callback.kind === 'refused') throw explained(callback.error);
  await using locked = await runtime.store.lock(name);
  assertCurrent(locked.current);
  const code = { ...binding, parameters: callback.parameters };
  const sending = { fetch: runtime.fetch, now: runtime.now() };
  const response = await exchangeCode(provider.server, client, code, sending).catch((thrown) => {
    throw explained(asAuthError(thrown));
  });
  const { keep, extra, tokens: replaced } = locked.current ?? {};
  // Granted as asked, where the response does not say (RFC 6749 §5.1).
  const tokens = { ...response, scopes: response.scopes ?? [...scopes, ...identityScopes] };
  const profile: Profile = { ...requestedProfile(request), tokens, keep, extra };
  const { obstacle, ...identity } = await identify(runtime, locked, profile, provider);
  const { userId = tokens.userId, legacyUserId } = identity;
  const signedIn = { ...profile, tokens: { ...tokens, userId, legacyUserId, signedInAt: tokens.obtainedAt } };
  await locked.commit({ ...signedIn, notified: notifiedAtSignIn(signedIn) });
  const status = storedStatus(runtime, name, signedIn);
  const scope = status.scopes.join(' ');
  const log = await runtime.openLog();
  log.info({ event: 'sign_in', profile: name, provider: provider.id, user_id: status.userId, scope }, 'Signed in');
  const { userId: replacedUserId, email: replacedEmail }: Partial<Tokens> =
    replaced !== undefined && isOtherAccount(replaced, signedIn.tokens) ? replaced : {};
  return { ...status, obstacle, replacedUserId, replacedEmail };
}

/** Whether the provider rejected the code itself, which costs another paste and not the sign-in. */
export function isRejectedCode(error: unknown): boolean {
  return error instanceof AuthError && error.details.provider_error === 'invalid_grant';
}

/** What is not known of both says nothing. */
function isOtherAccount(before: Tokens, { subject, userId, legacyUserId, email }: Tokens): boolean {
  const [known] = [
    [before.subject, subject],
    [before.userId, before.userId === legacyUserId ? legacyUserId : userId],
    [before.email, email],
  ].filter((ids) => !ids.includes(undefined));
  return known !== undefined && known[0] !== known[1];
}

/** Asks who signed in, where the token response does not say. The tokens are stored before, since there may be no response. */
async function identify(
  runtime: Runtime,
  locked: LockedProfile,
  profile: Profile,
  provider: Provider,
): Promise<Identity & Pick<SignIn, 'obstacle'>> {
  if (provider.identify === undefined || profile.tokens === undefined) return {};
  await locked.checkpoint(profile);
  return provider.identify(profile.tokens.accessToken, runtime.fetch).catch((thrown) => {
    const { code, message, hint } = asAuthError(thrown);
    const obstacle = REFUSALS_OF_GOOD_TOKENS.includes(code)
      ? `${message} ${hint}`
      : accountUnknown(provider.name, message);
    return { obstacle: signedInAllTheSame(obstacle) };
  });
}

const REFUSALS_OF_GOOD_TOKENS: readonly ErrorCode[] = ['ACCOUNT_UNREADABLE', 'CLIENT_REJECTED', 'SCOPE_MISSING'];
