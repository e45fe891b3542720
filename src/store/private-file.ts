import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { platform } from 'node:os';
import { dirname } from 'node:path';
import { AuthError } from '../errors.ts';
import { chmod, lstat, stat } from './at-once.ts';
import { diskError, errnoOf, unless } from './disk-error.ts';

/** The largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Told what a person should know and what ends nothing: a sentence. */
export type OnNotice = (text: string) => void;

/**
 * The bytes of a file, `undefined` where there is none. A link is followed; what is no file (a pipe, a directory) is not waited for.
 * A file or directory that others can open is reported, and left as it is.
 *
 * Reads at once: the files are a few KiB, and each of the five steps would cost more on its way to Node's threads and back.
 * @throws AuthError `STORE_DAMAGED` where it is larger than {@link MAX_FILE_BYTES}; `STORE_UNAVAILABLE`
 */
export function readPrivate(path: string, onNotice: OnNotice): Uint8Array | undefined {
  try {
    // Without O_NONBLOCK a pipe would hold the open up until somebody writes to it.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (!found.isFile()) throw notAFile(path);
      for (const [where, { mode }] of [
        [path, found],
        [dirname(path), statSync(dirname(path))],
      ] as const) {
        if (isOpenToOthers(mode))
          onNotice(`${where} is open to others (mode ${octal(mode)}); the next change closes it.`);
      }
      // One byte more than is allowed tells a file that is too large, or grows, from one that fits.
      const bytes = Buffer.alloc(Math.min(found.size, MAX_FILE_BYTES) + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, length);
      }
      if (length > MAX_FILE_BYTES) throw tooLarge(path);
      return bytes.subarray(0, length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskError('read', path, error);
  }
}

/**
 * Whether there is a file at `path` that may be replaced.
 * @throws AuthError `STORE_UNAVAILABLE` where something else is there: above all a symbolic link, which is never followed for writing.
 */
export async function isReplaceable(path: string): Promise<boolean> {
  let found: Stats | undefined;
  try {
    found = await unless(['ENOENT'], lstat(path));
  } catch (error) {
    throw diskError('look at', path, error);
  }
  if (found === undefined) return false;
  if (found.isFile()) return true;
  if (!found.isSymbolicLink()) throw notAFile(path);
  throw new AuthError('STORE_UNAVAILABLE', `${path} is a symbolic link, and is not written through.`, {
    preserved: 'Nothing was sent and nothing was changed.',
    hint: 'Put the file itself there, or remove the link, then run the command again.',
    details: { path },
  });
}

/**
 * Makes a file or directory its owner's own, and says so. Missing ones are passed over.
 * @param uid Who must own it.
 * @throws AuthError `STORE_UNAVAILABLE` where somebody else owns it: it is then left as it is.
 */
export async function tighten(path: string, uid: number, onNotice: OnNotice): Promise<void> {
  try {
    const found = await unless(['ENOENT'], stat(path));
    if (found === undefined) return;
    if (found.uid !== uid) throw foreign(path, found.uid, uid);
    if (!isOpenToOthers(found.mode)) return;
    const mode = found.mode & 0o700;
    // A file system without modes refuses, or forgets; that is worth a word, not an end.
    const done = await unless(
      ['EPERM', 'ENOTSUP'],
      chmod(path, mode).then(() => true),
    );
    const now = done ? `its mode is ${octal(mode)} now` : 'the file system did not let it be closed';
    onNotice(`${path} was open to others (mode ${octal(found.mode)}); ${now}.`);
  } catch (error) {
    throw diskError('look at', path, error);
  }
}

/** @throws AuthError `STORE_UNAVAILABLE` where a file or directory belongs to none of `uids`, of which the first is who we are */
export async function assertOwner(path: string, uids: readonly [number, ...number[]]): Promise<void> {
  const { uid } = await stat(path);
  if (!uids.includes(uid)) throw foreign(path, uid, uids[0]);
}

function isOpenToOthers(mode: number): boolean {
  return platform() !== 'win32' && (mode & 0o077) !== 0;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function notAFile(path: string): AuthError {
  return new AuthError('STORE_UNAVAILABLE', `${path} is not a file.`, {
    hint: 'Look at it, move it away, then run the command again.',
    details: { path },
  });
}

function tooLarge(path: string): AuthError {
  return new AuthError('STORE_DAMAGED', `The profile file ${path} is damaged: it is larger than 1 MiB.`, {
    preserved: 'The file is left as it is.',
    details: { path },
  });
}

function foreign(path: string, owner: number, uid: number): AuthError {
  return new AuthError(
    'STORE_UNAVAILABLE',
    `${path} belongs to another user (${owner}); this process runs as ${uid}.`,
    {
      preserved: 'Nothing was sent and nothing was changed.',
      hint: 'Run the command as the owner, or give the file to yourself with `chown`.',
      details: { path },
    },
  );
}
