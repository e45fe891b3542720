import { join } from 'node:path';
import { type OnNotice, readPrivate } from './private-file.ts';
import type { Profile } from './profile.ts';
import { decodeProfile } from './profile-file.ts';
import { profileName } from './profile-name.ts';

/** Where the profile is kept, in the directory of all profiles. @throws AuthError `USAGE` for a name that cannot be one */
export function profilePath(directory: string, name: string): string {
  return join(directory, `${profileName(name)}.json`);
}

/**
 * The profile in the file at `path`, `undefined` where there is none: before or after a change, never between. Takes no lock.
 * @throws AuthError `STORE_DAMAGED`, `STORE_VERSION`, `STORE_UNAVAILABLE`
 */
export function readProfile(path: string, onNotice: OnNotice): Profile | undefined {
  const bytes = readPrivate(path, onNotice);
  return bytes && decodeProfile(bytes, path);
}
