import { dirname } from 'node:path';
import { AuthError } from '../errors.ts';
import { lstat } from './at-once.ts';
import { diskError, unless } from './disk-error.ts';
import { makePrivateDirectory, syncDirectory } from './durable-file.ts';
import { nearest, ROOT } from './ground.ts';
import { assertOwner, isReplaceable, type OnNotice, tighten } from './private-file.ts';
import { type HeldLock, type LockOptions, takeLock } from './profile-lock.ts';
import { type Reservation, reserve } from './reservation.ts';
import { siblingOf } from './sibling.ts';

export { syncDirectory };

export interface ClaimOptions<I> extends LockOptions<I> {
  /** How much larger than now the file may become, in bytes: disk space is taken for that much. Default 0: none is taken. */
  readonly growthBytes?: number;
  /** Asked before anything is created. What it throws passes through. */
  readonly mayCreate: () => Promise<void>;
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
  const once = calledOnce(options.onWait);
  let begun = false;
  const begin = (reservation: Reservation) => {
    begun = true;
    return doing(reservation);
  };
  try {
    await isReplaceable(file);
    await options.mayCreate();
    await makePrivateDirectory(directory).catch(async (error) => {
      // Of a link that leads nowhere, the system says that something is no directory, or is not there.
      await nearest(directory);
      throw diskError('create', directory, error);
    });
    for (;;) {
      const taken = await takeLock(siblingOf(file, 'lock'), { ...options, onWait: once });
      if ('instead' in taken) return taken;
      const done = await whileHeld(taken.lock, file, options, begin);
      // Taken over before anything was done: two found the same dead lock. The other one goes first.
      if (done !== undefined) return done;
    }
  } catch (error) {
    throw begun ? error : untouched(error);
  }
}

/** An error that came before anything was done, with what that means for the person. */
function untouched(error: unknown): unknown {
  if (!(error instanceof AuthError) || error.code !== 'STORE_UNAVAILABLE') return error;
  const { preserved = 'Nothing was sent and nothing was changed.', hint, details } = error;
  // What was found by looking knows its own remedy; what the system refused may work in another place.
  return error.with({ preserved, hint: details.errno === undefined ? hint : ANOTHER_PLACE });
}

const ANOTHER_PLACE =
  'Make room or mend the permissions, or name another directory in FITBIT_LOGIN_HOME; then run the command again.';

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
    // The config directory may be a link, but not into another user's directory, who could put other profiles in the place of ours.
    await assertOwner(dirname(dirname(file)), [reservation.uid, ROOT]);
    await isReplaceable(file);
    return (await reservation.holds()) ? { done: await doing(reservation) } : undefined;
  } finally {
    // What is done is done: nothing that fails from here on may hide it.
    if (reservation !== undefined) ours = await reservation.holds().catch(() => false);
    await reservation?.discard();
    await (ours ? lock.release() : lock.abandon());
  }
}

function calledOnce(call: (() => void) | undefined): (() => void) | undefined {
  let called = false;
  return () => {
    if (!called) call?.();
    called = true;
  };
}
