import { AuthError } from '../errors.ts';
import { deadGrant, notSignedIn, withProfileFlag } from '../messages.ts';
import type { Secret } from '../secret.ts';
import type { Profile, ProviderId } from '../store/profile.ts';
import { namesIn } from '../store/store.ts';
import { assertOptions } from './options.ts';
import { type Refreshed, type RefreshRequest, refreshLocked } from './refresh.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { freshTokens } from './session.ts';

export interface AccessOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** A token with no more seconds left than this is refreshed. Default 60. */
  readonly minTtlSeconds?: number;
  /** Ends waiting for another process, or for another try. A refresh that has been sent is waited for. */
  readonly signal?: AbortSignal;
  /** Called once when another process has locked the profile and is waited for, 30 seconds at most. */
  readonly onWait?: () => void;
}

/** A working access token, and whose it is. */
export interface AccessToken {
  /** The name that it is stored under. */
  readonly profile: string;
  readonly provider: ProviderId;
  /** Printed only through `reveal()`. */
  readonly token: Secret;
  /** Absent where the provider did not say. */
  readonly expiresAt?: Date;
  /** When the grant itself ends. Absent where the provider did not say. */
  readonly refreshExpiresAt?: Date;
  readonly userId?: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly refreshed: boolean;
}

/**
 * A working access token: the stored one while it has more than `minTtlSeconds` left, else a refreshed one. Any number of
 * processes may ask at once: one refreshes, all get the new token.
 *
 * @example
 * const { token } = await accessToken();
 * const response = await fetch(url, { headers: { authorization: `Bearer ${token.reveal()}` } });
 *
 * @throws AuthError `NOT_SIGNED_IN`, `GRANT_DEAD` when a sign-in is needed; `UNAVAILABLE`, `RATE_LIMITED`, `RETIRED`,
 *   `CLIENT_REJECTED`, `ANSWER_INVALID`, `LOCKED`, `STORE_UNAVAILABLE` with the tokens preserved.
 */
export async function accessToken(
  options: AccessOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<AccessToken> {
  assertOptions('accessToken', options);
  const { profile, ...request } = options;
  const runtime = createRuntime(runtimeOptions);
  return described(await access(runtime, { ...request, name: runtime.profileName(profile) }));
}

/** Refreshes now, however much time the stored token has left. @throws AuthError as {@link accessToken} */
export async function refresh(
  options: Omit<AccessOptions, 'minTtlSeconds'> = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<AccessToken> {
  assertOptions('refresh', options);
  const { profile, ...request } = options;
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(profile);
  const stored = await runtime.store.read(name);
  return described(await access(runtime, { ...request, name, rejectedToken: stored?.tokens?.accessToken }));
}

/** @internal */
export interface AccessRequest extends RefreshRequest, Pick<AccessOptions, 'onWait'> {
  /** How long to wait for another process that holds the lock. Default: as `ProfileStore.lock`. */
  readonly lockTimeoutMs?: number;
}

/** A working access token, and the profile it is from. @internal */
export interface Access extends Refreshed {
  readonly name: string;
  /** Whether it is new: refreshed by this call or, while it waited, by another process. */
  readonly refreshed: boolean;
}

/**
 * Reads the tokens; where they are not fresh, locks the profile, reads them again, and refreshes them where they still are not.
 *
 * @throws AuthError as {@link accessToken}
 * @internal
 */
export async function access(runtime: Runtime, request: AccessRequest): Promise<Access> {
  const { name, signal, onWait } = request;
  const fresh = (profile: Profile | undefined) => freshTokens(profile, runtime.now(), request);

  const stored = await runtime.store.read(name);
  if (stored?.tokens === undefined) throw notSignedIn(name, stored ? [] : await namesIn(runtime.store));
  const tokens = fresh(stored);
  if (tokens !== undefined) return { name, profile: stored, tokens, refreshed: false };
  // Only a caller that knows the token not to work asks the provider about a dead grant again.
  const isDead = (profile: Profile | undefined) =>
    profile?.grantEndedAt !== undefined && request.rejectedToken === undefined;

  try {
    if (isDead(stored)) throw deadGrant(stored?.grantEndedReason);
    // Another process may refresh while this one waits for the lock.
    await using locked = await runtime.store.lock(name, {
      signal,
      onWait,
      timeoutMs: request.lockTimeoutMs,
      stopWhen: (newest: Profile | undefined) => fresh(newest) !== undefined || isDead(newest),
    });
    const newest = locked === undefined ? await runtime.store.read(name) : locked.current;
    const refreshed = fresh(newest);
    if (newest !== undefined && refreshed !== undefined)
      return { name, profile: newest, tokens: refreshed, refreshed: true };
    if (isDead(newest)) throw deadGrant(newest?.grantEndedReason);
    const done = locked && (await refreshLocked(runtime, locked, request).catch(unlessLost));
    if (done !== undefined) return { name, ...done, refreshed: true };
  } catch (thrown) {
    throw thrown instanceof AuthError ? thrown.with({ hint: withProfileFlag(thrown.hint, name) }) : thrown;
  }
  // Another process is at it, and had the lock first or took it from this one, which was suspended for long.
  return access(runtime, request);
}

function unlessLost(thrown: unknown): undefined {
  if (!(thrown instanceof AuthError && thrown.code === 'LOCKED')) throw thrown;
}

/** What `exec` gives a command: `FITBIT_ACCESS_TOKEN`, `FITBIT_USER_ID`, `FITBIT_CLIENT_ID`. @internal */
export function environmentFor({ token, userId, clientId }: AccessToken): Readonly<Record<string, string>> {
  return {
    FITBIT_ACCESS_TOKEN: token.reveal(),
    FITBIT_CLIENT_ID: clientId,
    ...(userId === undefined ? {} : { FITBIT_USER_ID: userId }),
  };
}

function described({ name, profile: { provider, client }, tokens, refreshed }: Access): AccessToken {
  const { accessToken: token, expiresAt, refreshExpiresAt, userId, scopes } = tokens;
  const clientId = client.id;
  return { profile: name, provider, token, expiresAt, refreshExpiresAt, userId, clientId, scopes, refreshed };
}
