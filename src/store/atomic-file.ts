import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AuthError, errnoOf, ignoring } from '../errors.ts';
import { diskError, replacedMeanwhile, tooLargeForTokens } from '../messages.ts';
import { assertOwner, isReplaceable, nearestExisting, readPrivate } from './permissions.ts';

/**
 * The right to replace one file, with the disk space to do it.
 *
 * The right is a temporary file with a random name beside the target. Reserving unlinks the temporary files of every earlier holder, so that
 * their rename, a single system call, fails. This also stops a process that was suspended and wakes up, and it works even if two processes
 * hold the lock at once.
 */
export class FencedWrite {
  readonly #target: string;
  readonly #temporary: string;
  #handle: FileHandle | undefined;
  #committed = false;
  /** The owner of what this process creates here, which is not our user ID on every network file system. The same for all on Windows. */
  readonly uid: number;
  /** The disk space that was reserved. */
  readonly bytes: number;

  private constructor(target: string, temporary: string, handle: FileHandle, uid: number, bytes: number) {
    this.#target = target;
    this.#temporary = temporary;
    this.#handle = handle;
    this.uid = uid;
    this.bytes = bytes;
  }

  /**
   * Takes the right to replace `target`, and `bytes` of disk space. What `target` holds must be read after this, not before.
   * @throws AuthError `STORE_UNAVAILABLE` without the space
   */
  static async reserve(target: string, bytes: number): Promise<FencedWrite> {
    const temporary = temporaryBeside(target);
    let handle: FileHandle | undefined;
    try {
      handle = await createPrivate(temporary);
      const { uid } = await handle.stat();
      // Random, since a compressing file system stores zeros in no space at all.
      await writeWhole(handle, randomBytes(bytes));
      await unlinkOthers(target, temporary);
      return new FencedWrite(target, temporary, handle, uid, bytes);
    } catch (error) {
      // What we did not create is left alone.
      if (handle !== undefined) {
        await handle.close().catch(() => {});
        await unlink(temporary).catch(() => {});
      }
      throw diskError('reserve space for', target, error);
    }
  }

  /** Whether no other process took over before the commit. */
  async isCurrent(): Promise<boolean> {
    return this.#committed || (await ignoring(['ENOENT'], stat(this.#temporary))) !== undefined;
  }

  /** @throws AuthError `LOCKED` if another process took over. */
  async assertCurrent(): Promise<void> {
    if (!(await this.isCurrent())) throw replacedMeanwhile(this.#target);
  }

  /** Durably makes `text` the target and keeps the reserved space. @throws AuthError `LOCKED` (nothing was written), `STORE_UNAVAILABLE` */
  async checkpoint(text: string): Promise<void> {
    const beside = temporaryBeside(this.#target);
    try {
      const handle = await createPrivate(beside);
      try {
        // Checked only now: a process that takes over from here on sees the new file, too, and unlinks it.
        await this.assertCurrent();
      } catch (error) {
        await handle.close();
        throw error;
      }
      await replace(handle, beside, this.#target, text);
    } catch (error) {
      await unlink(beside).catch(() => {});
      throw this.#explained(error);
    }
  }

  /** Durably makes `text` the target, in the reserved space. At most once. @throws AuthError as {@link FencedWrite.checkpoint} */
  async commit(text: string): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new AuthError('UNEXPECTED', 'Reserved space can be used only once.');
    this.#handle = undefined;
    try {
      await replace(handle, this.#temporary, this.#target, text);
    } catch (error) {
      throw this.#explained(error);
    }
    this.#committed = true;
  }

  /** Gives the right and the space back. Never throws. */
  async abort(): Promise<void> {
    await this.#handle?.close().catch(() => {});
    this.#handle = undefined;
    await unlink(this.#temporary).catch(() => {});
  }

  #explained(error: unknown): AuthError {
    // Our temporary file is gone: the next holder unlinked it.
    return errnoOf(error) === 'ENOENT' ? replacedMeanwhile(this.#target) : diskError('write', this.#target, error);
  }
}

/** Files outside the store, written durably and for their owner only. */
export interface OutsideFiles {
  /** `undefined` if there is none. */
  read(path: string): Promise<string | undefined>;
  write(path: string, text: string): Promise<void>;
}

/** Reads a file outside the store. @throws AuthError `FILE_UNREADABLE` above 1 MiB, `STORE_UNAVAILABLE` */
export async function readOutside(path: string): Promise<string | undefined> {
  try {
    const found = readPrivate(path);
    if (found === undefined) await nearestExisting(path);
    return found && new TextDecoder().decode(found.bytes);
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== 'STORE_DAMAGED') throw error;
    throw tooLargeForTokens(path);
  }
}

/**
 * Writes a file outside the store as the store writes its own: 0600 from its first byte, whole or not at all, durably. Follows no link,
 * and leaves another user's file or directory alone.
 * @throws AuthError `STORE_UNAVAILABLE`; `LOCKED` if another process writes it at the same time
 */
export async function writeOutside(path: string, text: string): Promise<void> {
  const exists = await isReplaceable(path);
  const write = await FencedWrite.reserve(path, Buffer.byteLength(text));
  try {
    if (exists) await assertOwner(path, write);
    else await assertOwner(dirname(path), write, { orRoot: true });
    await write.commit(text);
  } catch (error) {
    throw diskError('write', path, error);
  } finally {
    await write.abort();
  }
}

/** Creates a directory and its missing ancestors, durably and only for their owner. */
export async function makePrivateDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** Errors of file systems that cannot sync a directory, or need not. */
const NO_DIRECTORY_SYNC = ['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM'];

/** Makes the names in a directory durable, if the system can. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await ignoring(NO_DIRECTORY_SYNC, open(path, constants.O_RDONLY));
  try {
    await ignoring(NO_DIRECTORY_SYNC, handle?.sync() ?? Promise.resolve());
  } finally {
    await handle?.close();
  }
}

function temporaryBeside(target: string): string {
  return join(dirname(target), `.${basename(target)}.${randomBytes(8).toString('hex')}.tmp`);
}

/** Unlinks every other temporary file of `target`, until there is none: only then has every earlier holder lost its right. */
async function unlinkOthers(target: string, own: string): Promise<void> {
  const directory = dirname(target);
  const prefix = `.${basename(target)}.`;
  const isOther = (name: string) =>
    name.startsWith(prefix) && /^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length)) && name !== basename(own);
  for (;;) {
    const others = (await readdir(directory)).filter(isOther);
    if (others.length === 0) return;
    for (const other of others) await ignoring(['ENOENT'], unlink(join(directory, other)));
  }
}

/** Creates a file that only its owner can open, from its first byte on. Fails if anything is at `path`, even a link. */
async function createPrivate(path: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  // O_NOFOLLOW is undefined on Windows; a bitwise or takes that as 0.
  const handle = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    // A umask can take the owner's own bits; then the file could not be read again.
    if (((await handle.stat()).mode & 0o600) !== 0o600) await handle.chmod(0o600);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Makes `text` the whole of the open file `from`, closes it and renames it to `to`, durably: a reader of `to` sees the old file or the new
 * one, and a crash leaves one of them. Replaces a link at `to`.
 */
async function replace(handle: FileHandle, from: string, to: string, text: string): Promise<void> {
  try {
    await writeWhole(handle, Buffer.from(text));
  } finally {
    await handle.close();
  }
  await rename(from, to);
  await syncDirectory(dirname(to));
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, done)).bytesWritten;
  }
  await handle.truncate(bytes.length);
  await handle.sync();
}
