import { lstat, readdir, rename as renameFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AuthError, asAuthError, ignoring } from '../errors.ts';
import { diskError, noSuchProfile, profileExists, profileTooLarge, unknownFieldsTooLarge } from '../messages.ts';
import { FencedWrite, makePrivateDirectory, syncDirectory } from './atomic-file.ts';
import { decodeProfile, encodeProfile } from './codec.ts';
import { lockPath, takeLock } from './lock.ts';
import {
  assertNotForeignHome,
  assertOwner,
  isReplaceable,
  MAX_FILE_BYTES,
  nearestExisting,
  type OnNotice,
  type Runner,
  readPrivate,
  restrict,
} from './permissions.ts';
import { isProfileName, type Profile, profileName } from './profile.ts';
import { type Listed, type LockedProfile, type LockOptions, namesIn, type ProfileStore } from './store.ts';

/** Disk space reserved beyond the file's own. Half of it is for a change of the layout, half for new tokens. */
const GROWTH_BYTES = 128 * 1024;
/** How many profiles are read before this process gets to do anything else. */
const LIST_AT_ONCE = 100;

export interface FileStoreOptions {
  /** Absolute: `CONFIG/profiles`. Created, for its owner only, when something is first written. */
  readonly directory: string;
  /** Default: owners are checked only for writing. */
  readonly runner?: Runner;
  /** Called under the lock after each commit: to keep exported files current. What it throws passes through, with the profile stored. */
  readonly onCommit?: (name: string, profile: Profile) => Promise<void>;
  /** Receives each notice once: above all, that a file or directory was open to others. */
  readonly onNotice?: OnNotice;
  /** Called for each lock that is not free at once, unless the caller of `lock` gave its own. */
  readonly onWait?: () => void;
}

/** The file of a profile, in the directory of all profiles. @throws AuthError `USAGE` for an invalid name */
export function profilePath(directory: string, name: string): string {
  return join(directory, `${profileName(name)}.json`);
}

/**
 * Reads the profile in the file at `path`, without a lock and without changing anything.
 * @returns `undefined` if there is none; in `tooOpen`, what other users can open
 * @throws AuthError `STORE_DAMAGED`, `STORE_VERSION`, `STORE_UNAVAILABLE`
 */
export function readProfile(
  path: string,
  runner?: Runner,
): { profile: Profile; tooOpen: readonly string[] } | undefined {
  const found = readPrivate(path, runner);
  return found && { profile: decodeProfile(found.bytes, path), tooOpen: found.tooOpen };
}

