import { unsendableRequest } from '../messages.ts';
import { type AccessOptions, type AccessToken, accessToken, refresh } from './access-token.ts';
import { sendToApi } from './api.ts';
import { type CheckedStatus, checkStatus } from './check.ts';
import { type LogoutOptions, logout, type SignedOut } from './logout.ts';
import { assertOptions, assertText } from './options.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';
import { type Status, status } from './status.ts';

/** What of `fetch` can be given: nothing that leads elsewhere, and no credentials of another. */
export type ProfileRequest = Pick<RequestInit, 'method' | 'headers' | 'body' | 'signal'>;

/** One stored profile, by name. It holds no token: each call reads what is stored then. */
export interface ProfileHandle {
  readonly name: string;
  /** A working access token, as text: the stored one, or a refreshed one. @throws AuthError as `accessToken` */
  token(options?: Omit<AccessOptions, 'profile'>): Promise<string>;
  /**
   * Sends a request with a working token to the provider's API host, and to no other. A token that the provider refuses is refreshed,
   * and the request sent once more. The response is read whole, 64 MiB and 60 seconds at most, and no redirect is followed.
   *
   * @param path at the API host, query included: `/v4/users/me/identity`
   * @returns whatever the API answers, error statuses included, as from `fetch`
   * @throws AuthError `USAGE` for a path that leads elsewhere; as `accessToken`; `UNAVAILABLE` and `ANSWER_INVALID` without a response;
   *   the signal's reason
   */
  fetch(path: string, init?: ProfileRequest): Promise<Response>;
  /** What is stored, without asking the provider. @throws AuthError as `NOT_SIGNED_IN`, `STORE_DAMAGED` */
  status(): Promise<Status>;
  /** Asks the provider whether the sign-in works; may refresh to find out. @throws AuthError `GRANT_DEAD` and others */
  check(options?: Omit<AccessOptions, 'profile' | 'minTtlSeconds'>): Promise<CheckedStatus>;
  /** Refreshes now, however much time the stored token has left. @throws AuthError as `accessToken` */
  refresh(options?: Omit<AccessOptions, 'profile' | 'minTtlSeconds'>): Promise<AccessToken>;
  /** Renames it; this handle has the new name from then on. @throws AuthError `USAGE` where the name is taken or cannot be one */
  rename(name: string): Promise<void>;
  /** Revokes the sign-in and deletes the profile. @throws AuthError, with the profile preserved, if the provider cannot revoke it */
  logout(options?: Omit<LogoutOptions, 'profile'>): Promise<SignedOut>;
}

/**
 * A stored profile. Reads nothing yet: a profile that there is not is found out by the first call.
 *
 * @param name default: `FITBIT_LOGIN_PROFILE`, else `default`
 * @example
 * const me = openProfile('me');
 * const response = await me.fetch('/v4/users/me/identity');
 *
 * @throws AuthError `USAGE` for a name or dependencies of the wrong type
 */
export function openProfile(name?: string, runtimeOptions: RuntimeOptions = {}): ProfileHandle {
  if (name !== undefined) assertText('The name of a profile', name);
  const runtime = createRuntime(runtimeOptions);
  let profile = runtime.profileName(name);
  return {
    get name() {
      return profile;
    },
    token: async (options) => (await accessToken({ ...options, profile }, runtimeOptions)).token.reveal(),
    fetch: async (path, init = {}) => {
      assertText('The path', path);
      assertOptions('fetch', init);
      const request = await requestFrom(init);
      return (await sendToApi(runtime, profile, path, request)).response;
    },
    status: () => status({ profile }, runtimeOptions),
    check: (options) => checkStatus({ ...options, profile }, runtimeOptions),
    refresh: (options) => refresh({ ...options, profile }, runtimeOptions),
    rename: async (to) => {
      assertText('The new name', to);
      await runtime.store.rename(profile, to);
      profile = to;
    },
    logout: (options) => logout({ ...options, profile }, runtimeOptions),
  };
}

/** The request with its body whole, so that it can be sent a second time. */
async function requestFrom({ method, headers, body, signal }: ProfileRequest) {
  try {
    const whole = body === undefined || body === null ? undefined : new Response(body);
    const given = new Headers(headers);
    const type = whole?.headers.get('content-type');
    if (type && !given.has('content-type')) given.set('content-type', type);
    return {
      method: method?.toUpperCase(),
      headers: Object.fromEntries(given),
      body: whole && new Uint8Array(await whole.arrayBuffer()),
      signal: signal ?? undefined,
    };
  } catch (cause) {
    throw unsendableRequest(cause);
  }
}
