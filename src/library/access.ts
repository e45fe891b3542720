import { defined } from '../defined.ts';
import type { Secret } from '../secret.ts';
import type { Profile, ProviderId } from '../store/profile.ts';
import { awaitAccess } from '../usecases/await-access.ts';
import { nobodySignedIn } from '../usecases/nobody.ts';
import { type AccessRequest, usable } from '../usecases/usable.ts';
import { accessPorts, profileNameIn, readingPorts, type Surroundings } from './surroundings.ts';

export interface AccessOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** A token with no more seconds left than this is refreshed. Default 60. */
  readonly minTtlSeconds?: number;
  /** Ends waiting for another process, or for another try. A refresh that is on its way is let finish. */
  readonly signal?: AbortSignal;
  /** Told once when another process has the profile and is waited for, 30 seconds at most. */
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
 * const answer = await fetch(url, { headers: { authorization: `Bearer ${token.reveal()}` } });
 *
 * @throws AuthError `NOT_SIGNED_IN`, `GRANT_DEAD` when a sign-in is needed; `UNAVAILABLE`, `RATE_LIMITED`, `RETIRED`,
 *   `CLIENT_REJECTED`, `ANSWER_INVALID`, `LOCKED`, `STORE_UNAVAILABLE` with the tokens kept.
 */
export async function accessToken(options: AccessOptions = {}, surroundings: Surroundings = {}): Promise<AccessToken> {
  const { store, now } = readingPorts(surroundings);
  const request = requestOf(options, surroundings);
  const profile = await store.read(request.name);
  if (profile?.tokens === undefined) throw nobodySignedIn(request.name);
  if (usable(profile, now(), request) !== undefined) return answerOf(request.name, profile, false);
  const done = await awaitAccess(request, {
    store,
    now,
    refresh: async (slot) => {
      const { refreshUnderLock } = await import('./online.ts');
      return refreshUnderLock(slot, request, await accessPorts(surroundings));
    },
  });
  return answerOf(request.name, done.profile, done.refreshed);
}

/** Refreshes now, however much time the stored token has left. @throws AuthError as {@link accessToken} */
export async function refresh(
  options: Omit<AccessOptions, 'minTtlSeconds'> = {},
  surroundings: Surroundings = {},
): Promise<AccessToken> {
  const { access } = await import('./online.ts');
  const ports = await accessPorts(surroundings);
  const request = requestOf(options, surroundings);
  const stored = await ports.store.read(request.name);
  if (stored?.tokens === undefined) throw nobodySignedIn(request.name);
  const done = await access({ ...request, notThis: stored.tokens.accessToken }, ports);
  return answerOf(request.name, done.profile, done.refreshed);
}

/** What `exec` gives a command: `FITBIT_ACCESS_TOKEN`, `FITBIT_USER_ID`, `FITBIT_CLIENT_ID`. */
export function environmentFor({ token, userId, clientId }: AccessToken): Readonly<Record<string, string>> {
  return {
    FITBIT_ACCESS_TOKEN: token.reveal(),
    FITBIT_CLIENT_ID: clientId,
    ...defined({ FITBIT_USER_ID: userId }),
  };
}

function requestOf(
  { profile, minTtlSeconds, signal, onWait }: AccessOptions,
  surroundings: Surroundings,
): AccessRequest {
  return {
    name: profileNameIn(surroundings, profile),
    ...defined({ minTtlSeconds, signal, onWait }),
  };
}

function answerOf(name: string, { provider, client, tokens }: Profile, refreshed: boolean): AccessToken {
  if (tokens === undefined) throw nobodySignedIn(name);
  const { accessToken: token, expiresAt, refreshExpiresAt, userId, scopes } = tokens;
  return {
    profile: name,
    provider,
    token,
    clientId: client.id,
    scopes,
    refreshed,
    ...defined({ expiresAt, refreshExpiresAt, userId }),
  };
}
