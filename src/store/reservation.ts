import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AuthError } from '../errors.ts';
import { lstat, mkdir, readdir, rmdir, stat, unlink } from './at-once.ts';
import { diskError, errnoOf, unless } from './disk-error.ts';
import { createPrivate, occupy, orClosed, replace } from './durable-file.ts';

/**
 * The right to replace one file, and the place on disk to do it.
 *
 * Taking it ends the right of whoever had it before: their temporary files are unlinked, so that their rename, a single
 * system call, fails. This holds for a process that was frozen and wakes up, and even where two hold the lock at once.
 */
export interface Reservation {
  /** The owner of what this process creates. The same number for everybody on Windows. */
  readonly uid: number;
  /** The disk space that was taken. */
  readonly bytes: number;
  /** Whether nobody else took the right over before it was used. */
  holds(): Promise<boolean>;
  /** @throws AuthError `LOCKED` where {@link Reservation.holds} would be `false`. */
  confirm(): Promise<void>;
  /** Makes `text` the file and keeps the place. @throws AuthError `LOCKED` (nothing was written), `STORE_UNAVAILABLE` */
  note(text: string): Promise<void>;
  /** Makes `text` the file in the place that was taken. At most once. @throws AuthError as {@link Reservation.note} */
  save(text: string): Promise<void>;
  /** Removes what is left over. Never throws. */
  discard(): Promise<void>;
}

/**
 * Takes the right to replace `target`, and `bytes` of disk space.
 * @param directory Of the temporary files: beside `target`, for this target alone; created and removed as needed.
 * @throws AuthError `STORE_UNAVAILABLE` where the space cannot be had.
 */
export async function reserve(target: string, directory: string, bytes: number): Promise<Reservation> {
  const name = temporaryName();
  const path = join(directory, name);
  const handle = await createIn(directory, path);
  let isOpen = true;
  let saved = false;

  async function discard(): Promise<void> {
    if (isOpen) await handle.close().catch(() => {});
    isOpen = false;
    await unlink(path).catch(() => {});
    await rmdir(directory).catch(() => {}); // not empty: somebody else is at work there
  }
  const holds = async () => saved || (await unless(['ENOENT'], stat(path))) !== undefined;

  async function put(doing: Promise<void>): Promise<void> {
    try {
      await doing;
    } catch (error) {
      // Our own temporary file is gone: whoever takes over unlinks it.
      throw errnoOf(error) === 'ENOENT' ? takenOver(target) : diskError('write', target, error);
    }
  }

  async function writeBeside(text: string): Promise<void> {
    const beside = join(directory, temporaryName());
    const other = await createPrivate(beside);
    try {
      // Looked at only now: whoever took over before saw no temporary file of ours, and whoever does so later unlinks this one.
      await orClosed(other, async () => {
        if (!(await holds().catch(() => false))) throw takenOver(target);
      });
      await replace(other, beside, target, text);
    } catch (error) {
      await unlink(beside).catch(() => {});
      throw error;
    }
  }

  try {
    const { uid } = await handle.stat();
    await occupy(handle, bytes);
    await clearOthers(directory, name);
    return {
      uid,
      bytes,
      holds,
      async confirm() {
        if (!(await holds())) throw takenOver(target);
      },
      note: (text) => put(writeBeside(text)),
      async save(text) {
        if (!isOpen) throw new AuthError('UNEXPECTED', 'A reserved place can be used only once.');
        isOpen = false;
        await put(replace(handle, path, target, text));
        saved = true;
      },
      discard,
    };
  } catch (error) {
    await discard();
    throw diskError('take the place for a new version of', target, error);
  }
}

/** Unlinks every temporary file but `own`, and looks again until there is none: only then has everybody else lost the right. */
async function clearOthers(directory: string, own: string): Promise<void> {
  for (;;) {
    const names = (await unless(['ENOENT'], readdir(directory))) ?? [];
    const others = names.filter((name) => name !== own);
    if (others.length === 0) return;
    for (const other of others) await unless(['ENOENT'], unlink(join(directory, other)));
  }
}

async function createIn(directory: string, path: string): ReturnType<typeof createPrivate> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      await unless(['EEXIST'], mkdir(directory, { mode: 0o700 }));
      const found = await unless(['ENOENT'], lstat(directory));
      if (found?.isDirectory() === false) {
        throw new AuthError(
          'STORE_UNAVAILABLE',
          `${directory} is not a directory: something else was put in its place.`,
          {
            hint: 'Look at it, remove it, then run the command again.',
            details: { path: directory },
          },
        );
      }
      // Whoever ends removes the empty directory, possibly between these two steps of ours.
      const handle = await (attempt < 20 ? unless(['ENOENT'], createPrivate(path)) : createPrivate(path));
      if (handle !== undefined) return handle;
    }
  } catch (error) {
    throw diskError('take a place in', directory, error);
  }
}

function temporaryName(): string {
  return `${randomBytes(8).toString('hex')}.tmp`;
}

function takenOver(target: string): AuthError {
  return new AuthError('LOCKED', `Another process took ${target} over while this one was held up.`, {
    preserved: 'What the other process stored is untouched; this process wrote nothing.',
    hint: 'Run the command again.',
    details: { path: target },
  });
}
