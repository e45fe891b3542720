// Run as a process of its own by the store's tests: one action on one profile, told on standard output line by line.
import fs from 'node:fs';
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
function told(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve) => {
    lines.once('line', () => {
      lines.close();
      process.stdin.unref?.();
      resolve();
    });
  });
}

/** Counts every operation on the file system, and kills this process at the one told: just before it, or while it is under way. */
function dieAt(operation: number, when: string): () => number {
  let count = 0;
  const counting = (method: string) => {
    const original: unknown = Reflect.get(fs, method);
    if (typeof original !== 'function') throw new Error(`There is no ${method}.`);
    const counted = function (this: unknown, ...args: unknown[]): unknown {
      count += 1;
      if (count === operation && when === 'before') process.kill(process.pid, 'SIGKILL');
      const result: unknown = Reflect.apply(original, this, args);
      if (count === operation) process.kill(process.pid, 'SIGKILL');
      return result;
    };
    Reflect.set(fs, method, counted);
  };
  for (const method of ['write', 'ftruncate', 'read', 'fstat', 'close']) counting(`${method}Sync`);
  for (const method of ['open', 'mkdir', 'readdir', 'rename', 'unlink', 'rmdir', 'lstat', 'stat', 'chmod', 'utimes']) {
    counting(`${method}Sync`);
  }
  counting('fsync');
  syncBuiltinESMExports();
  return () => count;
}

const ACTIONS: Readonly<Record<string, () => Promise<void>>> = {
  /** Adds one to the profile's count. */
  count: () => store.update(name, ({ current, save }) => save(counted(current)), { patienceMs: 120_000 }),

  /** Holds the profile until told to go on; then stores it, once or (`note`) twice. */
  hold: async () => {
    if (argument.startsWith('umask=')) process.umask(Number.parseInt(argument.slice('umask='.length), 8));
    if (argument === 'SIGINT') process.on('SIGINT', () => say('SIGINT seen'));
    await store.update(name, async ({ current, note, save }) => {
      say('holds');
      await told();
      if (argument === 'note') await note(counted(current));
      await save(counted(current));
    });
  },

  /** Holds the profile with no work that would keep the process up but a timer. */
  linger: () =>
    store.update(name, async () => {
      say('holds');
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    }),

  /** Notes and saves, and dies at a moment such as `17,before`. */
  die: async () => {
    const [operation = '', when = ''] = argument.split(',');
    const count = dieAt(Number(operation), when);
    await store.update(name, async ({ current, note, save }) => {
      await note({ ...(current ?? FIRST), refreshStartedAt: new Date('2026-01-31T12:00:00Z') });
      await save(counted(current));
    });
    say(`operations ${count()}`);
  },

  /** Tells whether the change was called. */
  try: () =>
    store.update(name, async ({ current, save }) => {
      say('called');
      await save(counted(current));
    }),

  remove: async () => {
    say(String(await store.remove(name)));
  },
};

try {
  await ACTIONS[action]?.();
  say('done');
} catch (thrown) {
  const error = asAuthError(thrown);
  say(`${error.code}: ${error.message}`);
}
