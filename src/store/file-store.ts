import type { BigIntStats } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AuthError, asAuthError } from '../errors.ts';
import { readEntries, rename, statExactly, unlink } from './at-once.ts';
import { diskError, unless } from './disk-error.ts';
import { nearest } from './ground.ts';
import { isReplaceable, MAX_FILE_BYTES, type OnNotice } from './private-file.ts';
import type { Profile } from './profile.ts';
import { encodeProfile } from './profile-file.ts';
import { isProfileName } from './profile-name.ts';
import type {
  Listed,
  LockedProfile,
  LockOptions,
  ProfileStore,
  RemoveOptions,
  Slot,
  StoppableLockOptions,
  UpdateOptions,
} from './store.ts';
import { profilePath, readProfile } from './stored-profile.ts';

/** Disk space taken before an update, beyond the file's own. Half of it is for a change of the layout, half for the answer. */
const GROWTH_BYTES = 128 * 1024;
const PATIENCE_MS = 30_000;
/** How many profiles are read before whatever else this process has to do gets a turn. */
const LIST_AT_ONCE = 100;

export interface FileStoreOptions {
  /** Absolute: `CONFIG/profiles`. Created, for its owner only, when something is first written. */
  readonly directory: string;
  /** Asked before anything is created. What it throws ends the change. Default: everything may be. */
  readonly mayCreate?: () => Promise<void>;
  /** Called under the lock after each commit: to keep exported files current. What it throws passes through, with the profile stored. */
  readonly onCommit?: (name: string, profile: Profile) => Promise<void>;
  /** Told, once each, of a file or directory that is open to others. Default: nobody is told. */
  readonly onNotice?: OnNotice;
  /** Called for each lock that is not free at once, unless the caller of `lock` gave its own. */
  readonly onWait?: () => void;
}

