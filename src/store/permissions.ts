import { closeSync, constants, fstatSync, openSync, readSync, type Stats, type StatsFs, statSync } from 'node:fs';
import { access, chmod, lstat, readlink, realpath, stat, statfs } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname } from 'node:path';
import { type AuthError, errnoOf, ignoring } from '../errors.ts';
import {
  brokenLink,
  corruptProfile,
  diskError,
  notA,
  ownedByAnother,
  symbolicLink,
  wasOpenToOthers,
} from '../messages.ts';

/** The largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;
const ROOT = 0;
/** The owner that the kernel names if it cannot name the real one: in a user namespace, every user without a number there. */
const UNKNOWN_USER = 65_534;

/** Receives what a person should know although nothing failed: a sentence. */
export type OnNotice = (text: string) => void;

export interface Runner {
  /** The effective user ID. Absent on Windows. */
  readonly uid?: number;
  /** The user that called `sudo`, from `SUDO_UID` and `SUDO_USER`. */
  readonly caller?: { readonly uid: number; readonly name: string };
}

export interface PrivateFile {
  readonly bytes: Uint8Array;
  /** The file and its directory if other users can open them, and the directory above if they can write to it. */
  readonly tooOpen: readonly string[];
}

/**
 * Reads a file that belongs to us in directories that belong to us; root may own them, too. Follows links; does not wait for pipes.
 * @param runner Default: any owner will do.
 * @returns `undefined` if there is no file
 * @throws AuthError `STORE_DAMAGED` above {@link MAX_FILE_BYTES}; `STORE_UNAVAILABLE`, for another user's file, too
 */
export function readPrivate(path: string, runner: Runner = {}): PrivateFile | undefined {
  try {
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (!found.isFile()) throw notA('file', path);
      const tooOpen: string[] = [];
      for (const [at, stats, bits] of [
        [dirname(dirname(path)), statSync(dirname(dirname(path))), WRITABLE],
        [dirname(path), statSync(dirname(path)), OPEN],
        [path, found, OPEN],
      ] as const) {
        assertOwnedBy(at, stats, runner, [ROOT, UNKNOWN_USER]);
        if (isOpen(stats, bits)) tooOpen.push(at);
      }
      // One byte more than allowed distinguishes a file that is too large, or growing, from one that fits.
      const bytes = Buffer.alloc(Math.min(found.size, MAX_FILE_BYTES) + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, length);
      }
      if (length > MAX_FILE_BYTES) throw corruptProfile(path, 'it is larger than 1 MiB');
      return { bytes: bytes.subarray(0, length), tooOpen };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskError('read', path, error);
  }
}

/** Sets the mode of our file or directory to 0600 or 0700 if others can open it, and reports that. Changes nothing of other users. */
export async function restrict(path: string, uid: number | undefined, onNotice: OnNotice): Promise<void> {
  try {
    const found = await ignoring(['ENOENT'], stat(path));
    if (found === undefined || !isOpen(found, OPEN)) return;
    const mode = found.isDirectory() ? 0o700 : 0o600;
    // File systems without modes refuse this: worth a notice, but no failure.
    const isOurs = uid === undefined || found.uid === uid;
    const done =
      isOurs &&
      (await ignoring(
        ['EPERM', 'ENOTSUP', 'EROFS'],
        // Others accept it and keep it as it was.
        chmod(path, mode).then(async () => !isOpen(await stat(path), OPEN)),
      ));
    onNotice(wasOpenToOthers(path, octal(found.mode), done ? octal(mode) : undefined));
  } catch (error) {
    throw diskError('look at', path, error);
  }
}

/**
 * Whether there is a file at `path` that may be replaced.
 * @throws AuthError `STORE_UNAVAILABLE` if something else is there: above all a symbolic link, which is never followed for writing.
 */
export async function isReplaceable(path: string): Promise<boolean> {
  const found = await ignoring(['ENOENT'], lstat(path)).catch((error) => {
    throw diskError('look at', path, error);
  });
  if (found === undefined) return false;
  if (found.isFile()) return true;
  if (!found.isSymbolicLink()) throw notA('file', path);
  throw symbolicLink(path);
}