/** One user's profiles on this machine, each in a JSON file `NAME.json`. */
export function fileStore(options: FileStoreOptions): ProfileStore {
  const { directory, runner = {}, onCommit = async () => {}, onNotice = () => {} } = options;
  const noticed = new Set<string>();
  const notice: OnNotice = (text) => {
    if (!noticed.has(text)) onNotice(text);
    noticed.add(text);
  };
  const location = (name: string) => profilePath(directory, name);

  async function read(name: string): Promise<Profile | undefined> {
    const path = location(name);
    const found = readProfile(path, runner);
    // Behind a link that leads nowhere, to a disk that is not mounted, every profile would seem to be missing.
    if (found === undefined) await nearestExisting(path);
    for (const open of found?.tooOpen ?? []) await restrict(open, runner.uid, notice);
    return found?.profile;
  }

  /** Locks one file and reserves room to replace it. `undefined` if `stopWhen` ended the wait. */
  async function lockFile(
    name: string,
    { timeoutMs = 30_000, onWait = options.onWait, signal, growthBytes, stopWhen }: LockFileOptions,
  ): Promise<LockedFile | undefined> {
    const path = location(name);
    await isReplaceable(path);
    await assertNotForeignHome(directory, runner);
    await makePrivateDirectory(directory).catch(async (error) => {
      // For a link that leads nowhere, the system only says that something is not a directory, or does not exist.
      await nearestExisting(directory);
      throw diskError('create', directory, error);
    });
    for (;;) {
      const lock = await takeLock(lockPath(path), { what: `profile "${name}"`, timeoutMs, onWait, signal, stopWhen });
      if (lock === undefined) return undefined;
      let write: FencedWrite | undefined;
      const release = async () => {
        const isOurs = (await write?.isCurrent().catch(() => false)) ?? true;
        await write?.abort();
        await (isOurs ? lock.release() : lock.abandon());
      };
      try {
        const size = (await ignoring(['ENOENT'], lstat(path)))?.size ?? 0;
        write = await FencedWrite.reserve(path, growthBytes && size + growthBytes);
        // Only now do we know our user ID on this file system: the owner of what we create.
        const owner = { ...runner, uid: write.uid };
        for (const one of [directory, path]) await assertOwner(one, owner);
        // The config directory may be a link, but not into another user's directory, who could replace our profiles.
        await assertOwner(dirname(directory), owner, { orRoot: true });
        await isReplaceable(path);
        await restrict(directory, write.uid, notice);
        if (await write.isCurrent()) return { write, release };
      } catch (error) {
        await release();
        throw diskError('look at', path, error);
      }
      // Two processes took the same dead lock: the other one goes first.
      await release();
    }
  }

  function lock(name: string, options?: LockOptions & { readonly stopWhen?: undefined }): Promise<LockedProfile>;
  function lock(name: string, options: LockOptions): Promise<LockedProfile | undefined>;
  async function lock(
    name: string,
    { stopWhen, forRemoval, ...rest }: LockOptions = {},
  ): Promise<LockedProfile | undefined> {
    const path = location(name);
    const stop = stopWhen && (async () => stopWhen(await read(name)));
    // Before anything is created.
    if (await stop?.()) return undefined;
    let locked: LockedFile | undefined;
    try {
      locked = await lockFile(name, { ...rest, growthBytes: forRemoval ? 0 : GROWTH_BYTES, stopWhen: stop });
      if (locked === undefined) return undefined;
      const { write, release } = locked;
      const current = await read(name);
      // The last change may have come between the last look and the lock.
      if (stopWhen?.(current)) {
        await release();
        return undefined;
      }
      if (current !== undefined && !forRemoval) assertRewritable(current, path, write.bytes);
      return {
        current,
        checkpoint: async (profile: Profile) => write.checkpoint(encode(profile, path)),
        async commit(profile: Profile) {
          await write.commit(encode(profile, path));
          await onCommit(name, profile);
        },
        async remove() {
          await write.assertCurrent();
          await ignoring(['ENOENT'], unlink(path)).catch((error) => {
            throw diskError('delete', path, error);
          });
          await syncDirectory(directory);
        },
        [Symbol.asyncDispose]: release,
      };
    } catch (error) {
      await locked?.release();
      throw nothingChanged(error);
    }
  }

  async function list(): Promise<readonly Listed[]> {
    const entries = await ignoring(['ENOENT'], readdir(directory, { withFileTypes: true })).catch((error) => {
      throw diskError('read', directory, error);
    });
    if (entries === undefined) await nearestExisting(directory);
    const names = (entries ?? [])
      .filter((entry) => entry.name.endsWith('.json') && (entry.isFile() || entry.isSymbolicLink()))
      .map((entry) => entry.name.slice(0, -'.json'.length))
      .filter(isProfileName)
      .sort();
    const listed: Listed[] = [];
    for (const name of names) {
      if (listed.length % LIST_AT_ONCE === 0) await nextTurn();
      try {
        const profile = await read(name);
        // Otherwise it was removed after the directory was read.
        if (profile !== undefined) listed.push({ name, profile });
      } catch (error) {
        listed.push({ name, error: asAuthError(error) });
      }
    }
    return listed;
  }

  async function rename(from: string, to: string): Promise<void> {
    const [source, target] = [location(from), location(to)];
    const check = async () => {
      if (await isReplaceable(target)) throw profileExists(to);
      if (await isReplaceable(source)) return;
      throw noSuchProfile(from, await namesIn({ list }));
    };
    await check();
    const held: LockedFile[] = [];
    try {
      // Always in the same order, so that two renames that cross each other cannot wait for each other.
      for (const name of [from, to].sort()) {
        const locked = await lockFile(name, { growthBytes: 0 });
        if (locked !== undefined) held.push(locked);
      }
      await check();
      for (const { write } of held) await write.assertCurrent();
      await renameFile(source, target);
      await syncDirectory(directory);
    } catch (error) {
      throw nothingChanged(diskError('rename', source, error));
    } finally {
      for (const { release } of held) await release();
    }
  }

  return { location, read, lock, list, rename };
}

interface LockedFile {
  readonly write: FencedWrite;
  release(): Promise<void>;
}

interface LockFileOptions extends Omit<LockOptions, 'forRemoval' | 'stopWhen'> {
  /** How much larger than now the file may become; 0 reserves no space. */
  readonly growthBytes: number;
  readonly stopWhen?: () => Promise<boolean>;
}

/** Adds to an error that came before any change what that means. */
function nothingChanged(error: unknown): unknown {
  if (!(error instanceof AuthError) || error.code !== 'STORE_UNAVAILABLE') return error;
  const { preserved = 'Nothing was sent and nothing was changed.', hint, details } = error;
  // Our own checks name their remedy; what the system refused may work elsewhere.
  return error.with({ preserved, hint: details.errno === undefined ? hint : ANOTHER_PLACE });
}

const ANOTHER_PLACE =
  'Free some space or fix the permissions, or set FITBIT_LOGIN_HOME to another directory; then run the command again.';

/**
 * @throws AuthError `STORE_DAMAGED` if the profile could not be written again in `bytes`: better found out now than after its refresh token
 *   has been used.
 */
function assertRewritable(current: Profile, path: string, bytes: number): void {
  try {
    if (Buffer.byteLength(encodeProfile(current)) + GROWTH_BYTES / 2 <= Math.min(bytes, MAX_FILE_BYTES)) return;
  } catch {
    // Nested deeper than JSON.stringify can go.
  }
  throw unknownFieldsTooLarge(path);
}

/** @throws AuthError `STORE_UNAVAILABLE` for a profile that is too large to be read again. */
function encode(profile: Profile, path: string): string {
  const text = encodeProfile(profile);
  if (Buffer.byteLength(text) <= MAX_FILE_BYTES) return text;
  throw profileTooLarge(path);
}
