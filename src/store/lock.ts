import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { lstat, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { AuthError, errnoOf, ignoring } from '../errors.ts';
import { diskError, interruptedWhileWaiting, lockTimeout, notA } from '../messages.ts';
import type { LockOptions } from './store.ts';

/** A lock without an update for so long, in milliseconds, is dead. New ones are dated up to 1 s ahead, and must be free within 5 s. */
const STALE_MS = 3_500;
const UPDATE_MS = 1_000;
/** Before the second attempt. It grows, since a hundred that wait would leave their holder no processor. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

interface HeldLock {
  /** Gives the lock back. Never throws. */
  release(): Promise<void>;
  /** Forgets the lock without touching it, after another process took it over. Never throws. */
  abandon(): Promise<void>;
}

export interface TakeLockOptions extends Pick<LockOptions, 'onWait' | 'signal'> {
  /** What is locked, for messages: `profile "default"`. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Asked before each attempt; `true` ends the wait. */
  readonly stopWhen?: () => Promise<boolean>;
}

/** The lock of `NAME.json`, a directory that exists while a process changes the profile: `.NAME.lock`. */
export function lockPath(file: string): string {
  return join(dirname(file), `.${basename(file, '.json')}.lock`);
}

/** Whether a process holds the lock, as far as the clock tells: a holder updates it each second. */
export function isHeld(path: string): boolean {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs < STALE_MS;
}

/**
 * Takes the lock at `path`, waiting for its holder.
 *
 * The lock keeps processes out of each other's way. That none overwrites another's work is up to `FencedWrite`, so that a lock taken for
 * dead too early costs a retry and no token.
 * @returns `undefined` if `stopWhen` ended the wait
 * @throws AuthError `LOCKED` after `timeoutMs`; `INTERRUPTED` or the signal's own reason; `STORE_UNAVAILABLE`
 */
export async function takeLock(path: string, options: TakeLockOptions): Promise<HeldLock | undefined> {
  const { what, timeoutMs, onWait, stopWhen, signal } = options;
  const isDead = deadLockDetector();
  const start = performance.now();
  let vanished = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS)) {
    throwIfAborted(signal);
    if (await stopWhen?.()) return undefined;
    try {
      const lock = await tryLock(path, isDead);
      if (lock !== undefined) return lock;
    } catch (error) {
      // Another process removed the dead lock first, or took ours for dead while we were suspended. A few times only: a directory that
      // is not there gives the same error.
      if (errnoOf(error) !== 'ENOENT' || ++vanished > 3) throw diskError('take the lock', path, error);
    }
    if (pause === FIRST_PAUSE_MS) onWait?.();
    if (performance.now() - start >= timeoutMs) throw lockTimeout(path, what, timeoutMs);
    await setTimeout(pause, undefined, { signal }).catch(() => {});
  }
}

/** Recognises a lock without an update while we watched it, so that setting the clock does not matter. */
function deadLockDetector(): (updatedAt: number) => boolean {
  let last = Number.NaN;
  let since = 0;
  return (updatedAt) => {
    if (updatedAt !== last) {
      last = updatedAt;
      since = performance.now();
    }
    return performance.now() - since >= STALE_MS;
  };
}

async function tryLock(path: string, isDead: (updatedAt: number) => boolean): Promise<HeldLock | undefined> {
  const found = await ignoring(['ENOENT'], lstat(path));
  if (found?.isDirectory() === false) throw notA('fitbit-login lock', path);
  if (found !== undefined && isDead(found.mtimeMs)) await rmdir(path);

  // Imported only here: on import it listens for exit and every signal, which most commands must not.
  const { default: lockfile } = await import('proper-lockfile');
  // The package knows locks by this key. A new one for each attempt, so that a lock lost and a lock taken are never confused.
  const key = `${path}#${randomUUID()}`;
  try {
    const release = await lockfile.lock(key, {
      lockfilePath: path,
      realpath: false,
      fs,
      stale: STALE_MS,
      update: UPDATE_MS,
      // The default throws from a timer; a lost lock is detected on write instead.
      onCompromised: () => {},
    });
    return {
      release: () => release().catch(() => {}),
      // Without `lockfilePath`, what it then removes is a directory named after the key, which there is not.
      abandon: () => lockfile.unlock(key, { realpath: false }).catch(() => {}),
    };
  } catch (error) {
    if (errnoOf(error) === 'ELOCKED') return undefined;
    throw error;
  }
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  const { reason } = signal;
  if (reason instanceof AuthError) throw reason;
  throw interruptedWhileWaiting(reason);
}
