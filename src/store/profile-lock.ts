import { mkdirSync, rmdirSync, statSync, utimesSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { AuthError } from '../errors.ts';
import { lstat, rmdir } from './at-once.ts';
import { diskError, errnoOf, unless } from './disk-error.ts';

/**
 * How long a lock may go without a sign of life, in milliseconds. A new lock is dated up to a second ahead, and a dead holder's
 * must be free within 5 s.
 */
const STALE_MS = 3_500;
const SIGN_OF_LIFE_MS = 1_000;

/** A lock that this process took. */
export interface HeldLock {
  /** Gives the lock back. Never throws. */
  release(): Promise<void>;
  /** Forgets the lock without touching it: it is somebody else's now. Never throws. */
  abandon(): Promise<void>;
}

export interface LockOptions<T> {
  /** What is locked, for messages: `profile "default"`. */
  readonly what: string;
  /** How long to wait for the holder, in milliseconds. */
  readonly patienceMs: number;
  /** Called once when there is somebody to wait for. */
  readonly onWait?: (() => void) | undefined;
  /** Asked before each attempt: a value other than `undefined` ends the wait. */
  readonly instead?: (() => Promise<T | undefined>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes the lock at `path` (a directory), waiting for whoever has it.
 *
 * The lock keeps processes from getting into each other's way; that none overwrites another's work is held by the
 * reservation (`reservation.ts`), so that a lock judged dead too early costs a repetition and no token.
 * @throws AuthError `LOCKED` when patience ends; `INTERRUPTED` or the signal's own reason; `STORE_UNAVAILABLE`
 */
export async function takeLock<T = never>(
  path: string,
  options: LockOptions<T>,
): Promise<{ readonly lock: HeldLock } | { readonly instead: T }> {
  const { what, patienceMs, onWait, instead, signal } = options;
  const watch = deathWatch();
  let until: number | undefined;
  let vanished = 0;
  for (;;) {
    throwIfAborted(signal);
    const answer = await instead?.();
    if (answer !== undefined) return { instead: answer };
    const lock = await tryLock(path, watch, () => vanished++ < 3);
    if (lock !== undefined) return { lock };
    if (until === undefined) onWait?.();
    // Not before: to load its clock takes Node half a millisecond, and as a rule nobody waits.
    until ??= performance.now() + patienceMs;
    if (performance.now() >= until) throw locked(path, what, patienceMs);
    await setTimeout(25 + Math.random() * 50, undefined, signal && { signal }).catch(() => throwIfAborted(signal));
  }
}

type DeathWatch = (signOfLife: number) => boolean;

/** Tells a lock that gave no sign of life while we watched, whatever the clock was set to in the meantime. */
function deathWatch(): DeathWatch {
  let last = Number.NaN;
  let since = 0;
  return (signOfLife) => {
    if (signOfLife !== last) {
      last = signOfLife;
      since = performance.now();
    }
    return performance.now() - since >= STALE_MS;
  };
}

/** How often this process has tried to take a lock. */
let taken = 0;

async function tryLock(path: string, isDead: DeathWatch, mayVanish: () => boolean): Promise<HeldLock | undefined> {
  try {
    const found = await unless(['ENOENT'], lstat(path));
    if (found?.isDirectory() === false) throw occupied(path);
    if (found !== undefined && isDead(found.mtimeMs)) await unless(['ENOENT'], rmdir(path));

    // Loaded only here: it adds listeners for exit and signals, and most runs take no lock.
    const { default: lockfile } = await import('proper-lockfile');
    const options = { lockfilePath: path, realpath: false };
    // The key under which the package knows this lock: its own each time, so that a lock lost and a lock taken never mix.
    taken += 1;
    const key = `${path}#${taken}`;
    const release = lockfile.lockSync(key, {
      ...options,
      // All that it does to a file system. Without, it would copy the whole of node:fs first, with all that loads at a first look.
      fs: { mkdirSync, rmdirSync, statSync, utimesSync },
      stale: STALE_MS,
      update: SIGN_OF_LIFE_MS,
      // Its default throws out of a timer. The reservation notices at the moment that matters: when something is written.
      onCompromised: () => {},
    });
    return {
      release: async () => quietly(release),
      abandon: async () => quietly(() => lockfile.unlockSync(key, { ...options, fs: { rmdirSync: () => {} } })),
    };
  } catch (error) {
    if (errnoOf(error) === 'ELOCKED') return undefined;
    // Frozen in between, this process finds its lock taken for a dead one's and removed. A few times only: a directory that
    // takes nothing says the same.
    if (errnoOf(error) === 'ENOENT' && mayVanish()) return undefined;
    throw diskError('take the lock', path, error);
  }
}

function quietly(doing: () => void): void {
  try {
    doing();
  } catch {
    // As the lock promises.
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  const { reason } = signal;
  if (reason instanceof AuthError) throw reason;
  throw new AuthError('INTERRUPTED', 'Interrupted while waiting for another fitbit-login process.', {
    cause: reason,
    preserved: 'Nothing was sent and nothing was changed.',
  });
}

function occupied(path: string): AuthError {
  return new AuthError('STORE_UNAVAILABLE', `${path} is not a lock of ours: something else was put in its place.`, {
    preserved: 'Nothing was sent and nothing was changed.',
    hint: 'Look at it, remove it, then run the command again.',
    details: { path },
  });
}

function locked(path: string, what: string, patienceMs: number): AuthError {
  const waited = `Waited ${Math.round(patienceMs / 1000)} s for another fitbit-login process that is changing ${what}`;
  return new AuthError('LOCKED', `${waited}; it holds the lock ${path}.`, {
    preserved: 'Nothing was sent and nothing was changed.',
    details: { path },
  });
}