/** @throws AuthError `STORE_UNAVAILABLE` if a file or directory exists and is neither ours nor, with `orRoot`, root's */
export async function assertOwner(path: string, runner: Runner, { orRoot = false } = {}): Promise<void> {
  const found = await ignoring(['ENOENT'], stat(path));
  if (found !== undefined) assertOwnedBy(path, found, runner, orRoot ? [ROOT] : []);
}

/**
 * The closest existing ancestor of `path`, or `path` itself, with symlinks resolved.
 * @throws AuthError `STORE_UNAVAILABLE` if a link on the way leads nowhere.
 */
export async function nearestExisting(path: string): Promise<string> {
  try {
    for (let at = path; ; at = dirname(at)) {
      const found = await ignoring(['ENOENT'], realpath(at));
      if (found !== undefined) return found;
      if ((await ignoring(['ENOENT'], lstat(at)))?.isSymbolicLink()) throw brokenLink(at, await readlink(at));
    }
  } catch (error) {
    throw diskError('look at', path, error);
  }
}

/**
 * Keeps root from leaving files of its own in another user's directory, however deep: the user could not read, change or delete them,
 * and could replace any directory on the way. Other users are kept out by the file system.
 * @throws AuthError `STORE_UNAVAILABLE` as said, and as {@link nearestExisting}.
 */
export async function assertNotForeignHome(path: string, runner: Runner): Promise<void> {
  if (runner.uid !== ROOT) return;
  for (let at = await nearestExisting(path); ; at = dirname(at)) {
    const found = await ignoring(['ENOENT'], stat(at));
    if (found !== undefined) assertOwnedBy(at, found, runner, [UNKNOWN_USER]);
    if (at === dirname(at)) return;
  }
}

/** What is at a path, or would be. */
export interface Inspected {
  readonly exists: boolean;
  /** Why nothing could be written there. */
  readonly trouble?: AuthError;
  /** Its mode if others can open it: `0644`. Never on Windows. */
  readonly openMode?: string;
  /** Whether the file system keeps no modes: then `chmod` does not close it. */
  readonly keepsNoModes?: boolean;
  /** Disk space for this user, in bytes. Absent if unknown. */
  readonly freeBytes?: number;
}

/** Inspects a file or directory of this program without changing anything. Never throws. */
export async function inspect(
  path: string,
  kind: 'file' | 'directory',
  runner: Runner,
  fileSystemOf: (path: string) => Promise<Pick<StatsFs, 'type' | 'bavail' | 'bsize'>> = statfs,
): Promise<Inspected> {
  let found: Stats | undefined;
  try {
    found = await ignoring(['ENOENT', 'ENOTDIR'], kind === 'file' ? lstat(path) : stat(path));
    const near = await nearestExisting(path);
    const fileSystem = await fileSystemOf(near).catch(() => undefined);
    const freeBytes = fileSystem && fileSystem.bavail * fileSystem.bsize;
    await assertNotForeignHome(path, runner);
    if (kind === 'file') await isReplaceable(path);
    else if (found?.isDirectory() === false) throw notA('directory', path);
    await assertOwner(path, runner);
    await access(near, constants.W_OK);
    const openMode = found !== undefined && isOpen(found, OPEN) ? octal(found.mode) : undefined;
    return { exists: found !== undefined, openMode, freeBytes, keepsNoModes: WITHOUT_MODES.has(fileSystem?.type ?? 0) };
  } catch (error) {
    return { exists: found !== undefined, trouble: diskError('write', path, error) };
  }
}

/** Types of file systems (statfs(2)) that have one mode for all: FAT, exFAT, NTFS, SMB, and Windows's disks in its Linux (9P). */
const WITHOUT_MODES: ReadonlySet<number> = new Set([
  0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997,
]);

function assertOwnedBy(path: string, { uid: owner }: Stats, runner: Runner, others: readonly number[]): void {
  const { uid, caller } = runner;
  if (uid === undefined || [uid, ...others].includes(owner)) return;
  throw ownedByAnother(path, uid, owner, caller?.uid === owner ? caller.name : undefined);
}

/** Permissions of other users: any, and to write. In a sticky directory such as /tmp, they cannot touch what is ours. */
const OPEN = 0o077;
const WRITABLE = 0o022;
const STICKY = 0o1000;

function isOpen({ mode }: Stats, bits: number): boolean {
  return platform() !== 'win32' && (mode & bits) !== 0 && (bits === OPEN || (mode & STICKY) === 0);
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
