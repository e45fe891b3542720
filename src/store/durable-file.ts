import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { mkdir, OpenFile, rename } from './at-once.ts';
import { unless } from './disk-error.ts';

/** What a file system answers that cannot, or need not, sync a directory. */
const NO_DIRECTORY_SYNC = ['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM'];

/** Creates a file that only its owner can open, from its first byte on. Fails where anything is at `path`, a link included. */
export async function createPrivate(path: string): Promise<OpenFile> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  // O_NOFOLLOW is not defined on Windows; a bitwise or takes that as 0.
  const handle = await OpenFile.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  return orClosed(handle, async () => {
    // Never narrows: a umask can only have taken the owner's own bits, and then the file could not be read again.
    if (((await handle.stat()).mode & 0o600) !== 0o600) await handle.chmod(0o600);
    return handle;
  });
}

/** What `doing` gives; where it fails, the file is closed. */
export async function orClosed<T>(handle: OpenFile, doing: () => Promise<T>): Promise<T> {
  try {
    return await doing();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Takes `bytes` of disk space for an open file, durably. */
export async function occupy(handle: OpenFile, bytes: number): Promise<void> {
  // Not zeros: a compressing file system stores those in no space at all.
  await write(handle, randomBytes(bytes));
}

/**
 * Makes `text` the whole of the open file `from`, closes it and renames it to `to`, durably: a reader of `to` sees the old
 * file or the new one, and a crash leaves one of them. A link at `to` is replaced, not followed.
 */
export async function replace(handle: OpenFile, from: string, to: string, text: string): Promise<void> {
  try {
    await write(handle, Buffer.from(text));
  } finally {
    await handle.close();
  }
  await rename(from, to);
  await syncDirectory(dirname(to));
}

/** Makes the names in a directory durable, where the system can. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await unless(NO_DIRECTORY_SYNC, OpenFile.open(path, constants.O_RDONLY));
  if (handle === undefined) return;
  try {
    await unless(NO_DIRECTORY_SYNC, handle.sync());
  } finally {
    await handle.close();
  }
}

/** Creates a directory and what is missing above it, durably, each for its owner only. */
export async function makePrivateDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

async function write(handle: OpenFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await handle.write(bytes, done, bytes.length - done, done);
  }
  await handle.truncate(bytes.length);
  await handle.sync();
}
