import { randomBytes } from 'node:crypto';
import { chmod, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { AuthError } from '../errors.ts';
import { diskError, noDatabaseNamed } from '../messages.ts';
import { postgresAddress } from '../store/postgres-address.ts';
import type { AccessOptions } from './access-token.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';
import { type Status, storedStatus } from './status.ts';

/** A profile as `profiles` lists it: its status, or why it cannot be read. */
export type ListedProfile =
  | { readonly profile: string; readonly status: Status }
  | { readonly profile: string; readonly error: AuthError };

/** Every stored profile, sorted by name. @throws AuthError `STORE_UNAVAILABLE` */
export async function profiles(runtimeOptions: RuntimeOptions = {}): Promise<readonly ListedProfile[]> {
  const runtime = createRuntime(runtimeOptions);
  return (await runtime.store.list()).map((listed) =>
    'error' in listed
      ? { profile: listed.name, error: listed.error }
      : { profile: listed.name, status: storedStatus(runtime, listed.name, listed.profile) },
  );
}

/** Renames a profile. @throws AuthError `USAGE` where the new name is taken or cannot be one, `NOT_SIGNED_IN` where there is no such profile */
export async function renameProfile(from: string, to: string, runtimeOptions: RuntimeOptions = {}): Promise<void> {
  await createRuntime(runtimeOptions).store.rename(from, to);
}

/**
 * Finds out whether a sign-in could be stored, as its first step does: locks the profile, reserves room for it, and lets go. Creates
 * the directories that are missing.
 *
 * @throws AuthError `STORE_UNAVAILABLE` for a full or read-only disk, a refused permission, another user's directory, a link that
 *   leads nowhere; `STORE_DAMAGED`, `STORE_VERSION`; `LOCKED`. The stored profile is as it was.
 */
export async function checkStore(
  { profile, signal }: Pick<AccessOptions, 'profile' | 'signal'> = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<void> {
  const { store, profileName } = createRuntime(runtimeOptions);
  await using _locked = await store.lock(profileName(profile), { signal });
}

/**
 * Creates the schema in the database that `FITBIT_LOGIN_STORE` names, or brings it up to date.
 *
 * @returns where the database is, without its password; the version of its schema before, 0 where there was none, and now; and what
 *   a role needs to work on profiles: SQL for the owner of the schema
 * @throws AuthError `NOT_CONFIGURED`, `STORE_VERSION`, `STORE_UNAVAILABLE`: nothing was changed then
 */
export async function initializeStore(runtimeOptions: RuntimeOptions = {}) {
  const { environment } = createRuntime(runtimeOptions);
  if (!environment.FITBIT_LOGIN_STORE) throw noDatabaseNamed();
  const address = postgresAddress(environment);
  const [{ migrate, GRANTS, SCHEMA_VERSION }, { connected }] = await Promise.all([
    import('../store/postgres-schema.ts'),
    import('../store/postgres-session.ts'),
  ]);
  const from = await connected(address, (client) => migrate(client, address.place));
  return { place: address.place, from, to: SCHEMA_VERSION, grants: GRANTS };
}

/**
 * Replaces a file that holds no secret and that other users may read, such as node_exporter: a reader sees the old one or the new one.
 *
 * @throws AuthError `STORE_UNAVAILABLE`
 */
export async function writeMetrics(path: string, text: string): Promise<void> {
  // Not of the ending that is collected.
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o644 });
    // A umask may have taken a bit.
    await chmod(temporary, 0o644);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw diskError('write', path, error);
  }
}
