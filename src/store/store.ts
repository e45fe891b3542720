import type { AuthError } from '../errors.ts';
import type { Profile } from './profile.ts';

export interface LockOptions {
  /** How long to wait for another process that holds the lock, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** Called once, when the lock is not free at once. */
  readonly onWait?: () => void;
  /** Whether the profile will only be removed: then no room is reserved, so that it works on a full disk. Default `false`. */
  readonly forRemoval?: boolean;
  readonly signal?: AbortSignal;
  /**
   * Asked with the newest profile before the lock is taken, time and again while waiting for it, and under it: `true` ends the wait
   * without the lock. Default: nothing ends it.
   */
  readonly stopWhen?: (newest: Profile | undefined) => boolean;
}

/**
 * One profile, locked against every other process, with room for its next version reserved.
 *
 *     await using locked = await store.lock('default');
 *     await locked.commit({ ...locked.current, tokens });
 */
export interface LockedProfile extends AsyncDisposable {
  /** As it was stored when the lock was taken. */
  readonly current: Profile | undefined;
  /**
   * Stores `profile` durably and keeps the reserved room for {@link LockedProfile.commit}: for what must be on record before a
   * request is sent. As often as needed.
   * @throws AuthError `LOCKED` if another process took the lock over: nothing was written; `STORE_UNAVAILABLE`
   */
  checkpoint(profile: Profile): Promise<void>;
  /**
   * Stores `profile` durably in the room that was reserved before the lock was handed out. At most once.
   * @throws AuthError as {@link LockedProfile.checkpoint}
   */
  commit(profile: Profile): Promise<void>;
  /** Deletes the profile durably; nothing happens if there is none. @throws AuthError as {@link LockedProfile.checkpoint} */
  remove(): Promise<void>;
}

export type Listed =
  | { readonly name: string; readonly profile: Profile }
  | { readonly name: string; readonly error: AuthError };

/** Where profiles are kept. Use-cases reach it through these few verbs only, so that another store can stand here. */
export interface ProfileStore {
  /** Where a person would look for this profile: for the file store, its absolute path. */
  location(name: string): string;
  /**
   * The stored profile, `undefined` where there is none. Takes no lock: a read sees the file before or after a change, never between.
   * @throws AuthError `STORE_DAMAGED`, `STORE_VERSION`, `STORE_UNAVAILABLE`; `USAGE` for a name that cannot be one.
   */
  read(name: string): Promise<Profile | undefined>;
  /**
   * Locks one profile: waits for the lock, reads the newest version, reserves room for the next one.
   * @returns `undefined` if `stopWhen` ended the wait
   * @throws AuthError `LOCKED` after `timeoutMs`; `STORE_UNAVAILABLE` if no room can be reserved; `INTERRUPTED` or the signal's own
   *   reason; and as {@link ProfileStore.read}
   */
  lock(name: string, options?: LockOptions & { readonly stopWhen?: undefined }): Promise<LockedProfile>;
  lock(name: string, options: LockOptions): Promise<LockedProfile | undefined>;
  /** Every profile, sorted by name; one that cannot be read is listed with its error. */
  list(): Promise<readonly Listed[]>;
  /** Renames a profile, exclusively. @throws AuthError `USAGE` where `to` is taken; `NOT_SIGNED_IN` where there is no `from`. */
  rename(from: string, to: string): Promise<void>;
}

/** The names of all profiles; none where they cannot be listed. */
export async function namesIn(store: Pick<ProfileStore, 'list'>): Promise<readonly string[]> {
  const listed = await store.list().catch(() => []);
  return listed.map(({ name }) => name);
}
