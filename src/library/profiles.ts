import { defined } from '../defined.ts';
import type { AuthError } from '../errors.ts';
import type { SignedOut } from '../usecases/sign-out.ts';
import { type Status, statusOf } from '../usecases/status.ts';
import { providerNameOf } from './registration.ts';
import { accessPorts, profileNameIn, readingPorts, type Surroundings } from './surroundings.ts';

/** A profile as `profiles` lists it: how it stands, or why it cannot be read. */
export type ListedProfile =
  | { readonly profile: string; readonly status: Status }
  | { readonly profile: string; readonly error: AuthError };

/** Every stored profile, sorted by name. @throws AuthError `STORE_UNAVAILABLE` */
export async function profiles(surroundings: Surroundings = {}): Promise<readonly ListedProfile[]> {
  const { store, now } = readingPorts(surroundings);
  const moment = now();
  return (await store.list()).map((listed) => {
    const { name } = listed;
    if ('error' in listed) return { profile: name, error: listed.error };
    const { profile } = listed;
    return {
      profile: name,
      status: statusOf(profile, {
        name,
        providerName: providerNameOf(profile),
        location: store.location(name),
        now: moment,
      }),
    };
  });
}

/** Renames a profile. @throws AuthError `USAGE` where the new name is taken or cannot be one, `NOT_SIGNED_IN` where there is no such profile */
export async function renameProfile(from: string, to: string, surroundings: Surroundings = {}): Promise<void> {
  await readingPorts(surroundings).store.rename(from, to);
}

export interface LogoutOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Deletes without telling the provider. Default `false`. */
  readonly local?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Revokes the sign-in at the provider, then deletes the profile.
 *
 * @throws AuthError `NOT_SIGNED_IN`; `UNAVAILABLE`, `RETIRED`, `CLIENT_REJECTED` and others with the profile kept.
 */
export async function logout(options: LogoutOptions = {}, surroundings: Surroundings = {}): Promise<SignedOut> {
  const { profile, local = false, signal } = options;
  const { signOut } = await import('./online.ts');
  return signOut(
    { name: profileNameIn(surroundings, profile), local, ...defined({ signal }) },
    await accessPorts(surroundings),
  );
}
