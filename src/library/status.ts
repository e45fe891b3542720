import { nobodySignedIn } from '../usecases/nobody.ts';
import { type Status, statusOf } from '../usecases/status.ts';
import { providerNameOf } from './registration.ts';
import { profileNameIn, readingPorts, type Surroundings } from './surroundings.ts';

export interface StatusOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
}

/**
 * Tells what is stored of a profile, without asking the provider.
 *
 * @throws AuthError `NOT_SIGNED_IN` where there is no such profile; `STORE_DAMAGED`, `STORE_VERSION`, `STORE_UNAVAILABLE`.
 */
export async function status(options: StatusOptions = {}, surroundings: Surroundings = {}): Promise<Status> {
  const { store, now } = readingPorts(surroundings);
  const name = profileNameIn(surroundings, options.profile);
  const profile = await store.read(name);
  if (profile === undefined) throw nobodySignedIn(name);
  return statusOf(profile, { name, providerName: providerNameOf(profile), location: store.location(name), now: now() });
}
