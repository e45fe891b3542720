import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskError, unless } from './disk-error.ts';
import { makePrivateDirectory, syncDirectory } from './durable-file.ts';
import { isReplaceable, type OnNotice, tighten } from './private-file.ts';
import { type HeldLock, type LockOptions, takeLock } from './profile-lock.ts';
import { type Reservation, reserve } from './reservation.ts';

export { syncDirectory };

export interface ClaimOptions<I> extends LockOptions<I> {
  /** How much larger than now the file may become, in bytes: disk space is taken for that much. Default 0: none is taken. */
  readonly growthBytes?: number;
  readonly onNotice: OnNotice;
}

/** What came of a claim: the value of what was done, or what ended the wait for the lock instead. */
export type Claimed<T, I> = { readonly done: T } | { readonly instead: I };

/**
 * Calls `doing` with a file claimed: locked against other processes, reserved, its own user's, closed to others.
 *
 * Beside `NAME.json` stand `.NAME.lock` and `.NAME.new` (a directory of temporary files) while that goes on; what a dead process
 * left of them, the next claim removes.
 * @throws AuthError `LOCKED`, `STORE_UNAVAILABLE`, before `doing` was called; what `doing` throws passes through.
 */
export async function claim<T, I = never>(
  file: string,
  options: ClaimOptions<I>,
  doing: (reservation: Reservation) => Promise<T>,
): Promise<Claimed<T, I>> {
  const directory = dirname(file);
  await isReplaceable(file);
  await makePrivateDirectory(directory).catch((error) => {
    throw diskError('create', directory, error);
  });
  const once = calledOnce(options.onWait);
  for (;;) {
    const taken = await takeLock(siblingOf(file, 'lock'), { ...options, onWait: once });
    if ('instead' in taken) return taken;
    const done = await whileHeld(taken.lock, file, options, doing);
    // Taken over before anything was done: two found the same dead lock. The other one goes first.
    if (done !== undefined) return done;
  }
}

/** Whether a process is, or died, changing `file`. */
export async function isClaimed(file: string): Promise<boolean> {
  for (const what of ['lock', 'new'] as const) {
    const path = siblingOf(file, what);
    const found = await unless(['ENOENT', 'ENOTDIR'], lstat(path)).catch((error) => {
      throw diskError('look at', path, error);
    });
    if (found !== undefined) return true;
  }
  return false;
}

async function whileHeld<T>(
  lock: HeldLock,
  file: string,
  { growthBytes = 0, onNotice }: Pick<ClaimOptions<unknown>, 'growthBytes' | 'onNotice'>,
  doing: (reservation: Reservation) => Promise<T>,
): Promise<{ readonly done: T } | undefined> {
  let reservation: Reservation | undefined;
  let ours = true;
  try {
    const size = (await unless(['ENOENT'], lstat(file)))?.size ?? 0;
    reservation = await reserve(file, siblingOf(file, 'new'), growthBytes && size + growthBytes);
    // Only now is it known who we are to this file system: the owner of what we create in it.
    for (const path of [dirname(file), file]) await tighten(path, reservation.uid, onNotice);
    await isReplaceable(file);
    return (await reservation.holds()) ? { done: await doing(reservation) } : undefined;
  } finally {
    // What is done is done: nothing that fails from here on may hide it.
    if (reservation !== undefined) ours = await reservation.holds().catch(() => false);
    await reservation?.discard();
    await (ours ? lock.release() : lock.abandon());
  }
}

function siblingOf(file: string, what: 'lock' | 'new'): string {
  return join(dirname(file), `.${basename(file, '.json')}.${what}`);
}

function calledOnce(call: (() => void) | undefined): (() => void) | undefined {
  let called = false;
  return () => {
    if (!called) call?.();
    called = true;
  };
}