/** A store of one JSON file a profile, `NAME.json`, for one user of this machine only. */
export function fileStore({
  directory,
  mayCreate = async () => {},
  onCommit = async () => {},
  onNotice = () => {},
  onWait: onAnyWait,
}: FileStoreOptions): ProfileStore {
  const told = new Set<string>();
  const tell: OnNotice = (text) => {
    if (!told.has(text)) onNotice(text);
    told.add(text);
  };
  const location = (name: string) => profilePath(directory, name);
  const claimOptions = (
    name: string,
    { patienceMs = PATIENCE_MS, onWait = onAnyWait, signal }: UpdateOptions<unknown> = {},
  ) => ({
    what: `profile "${name}"`,
    patienceMs,
    onWait,
    signal,
    mayCreate,
    onNotice: tell,
  });

  async function read(name: string): Promise<Profile | undefined> {
    const path = location(name);
    const profile = readProfile(path, tell);
    // Behind a link that leads nowhere, a disk that is not mounted for one, everything would seem never to have been there.
    if (profile === undefined) await nearest(path);
    return profile;
  }

  function lock(name: string, options?: LockOptions): Promise<LockedProfile>;
  function lock(name: string, options: StoppableLockOptions): Promise<LockedProfile | undefined>;
  function lock(name: string, options: LockOptions & Partial<StoppableLockOptions> = {}) {
    const { timeoutMs, stopWhen, ...rest } = options;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    return new Promise<LockedProfile | undefined>((resolve, reject) => {
      const change = async ({ current, note, save, remove }: Slot & Pick<LockedProfile, 'remove'>) => {
        resolve({
          current,
          checkpoint: note,
          async commit(profile) {
            await save(profile);
            await onCommit(name, profile);
          },
          remove,
          async [Symbol.asyncDispose]() {
            release();
            await ended;
          },
        });
        await released;
      };
      const unless = stopWhen && ((newest: Profile | undefined) => (stopWhen(newest) ? true : undefined));
      const ended = update<unknown>(name, change, { ...rest, patienceMs: timeoutMs, unless }).then(
        () => resolve(undefined),
        reject,
      );
    });
  }

  async function update<T>(
    name: string,
    change: (slot: Slot & Pick<LockedProfile, 'remove'>) => Promise<T>,
    options: UpdateOptions<T> = {},
  ): Promise<T> {
    const path = location(name);
    const { unless: answer } = options;
    const instead = answer && whenChanged(path, async () => answer(await read(name)));
    const early = await instead?.();
    if (early !== undefined) return early;

    // Loaded only here: most runs change nothing.
    const { claim, syncDirectory } = await import('./claim.ts');
    const claimed = await claim(
      path,
      { ...claimOptions(name, options), instead, growthBytes: GROWTH_BYTES },
      async ({ bytes, note, save, confirm }) => {
        const current = await read(name);
        // The last change may have come between the last look and the lock.
        const late = answer?.(current);
        if (late !== undefined) return late;
        if (current !== undefined) rehearse(current, path, bytes);
        return change({
          current,
          note: async (profile) => note(encode(profile, path)),
          save: async (profile) => save(encode(profile, path)),
          async remove() {
            await confirm();
            await unless(['ENOENT'], unlink(path)).catch((error) => {
              throw diskError('delete', path, error);
            });
            await syncDirectory(directory);
          },
        });
      },
    );
    return 'done' in claimed ? claimed.done : claimed.instead;
  }

  async function list(): Promise<readonly Listed[]> {
    const entries = await unless(['ENOENT'], readEntries(directory)).catch((error) => {
      throw diskError('read', directory, error);
    });
    if (entries === undefined) await nearest(directory);
    const names = (entries ?? [])
      .filter((entry) => entry.name.endsWith('.json') && (entry.isFile() || entry.isSymbolicLink()))
      .map((entry) => entry.name.slice(0, -'.json'.length))
      .filter(isProfileName)
      .sort();
    const listed: Listed[] = [];
    for (const name of names) {
      if (listed.length % LIST_AT_ONCE === 0) await nextTurn();
      try {
        const profile = readProfile(location(name), tell);
        // Gone since the directory was read: then there is no such profile.
        if (profile !== undefined) listed.push({ name, profile });
      } catch (error) {
        listed.push({ name, error: asAuthError(error) });
      }
    }
    return listed;
  }

  async function remove(name: string, options: RemoveOptions = {}): Promise<boolean> {
    const { claim, isClaimed, syncDirectory } = await import('./claim.ts');
    const path = location(name);
    // Nothing there and nobody at work: nothing has to be created to say so.
    if (!(await isReplaceable(path)) && !(await isClaimed(path))) {
      await nearest(path);
      return false;
    }
    const claimed = await claim(path, claimOptions(name, options), async ({ confirm }) => {
      if (options.before !== undefined) {
        const newest = await read(name);
        if (newest === undefined) return false;
        await options.before(newest);
      }
      await confirm();
      const removed = await unless(
        ['ENOENT'],
        unlink(path).then(() => true),
      );
      await syncDirectory(directory);
      return removed ?? false;
    });
    return 'done' in claimed && claimed.done;
  }

  async function move(from: string, to: string): Promise<void> {
    const { claim, syncDirectory } = await import('./claim.ts');
    const [source, target] = [location(from), location(to)];
    const check = async () => {
      if (await isReplaceable(target)) throw new AuthError('USAGE', `There is a profile "${to}" already.`);
      if (!(await isReplaceable(source)))
        throw new AuthError('NOT_SIGNED_IN', `There is no profile "${from}".`, {
          hint: 'See `fitbit-login profiles`.',
        });
    };
    await check();
    // Always in the same order, so that two renames that cross each other cannot wait for each other.
    const [first, second] = from < to ? [from, to] : [to, from];
    await claim(location(first), claimOptions(first), () =>
      claim(location(second), claimOptions(second), async ({ confirm }) => {
        await check();
        await confirm();
        await rename(source, target);
        await syncDirectory(directory);
      }),
    );
  }

  return { location, read, lock, update, list, remove, rename: move };
}

/** `look`, called the first time and whenever the file at `path` is another one than the last time. */
function whenChanged<T>(path: string, look: () => Promise<T | undefined>): () => Promise<T | undefined> {
  let last: string | undefined;
  return async () => {
    const found = await unless(['ENOENT', 'ENOTDIR'], statExactly(path)).catch(() => undefined);
    const now = versionOf(found);
    if (now === last) return undefined;
    last = now;
    return look();
  };
}

function versionOf(found: BigIntStats | undefined): string {
  return found === undefined ? 'none' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/**
 * @throws AuthError `STORE_DAMAGED` where the newest profile could not be written again, in the `bytes` that were taken: better
 *   found out now than after its refresh token has been spent.
 */
function rehearse(current: Profile, path: string, bytes: number): void {
  try {
    if (Buffer.byteLength(encodeProfile(current)) + GROWTH_BYTES / 2 <= Math.min(bytes, MAX_FILE_BYTES)) return;
  } catch {
    // Nested deeper than JSON.stringify can go.
  }
  throw new AuthError('STORE_DAMAGED', `The fields of ${path} that fitbit-login does not know are too large to keep.`, {
    preserved: 'The file is left as it is.',
    details: { path },
  });
}

/** @throws AuthError `STORE_UNAVAILABLE` for a profile that is too large to be read again. */
function encode(profile: Profile, path: string): string {
  const text = encodeProfile(profile);
  if (Buffer.byteLength(text) <= MAX_FILE_BYTES) return text;
  throw new AuthError('STORE_UNAVAILABLE', `The profile is too large for ${path}: more than 1 MiB.`, {
    details: { path },
  });
}
