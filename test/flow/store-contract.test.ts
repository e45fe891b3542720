import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { fileStore } from '../../src/store/file-store.ts';
import { postgresAddress } from '../../src/store/postgres-address.ts';
import { postgresStore } from '../../src/store/postgres-store.ts';
import type { Profile } from '../../src/store/profile.ts';
import type { ProfileStore } from '../../src/store/store.ts';
import { hasPostgres, type PostgresDatabase, type PostgresServer, postgresServer } from './postgres-server.ts';
import { commit, counting, countOf, failing, named, noteOf, PROFILE } from './store-fixture.ts';

/** One place for profiles, as several machines see it. */
interface Place {
  machine(onCommit?: (name: string, profile: Profile) => Promise<void>): Promise<ProfileStore>;
  /** Takes the lock of a profile from its holder, as if its machine were gone. */
  loseLock(name: string): Promise<void>;
  /** Damages what is stored of a profile. */
  damage(name: string): Promise<void>;
}

let server: PostgresServer;
let database: PostgresDatabase;
let machines = 0;
const folders: string[] = [];
beforeAll(async () => {
  if (!hasPostgres) return;
  server = await postgresServer();
  database = await server.database();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  for (const folder of folders) await rm(folder, { recursive: true });
});

const STORES: Readonly<Record<string, () => Promise<Place>>> = {
  files: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'contract-'));
    folders.push(folder);
    const directory = join(folder, 'profiles');
    return {
      machine: async (onCommit) => fileStore({ directory, onCommit }),
      loseLock: async (name) => {
        // As the next holder does, that took it for dead.
        await rm(join(directory, `.${name}.lock`), { recursive: true });
      },
      damage: async (name) => {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeFile(join(directory, `${name}.json`), '{', { mode: 0o600 });
      },
    };
  },
  PostgreSQL: async () => {
    const { url, keyFile, query, terminate } = database;
    await query('DELETE FROM fitbit_login.profiles');
    await terminate();
    return {
      machine: async (onCommit) => {
        machines += 1;
        // Another connection string is another connection, as that of another process is.
        const address = postgresAddress({ FITBIT_LOGIN_STORE: `${url}&application_name=machine${machines}` });
        return postgresStore({ address, keyFile, location: (name) => `the profile ${name}`, onCommit });
      },
      loseLock: async () => expect(await terminate()).toBeGreaterThan(0),
      damage: async (name) =>
        void (await query("INSERT INTO fitbit_login.profiles VALUES ($1, 0, '{}', 'no.such.j.w.e')", [name])),
    };
  },
};

