import { AuthError, asAuthError, type ErrorCode } from '../errors.ts';
import { interruptedRefresh, noRefreshToken, notSignedIn, PRESERVED, stillValid, usedElsewhere } from '../messages.ts';
import { refreshTokens, type TokenResponse } from '../oauth/token-endpoint.ts';
import type { Provider } from '../providers/provider.ts';
import type { Secret } from '../secret.ts';
import { formatDateTime } from '../server/pages/texts.ts';
import type { Profile, Tokens } from '../store/profile.ts';
import type { LockedProfile } from '../store/store.ts';
import type { Runtime } from './runtime.ts';
import { type FreshnessOptions, freshTokens } from './session.ts';
import { age, fromNow } from './times.ts';

/** @internal */
export interface RefreshRequest extends FreshnessOptions {
  readonly name: string;
  /** Ends the waiting for another try. A request that has been sent is waited for, so that its response is not lost. */
  readonly signal?: AbortSignal;
  /** Whether a rate limit is waited for where it resets soon. Default `true`. */
  readonly waitsForReset?: boolean;
}

/** What a refresh leaves stored. @internal */
export interface Refreshed {
  readonly profile: Profile;
  readonly tokens: Tokens;
}

/** A refresh under way. */
interface Refresh {
  readonly profile: Profile & { readonly tokens: Tokens };
  readonly refreshToken: Secret;
  readonly provider: Provider;
  /** What the requests sent so far failed with. */
  readonly failures: unknown[];
}

/**
 * Refreshes a profile under its lock, which is held until the response is durably stored.
 *
 * Before the refresh token is sent, room on disk is reserved (by the lock) and the profile is marked with `refreshStartedAt`. Whatever process
 * finds that mark later knows that the refresh was cut off, and repeats it with the same token: Fitbit repeats its response for two
 * minutes.
 *
 * @throws AuthError `NOT_SIGNED_IN`; `GRANT_DEAD` when only a new sign-in helps, and for no other reason; `UNAVAILABLE`,
 *   `RATE_LIMITED`, `RETIRED`, `CLIENT_REJECTED`, `ANSWER_INVALID`, `STORE_UNAVAILABLE` with the tokens preserved.
 */
export async function refreshLocked(
  runtime: Runtime,
  locked: LockedProfile,
  request: RefreshRequest,
): Promise<Refreshed> {
  const { current } = locked;
  const tokens = current?.tokens;
  if (current === undefined || tokens === undefined) throw notSignedIn(request.name);
  const { refreshToken } = tokens;
  if (refreshToken === undefined) throw noRefreshToken();
  const profile = { ...current, tokens };
  const refresh: Refresh = { profile, refreshToken, provider: await runtime.providerOf(profile), failures: [] };
  try {
    // From here on a successor may exist that only the provider knows.
    await locked.checkpoint({ ...profile, refreshStartedAt: profile.refreshStartedAt ?? runtime.now() });
    const response = await sendWithRetries(runtime, refresh, request);
    return await save(runtime, locked, refresh, request.name, refreshedTokens(tokens, response));
  } catch (thrown) {
    if (!(thrown instanceof AuthError)) throw thrown;
    return await recover(runtime, locked, refresh, request, thrown);
  }
}

function refreshedTokens(before: Tokens, response: TokenResponse): Tokens {
  const { scopes = before.scopes, userId = before.userId, subject = before.subject, email = before.email } = response;
  const { legacyUserId, signedInAt } = before;
  const refreshed = { ...response, scopes, userId, legacyUserId, subject, email, signedInAt };
  if (response.refreshToken !== undefined && !response.refreshToken.equals(before.refreshToken)) return refreshed;
  // RFC 6749 §6: without a new refresh token the old one stays valid, until it would have ended anyway. A response that
  // counts its days anew must not make that end slide.
  const refreshExpiresAt = earlierEnd(before.refreshExpiresAt, response.refreshExpiresAt);
  return { ...refreshed, refreshToken: before.refreshToken, refreshExpiresAt };
}

/** The stored end, unless the new one is earlier by more than the seconds that a response rounds off and takes to arrive. */
function earlierEnd(stored: Date | undefined, named: Date | undefined): Date | undefined {
  if (stored === undefined || named === undefined) return stored ?? named;
  return named.getTime() < stored.getTime() - 60_000 ? named : stored;
}

async function save(
  runtime: Runtime,
  locked: LockedProfile,
  { profile, provider }: Refresh,
  name: string,
  tokens: Tokens,
): Promise<Refreshed> {
  const refreshed: Profile = {
    ...profile,
    tokens,
    refreshStartedAt: undefined,
    grantEndedAt: undefined,
    grantEndedReason: undefined,
  };
  try {
    await locked.commit(refreshed);
  } catch (thrown) {
    throw asAuthError(thrown).with({
      preserved: provider.repeatsRefresh ? PRESERVED.repeatable : PRESERVED.tokens,
    });
  }
  (await runtime.openLog()).info(
    { event: 'refresh', profile: name, provider: provider.id, user_id: tokens.userId, expires_at: tokens.expiresAt },
    'Refreshed',
  );
  return { profile: refreshed, tokens };
}

