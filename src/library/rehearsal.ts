import { defined } from '../defined.ts';
import { profileNameIn, readingPorts, type Surroundings } from './surroundings.ts';

export interface RehearsalOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  readonly signal?: AbortSignal;
}

/**
 * Finds out whether a sign-in could be stored, by doing what it does first: takes the profile's place on disk, and gives it back.
 * Makes the directories that are missing.
 *
 * @throws AuthError `STORE_UNAVAILABLE` for a full or read-only disk, a refused permission, another user's directory, a link that
 *   leads nowhere; `STORE_DAMAGED`, `STORE_VERSION`; `LOCKED`. The stored profile is as it was.
 */
export async function rehearseStoring(
  { profile, signal }: RehearsalOptions = {},
  surroundings: Surroundings = {},
): Promise<void> {
  const { store } = readingPorts(surroundings);
  await store.update(profileNameIn(surroundings, profile), async () => {}, defined({ signal }));
}
