// Run as a process of its own by the store's tests: one action on one profile, reported on standard output line by line.
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { asAuthError } from '../../src/errors.ts';
import { fileStore } from '../../src/store/file-store.ts';
import type { Profile } from '../../src/store/profile.ts';

const [action = '', directory = '', name = '', argument = ''] = process.argv.slice(2);
const store = fileStore({ directory });
const say = (line: string) => fs.writeSync(1, `${line}\n`);

const FIRST: Profile = { provider: 'fitbit', client: { id: 'ABC123' }, redirectUris: [], requestedScopes: [] };
const counted = (one: Profile = FIRST): Profile => ({ ...one, extra: { count: Number(one.extra?.count ?? 0) + 1 } });

// As bin.ts does: Node ignores this signal so that a write can fail instead; the lock's package listens for it, and would end us.
process.on('SIGXFSZ', () => {});

/** Resolves with the next line of standard input. */
function released(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve) => {
    lines.once('line', () => {
      lines.close();
      process.stdin.unref?.();
      resolve();
    });
  });
}

/** Counts every operation on the file system, and kills this process at the given one: just before it, or while it is under way. */
async function dieAt(operation: number, when: string): Promise<() => number> {
  let count = 0;
  const counting = (holder: object, method: string) => {
    const original: unknown = Reflect.get(holder, method);
    if (typeof original !== 'function') throw new Error(`There is no ${method}.`);
    const counted = function (this: unknown, ...args: unknown[]): unknown {
      count += 1;
      if (count === operation && when === 'before') process.kill(process.pid, 'SIGKILL');
      const result: unknown = Reflect.apply(original, this, args);
      if (count === operation) process.kill(process.pid, 'SIGKILL');
      return result;
    };
    Reflect.set(holder, method, counted);
  };
  const anyFile = await open(process.execPath);
  for (const method of ['write', 'truncate', 'sync', 'stat']) {
    counting(Object.getPrototypeOf(anyFile), method);
  }
  await anyFile.close();
  count = 0;
  for (const method of ['open', 'mkdir', 'readdir', 'rename', 'unlink', 'rmdir', 'lstat', 'stat', 'realpath']) {
    counting(fs.promises, method);
  }
  for (const method of ['mkdir', 'rmdir', 'stat', 'utimes', 'openSync', 'readSync', 'closeSync']) counting(fs, method);
  syncBuiltinESMExports();
  return () => count;
}

const ACTIONS: Readonly<Record<string, () => Promise<void>>> = {
  /** Adds one to the profile's count. */
  count: async () => {
    await using locked = await store.lock(name, { timeoutMs: 120_000 });
    await locked.commit(counted(locked.current));
  },

  /** Holds the profile until released; then stores it, once or (`checkpoint`) twice. */
  hold: async () => {
    if (argument.startsWith('umask=')) process.umask(Number.parseInt(argument.slice('umask='.length), 8));
    if (argument === 'SIGINT') process.on('SIGINT', () => say('SIGINT seen'));
    await using locked = await store.lock(name);
    say('holds');
    await released();
    if (argument === 'checkpoint') await locked.checkpoint(counted(locked.current));
    if (argument === 'remove') await locked.remove();
    else await locked.commit(counted(locked.current));
  },

  /** Holds the profile with nothing but a timer to keep the process up. */
  linger: async () => {
    await using _locked = await store.lock(name);
    say('holds');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  },

  /** Stores twice, and dies at a moment such as `17,before`. */
  die: async () => {
    const [operation = '', when = ''] = argument.split(',');
    const count = await dieAt(Number(operation), when);
    {
      await using locked = await store.lock(name);
      await locked.checkpoint({ ...(locked.current ?? FIRST), refreshStartedAt: new Date('2026-01-31T12:00:00Z') });
      await locked.commit(counted(locked.current));
    }
    say(`operations ${count()}`);
  },

  /** Reports whether the lock was given. */
  try: async () => {
    await using locked = await store.lock(name);
    say('locked');
    await locked.commit(counted(locked.current));
  },

  remove: async () => {
    await using locked = await store.lock(name, { forRemoval: true });
    await locked.remove();
  },
};

try {
  await ACTIONS[action]?.();
  say('done');
} catch (thrown) {
  const error = asAuthError(thrown);
  say(`${error.code}: ${error.message}`);
}