/** After a failed refresh: tokens that work all the same, else throws why. */
async function recover(
  runtime: Runtime,
  locked: LockedProfile,
  { profile, refreshToken, provider, failures }: Refresh,
  request: RefreshRequest,
  failure: AuthError,
): Promise<Refreshed> {
  const { name } = request;
  // If this process was suspended, or the lock was bypassed (shared disk, restored backup), the stored tokens are newer than ours.
  const newest = await runtime.store.read(name).catch(() => {
    // A store that is gone: what it was needed for says more.
    throw failure.with({ preserved: failure.preserved ?? PRESERVED.tokens });
  });
  const tokens = freshTokens(newest, runtime.now(), request);
  if (newest !== undefined && tokens !== undefined) return { profile: newest, tokens };

  const dead = failure.code === 'GRANT_DEAD';
  const isOurs = refreshToken.equals(newest?.tokens?.refreshToken);
  if (dead && newest?.tokens !== undefined && !isOurs)
    return refreshLocked(runtime, { ...locked, current: newest }, request);

  const error = dead
    ? explainDead(failure, profile, provider, runtime.now())
    : failure.with({ preserved: failure.preserved ?? PRESERVED.tokens });
  // If one of these marks cannot be written, the next refresh finds out the same.
  if (dead && isOurs) {
    const marks = { grantEndedAt: runtime.now(), grantEndedReason: error.message };
    await locked.checkpoint({ ...profile, ...marks }).catch(() => {});
  } else if (isOurs && profile.refreshStartedAt === undefined && [failure, ...failures].every(wasNotGranted)) {
    // No response can have been lost: there is nothing to repeat.
    await locked.checkpoint(profile).catch(() => {});
  }
  (await runtime.openLog()).warn(
    { event: 'refresh_failed', profile: name, provider: provider.id, error_code: failure.code },
    failure.message,
  );
  // Where only the response of an earlier refresh was asked for again, the stored access token may still be fresh.
  const still = freshTokens({ ...profile, refreshStartedAt: undefined }, runtime.now(), request);
  if (still === undefined) throw error;
  runtime.notice(stillValid(error.message));
  return { profile, tokens: still };
}

const REFUSALS: readonly ErrorCode[] = [
  'GRANT_DEAD',
  'CLIENT_REJECTED',
  'ACCOUNT_NOT_ALLOWED',
  'REQUEST_REJECTED',
  'SCOPE_REJECTED',
  'RATE_LIMITED',
  'RETIRED',
];

/** Whether it is certain that this request made no successor of the refresh token. */
function wasNotGranted(thrown: unknown): boolean {
  return thrown instanceof AuthError && (REFUSALS.includes(thrown.code) || thrown.details.never_sent === true);
}

function explainDead(
  error: AuthError,
  { refreshStartedAt, tokens }: Profile,
  { repeatsRefresh = false, name }: Provider,
  now: Date,
): AuthError {
  // Where a refresh does not spend its token, a refresh that was cut off has not ended the grant.
  if (refreshStartedAt === undefined || !repeatsRefresh) {
    const elsewhere = repeatsRefresh ? [usedElsewhere(name)] : [];
    const message = [error.message, ...elsewhere, ...evidence(tokens, now)].join(' ');
    const { hint, details, cause } = error;
    return new AuthError('GRANT_DEAD', message, { hint, details, cause, preserved: PRESERVED.dead });
  }
  const when = `${refreshStartedAt.toISOString()} (${fromNow(refreshStartedAt, now)})`;
  return interruptedRefresh(when, tokens?.userId, error);
}

/** What is known here of a sign-in that has ended. Without times that are relative: it is stored, and shown later. */
function evidence(tokens: Tokens | undefined, now: Date): readonly string[] {
  const { signedInAt, obtainedAt, refreshExpiresAt } = tokens ?? {};
  return [
    signedInAt && `The sign-in was ${age(signedInAt, now)} old (from ${formatDateTime(signedInAt)}).`,
    obtainedAt && `It last worked on ${formatDateTime(obtainedAt)}.`,
    refreshExpiresAt && `Its stored end was ${formatDateTime(refreshExpiresAt)}.`,
  ].filter((sentence) => sentence !== undefined);
}

const PASSING: readonly ErrorCode[] = ['UNAVAILABLE', 'RATE_LIMITED', 'ANSWER_INVALID'];
/** No try is begun later than this after the first one. */
export const RETRY_FOR_MS = 10_000;
/** The pause before the second try. It doubles each time, and half of each is left to chance. */
const FIRST_PAUSE_MS = 400;

/**
 * Tries again what failed for a passing reason, while time allows. A rate limit is waited for where its reset is near enough. Throws
 * the last failure as it is.
 */
async function sendWithRetries(
  { fetch, now, sleep }: Runtime,
  { provider, profile, refreshToken, failures }: Refresh,
  { signal, waitsForReset = true }: RefreshRequest,
): Promise<TokenResponse> {
  const { userId, subject } = profile.tokens;
  let left = RETRY_FOR_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    const begun = performance.now();
    try {
      const options = { fetch, now: now(), userId, subject };
      return await refreshTokens(provider.server, profile.client, refreshToken, options);
    } catch (thrown) {
      failures.push(thrown);
      if (!(thrown instanceof AuthError) || !PASSING.includes(thrown.code)) throw thrown;
      const { reset_seconds: reset = Number.POSITIVE_INFINITY } = thrown.details;
      if (thrown.code === 'RATE_LIMITED' && !waitsForReset) throw thrown;
      const wait = thrown.code === 'RATE_LIMITED' ? Number(reset) * 1000 : pause * (0.5 + Math.random());
      left -= wait + (performance.now() - begun);
      if (left <= 0 || signal?.aborted) throw thrown;
      // Aborted while pausing: the last failure is what happened.
      await sleep(wait, signal).catch(() => {
        throw thrown;
      });
    }
  }
}
