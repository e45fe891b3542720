import { lstat, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { FencedWrite } from '../../src/store/atomic-file.ts';
import { encodeProfile } from '../../src/store/codec.ts';
import { runs } from '../extent.ts';
import { failing, isPosix, modeOf, named, noteOf, PROFILE, test } from './store-fixture.ts';

describe('the file store', () => {
  test('has nothing at first, and creates nothing by looking', async ({ root, store }) => {
    expect(await store.read('default')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    expect(await store.lock('default', { stopWhen: (newest) => newest === undefined })).toBeUndefined();
    expect(await readdir(root)).toEqual([]);
  });

  test('returns what was committed, and leaves no other file', async ({ directory, store, put }) => {
    await put('default', PROFILE);
    expect((await store.read('default'))?.tokens?.accessToken.reveal()).toBe('access');
    await using locked = await store.lock('default');
    expect(locked.current?.client.id).toBe('ABC123');
    await locked[Symbol.asyncDispose]();
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a lock without a commit leaves the profile unchanged and no other file', async ({ directory, store, put }) => {
    await put('default', named('old'));
    await using locked = await store.lock('default');
    await locked[Symbol.asyncDispose]();
    expect(noteOf(await store.read('default'))).toBe('old');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('stopWhen is asked a last time under the lock', async ({ directory, store }) => {
    const answers = [false, false, true];
    expect(await store.lock('default', { stopWhen: () => answers.shift() ?? true })).toBeUndefined();
    expect([answers, await readdir(directory)]).toEqual([[], []]);
  });

  test('lists profiles only, by name, with the error of unreadable ones', async ({ directory, store, put }) => {
    for (const name of ['b', 'B', 'a']) await put(name, PROFILE);
    await writeFile(join(directory, 'broken.json'), '{');
    await writeFile(join(directory, '.a.json'), '{}');
    await writeFile(join(directory, 'con.json'), '{}');
    await writeFile(join(directory, 'notes.txt'), '');
    await mkdir(join(directory, 'nested.json'));
    await mkdir(join(directory, '.a.lock'));
    const listed = await store.list();
    expect(listed.map(({ name }) => name)).toEqual(['B', 'a', 'b', 'broken']);
    expect(listed[3]).toMatchObject({ error: { code: 'STORE_DAMAGED' } });
  });

  test('lists many profiles', async ({ directory, store }) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const names = Array.from({ length: runs(1_000) }, (_, index) => `p${String(index).padStart(5, '0')}`);
    await Promise.all(names.map((name) => writeFile(store.location(name), encodeProfile(PROFILE), { mode: 0o600 })));
    const listed = await store.list();
    expect(listed.map(({ name }) => name)).toEqual(names);
    expect(listed.every((entry) => 'profile' in entry)).toBe(true);
  });

  test('removes, and again does nothing', async ({ directory, store, put }) => {
    await put('default', PROFILE);
    await using locked = await store.lock('default');
    await locked.remove();
    await locked.remove();
    await expect(lstat(store.location('default'))).rejects.toThrow('ENOENT');
    await locked[Symbol.asyncDispose]();
    expect(await readdir(directory)).toEqual([]);
  });

  test('renames, keeps the mode, and never overwrites', async ({ directory, store, put }) => {
    await put('a', named('a'));
    await put('b', named('b'));
    expect((await failing(store.rename('a', 'b'))).code).toBe('USAGE');
    expect((await failing(store.rename('missing', 'c'))).code).toBe('NOT_SIGNED_IN');
    expect((await failing(store.rename('a', '../c'))).code).toBe('USAGE');
    await store.rename('a', 'c');
    expect((await store.list()).map(({ name }) => name)).toEqual(['b', 'c']);
    expect(noteOf(await store.read('c'))).toBe('a');
    if (isPosix) expect(await modeOf(store.location('c'))).toBe('600');
    expect((await readdir(directory)).sort()).toEqual(['b.json', 'c.json']);
  });
});

describe('a lock', () => {
  test('that a dead process left an hour ago is taken over at once', async ({ directory, store }) => {
    const lock = join(directory, '.default.lock');
    await mkdir(lock, { recursive: true, mode: 0o700 });
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(lock, anHourAgo, anHourAgo);
    await using locked = await store.lock('default', { timeoutMs: 500 });
    await locked.commit(PROFILE);
    expect(noteOf(await store.read('default'))).toBeUndefined();
  });

  test.for(['commit', 'checkpoint', 'remove'] as const)(
    'that was taken over: %s fails with LOCKED and changes nothing, and the new holder’s lock stays',
    async (verb, { directory, store, put }) => {
      await put('default', named('old'));
      const lock = join(directory, '.default.lock');
      const ours = await store.lock('default');
      await rm(lock, { recursive: true });
      await mkdir(lock);
      const theirs = await FencedWrite.reserve(store.location('default'), 0);
      expect(await failing(ours[verb](named('late')))).toMatchObject({ code: 'LOCKED' });
      expect(noteOf(await store.read('default'))).toBe('old');
      await ours[Symbol.asyncDispose]();
      await theirs.commit(encodeProfile(named('theirs')));
      expect((await readdir(directory)).sort()).toEqual(['.default.lock', 'default.json']);
      expect(noteOf(await store.read('default'))).toBe('theirs');
    },
  );

  test('that several hold at once: a change is stored whole or refused, and none is lost', async ({ root }) => {
    const target = join(root, 'default.json');
    const count = async () => Number(await readFile(target, 'utf8').catch(() => '0'));
    const add = async (round: number, who: number) => {
      // Now they come together, now one behind the other.
      for (let step = (round * 7 + who * 13) % 40; step > 0; step -= 1) await count();
      const mine = await FencedWrite.reserve(target, 4096);
      try {
        const current = await count();
        if ((round + who) % 2 === 0) await mine.checkpoint(`${current}`);
        await mine.commit(`${current + 1}`);
      } finally {
        await mine.abort();
      }
    };
    let stored = 0;
    for (let round = 0; round < runs(100); round += 1) {
      for (const end of await Promise.allSettled([0, 1, 2, 3].map((who) => add(round, who)))) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'LOCKED' });
        else stored += 1;
      }
      expect(await count()).toBe(stored);
    }
    expect(stored).toBeGreaterThan(0);
    expect(await readdir(root)).toEqual(['default.json']);
  });
});