describe.each(Object.keys(STORES))('a store in %s', (kind) => {
  const open = async () => {
    const place = await STORES[kind]?.();
    if (place === undefined) throw new Error('There is no such store.');
    return { place, store: await place.machine(), other: await place.machine() };
  };
  const it = test.skipIf(kind === 'PostgreSQL' && !hasPostgres);

  it('has nothing at first, and has nothing after looking or after a lock without a commit', async () => {
    const { store, other } = await open();
    expect(await store.read('default')).toBeUndefined();
    expect(await store.lock('default', { stopWhen: (newest) => newest === undefined })).toBeUndefined();
    {
      await using locked = await store.lock('default');
      expect(locked.current).toBeUndefined();
    }
    expect(await other.list()).toEqual([]);
  });

  it('returns what was committed to every machine, in every field', async () => {
    const { store, other } = await open();
    const whole: Profile = {
      ...PROFILE,
      loginHint: 'a@example.org',
      refreshStartedAt: new Date('2026-01-31T12:00:01Z'),
      keep: [{ format: 'notebook', path: '/somewhere/else' }],
      pendingLogin: {
        state: new Secret('state'),
        verifier: new Secret('verifier'),
        redirectUri: 'http://127.0.0.1:8976/callback',
        begunAt: new Date('2026-01-31T12:00:00Z'),
        expiresAt: new Date('2026-01-31T12:10:00Z'),
        profile: { ...PROFILE, tokens: undefined },
      },
      notified: ['once'],
      extra: { note: 'kept \u0000 \ud800 ü', nested: { is: [1, null] } },
    };
    await commit(store, 'default', () => whole);
    const read = await other.read('default');
    expect(read?.tokens?.refreshToken?.reveal()).toBe('refresh');
    expect(read?.client.secret?.reveal()).toBe('client-secret');
    expect(read?.pendingLogin?.verifier.reveal()).toBe('verifier');
    expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(whole)));
  });

  it('any change of another machine is in the next read, without waiting for its lock', async () => {
    const { store, other } = await open();
    const seen = async (name = 'default') => noteOf(await other.read(name));
    expect(await seen()).toBeUndefined();
    {
      await using locked = await store.lock('default');
      await locked.checkpoint(named('noted'));
      expect(await seen()).toBe('noted');
      await locked.commit(named('committed'));
      expect(await seen()).toBe('committed');
    }
    await store.rename('default', 'renamed');
    expect([await seen(), await seen('renamed')]).toEqual([undefined, 'committed']);
    await using locked = await store.lock('renamed', { forRemoval: true });
    await locked.remove();
    expect(await seen('renamed')).toBeUndefined();
  });

  it('a checkpoint is stored at once, a commit replaces it, once, and the lock is held until it is disposed of', async () => {
    const { store, other } = await open();
    {
      await using locked = await store.lock('default');
      for (const step of ['first', 'second']) {
        await locked.checkpoint(named(step));
        expect(noteOf(await other.read('default'))).toBe(step);
      }
      await locked.commit(named('committed'));
      await expect(locked.commit(named('again'))).rejects.toThrow('only once');
      for (const one of [store, other]) {
        expect((await failing(one.lock('default', { timeoutMs: 100 }))).code).toBe('LOCKED');
      }
      await using _another = await other.lock('another', { timeoutMs: 100 });
    }
    await using locked = await other.lock('default', { timeoutMs: 100 });
    expect(noteOf(locked.current)).toBe('committed');
  });

  it('locks of one process, and of several machines, follow one another, each with the newest profile', async () => {
    const { store, other } = await open();
    const add = (one: ProfileStore) => commit(one, 'default', (current) => counting(Number(countOf(current) ?? 0) + 1));
    await Promise.all(Array.from({ length: 12 }, (_, index) => add(index % 2 === 0 ? store : other)));
    expect(countOf(await store.read('default'))).toBe(12);
  });

  it('onCommit is called under the lock, after each commit and no checkpoint', async () => {
    const { place, other } = await open();
    const calls: unknown[] = [];
    const store = await place.machine(async (name, profile) => {
      calls.push([name, noteOf(profile), (await failing(other.lock('default', { timeoutMs: 0 }))).code]);
    });
    await using locked = await store.lock('default');
    await locked.checkpoint(named('noted'));
    await locked.commit(named('committed'));
    expect(calls).toEqual([['default', 'committed', 'LOCKED']]);
  });

  it('a waiting machine calls onWait once, and stopWhen ends its wait for the newest profile', async () => {
    const { store, other } = await open();
    await commit(store, 'default', () => named('old'));
    await using locked = await store.lock('default');
    let waits = 0;
    const waiting = other.lock('default', {
      stopWhen: (newest: Profile | undefined) => noteOf(newest) === 'new',
      onWait: () => {
        waits += 1;
        void locked.checkpoint(named('new'));
      },
    });
    expect([await waiting, waits]).toEqual([undefined, 1]);
  });

  it('stopWhen is asked a last time under the lock', async () => {
    const { store, other } = await open();
    let asked = 0;
    const lockAsking = (stopAt: number) =>
      store.lock('default', {
        stopWhen: () => {
          asked += 1;
          return asked === stopAt;
        },
      });
    {
      await using _locked = await lockAsking(Number.NaN);
    }
    const last = asked;
    asked = 0;
    expect(await lockAsking(last)).toBeUndefined();
    await using _locked = await other.lock('default', { timeoutMs: 0 });
  });

  it('the wait ends with LOCKED after timeoutMs, naming profile and time; and with its signal', async () => {
    const { store, other } = await open();
    await using _locked = await store.lock('default');
    await expect(other.lock('default', { timeoutMs: 600 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(/profile "default".* 1 s/),
    });
    const gone = new AbortController();
    const waiting = other.lock('default', { signal: gone.signal, onWait: () => gone.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it.each(['commit', 'checkpoint', 'remove'] as const)(
    'a holder that lost its lock to another machine cannot %s: LOCKED, and nothing is changed',
    async (verb) => {
      const { place, store, other } = await open();
      await commit(store, 'default', () => named('old'));
      {
        await using late = await store.lock('default');
        await place.loseLock('default');
        await using theirs = await other.lock('default');
        expect(await failing(late[verb](named('late')))).toMatchObject({ code: 'LOCKED' });
        expect(noteOf(await other.read('default'))).toBe('old');
        await late[Symbol.asyncDispose]();
        // The late one's end has not taken the lock away from them.
        const third = await place.machine();
        expect((await failing(third.lock('default', { timeoutMs: 0 }))).code).toBe('LOCKED');
        await theirs.commit(named('theirs'));
      }
      expect(noteOf(await store.read('default'))).toBe('theirs');
    },
  );

  it('a holder whose profile was removed and made anew by another machine changes nothing of it', async () => {
    const { place, store, other } = await open();
    await commit(store, 'default', () => named('old'));
    await using late = await store.lock('default');
    await place.loseLock('default');
    {
      await using theirs = await other.lock('default', { forRemoval: true });
      await theirs.remove();
    }
    await commit(other, 'default', () => named('new'));
    expect((await failing(late.commit(named('late')))).code).toBe('LOCKED');
    expect(noteOf(await other.read('default'))).toBe('new');
  });

  it('lists by name, with the error of what cannot be read', async () => {
    const { place, store, other } = await open();
    for (const name of ['b', 'B', 'a']) await commit(store, name, () => named(name));
    await place.damage('broken');
    const listed = await other.list();
    expect(listed.map(({ name }) => name)).toEqual(['B', 'a', 'b', 'broken']);
    expect(listed[3]).toMatchObject({ error: { code: 'STORE_DAMAGED' } });
    await expect(store.read('broken')).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
    await expect(store.lock('broken')).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  });

  it('removes, and again does nothing', async () => {
    const { store, other } = await open();
    await commit(store, 'default', () => PROFILE);
    {
      await using locked = await store.lock('default', { forRemoval: true });
      await locked.remove();
      await locked.remove();
    }
    expect([await other.read('default'), await other.list()]).toEqual([undefined, []]);
    await using locked = await other.lock('default', { timeoutMs: 0 });
    expect(locked.current).toBeUndefined();
  });

  it('renames, never overwrites, and waits for a holder', async () => {
    const { store, other } = await open();
    for (const name of ['a', 'b']) await commit(store, name, () => named(name));
    expect((await failing(other.rename('a', 'b'))).code).toBe('USAGE');
    expect((await failing(other.rename('missing', 'c'))).code).toBe('NOT_SIGNED_IN');
    let renaming: Promise<void>;
    {
      await using locked = await store.lock('a');
      renaming = other.rename('a', 'c');
      await locked.commit(named('newest'));
    }
    await renaming;
    expect((await store.list()).map(({ name }) => name)).toEqual(['b', 'c']);
    const renamed = await store.read('c');
    expect([noteOf(renamed), renamed?.tokens?.accessToken.reveal()]).toEqual(['newest', 'access']);
  });

  it('renames that cross each other both end, and one profile is left', async () => {
    const { store, other } = await open();
    await commit(store, 'a', () => PROFILE);
    const ends = await Promise.allSettled([store.rename('a', 'b'), other.rename('b', 'a')]);
    expect(ends.map(({ status }) => status)).toContain('fulfilled');
    expect(await store.list()).toHaveLength(1);
  });

  it('accepts no name that is not a valid file name on every system', async () => {
    const { store } = await open();
    for (const name of ['../a', 'con', '', 'a b']) {
      for (const doing of [store.read(name), store.lock(name), store.rename('a', name)]) {
        expect((await failing(doing)).code).toBe('USAGE');
      }
    }
  });
});
