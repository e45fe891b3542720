import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { encodeProfile } from '../../src/store/profile-file.ts';
import { reserve } from '../../src/store/reservation.ts';
import { failing, isPosix, modeOf, named, noteOf, PROFILE, test } from './store-surroundings.ts';

describe('the file store', () => {
  test('has nothing at first, and creates nothing by looking', async ({ root, store }) => {
    expect(await store.read('default')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    expect(await store.remove('default')).toBe(false);
    expect(await readdir(root)).toEqual([]);
  });

  test('gives back what was saved, and hands the newest to the next change', async ({ directory, store, put }) => {
    await put('default', PROFILE);
    expect((await store.read('default'))?.tokens?.accessToken.reveal()).toBe('access');
    expect(await store.update('default', async ({ current }) => current?.client.id)).toBe('ABC123');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a change that stores nothing, or throws, leaves the profile as it was and nothing beside it', async ({
    directory,
    store,
    put,
  }) => {
    await put('default', named('old'));
    const cause = new Error('the provider said no');
    const failed = store.update('default', () => Promise.reject(cause));
    await expect(failed).rejects.toBe(cause);
    expect(noteOf(await store.read('default'))).toBe('old');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('what is noted is stored at once, and what is saved replaces it', async ({ store }) => {
    await store.update('default', async ({ note, save }) => {
      for (const step of ['first', 'second']) {
        await note(named(step));
        expect(noteOf(await store.read('default'))).toBe(step);
      }
      await save(named('saved'));
      await expect(save(named('again'))).rejects.toThrow('only once');
    });
    expect(noteOf(await store.read('default'))).toBe('saved');
  });

  test('updates of one process follow one another', async ({ store }) => {
    await Promise.all(
      Array.from({ length: 12 }, () =>
        store.update('default', ({ current, save }) =>
          save({ ...PROFILE, extra: { count: Number(current?.extra?.count ?? 0) + 1 } }),
        ),
      ),
    );
    expect((await store.read('default'))?.extra?.count).toBe(12);
  });

  test('lists by name, with the error of what cannot be read, and nothing that is no profile', async ({
    directory,
    store,
    put,
  }) => {
    await put('b', PROFILE);
    await put('B', PROFILE);
    await put('a', PROFILE);
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

  test('lists 10,000 profiles', async ({ directory, store }) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const text = encodeProfile(PROFILE);
    const names = Array.from({ length: 10_000 }, (_, index) => `p${String(index).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 500) {
      const batch = names.slice(from, from + 500);
      await Promise.all(batch.map((name) => writeFile(store.location(name), text, { mode: 0o600 })));
    }
    const listed = await store.list();
    expect(listed.map(({ name }) => name)).toEqual(names);
    expect(listed.every((entry) => 'profile' in entry)).toBe(true);
  });

  test('removes, also what is damaged', async ({ directory, store, plant }) => {
    const path = await plant('{');
    expect(await store.remove('default')).toBe(true);
    expect(await store.remove('default')).toBe(false);
    await expect(lstat(path)).rejects.toThrow('ENOENT');
    expect(await readdir(directory)).toEqual([]);
  });

  test('renames, keeps the mode, and never overwrites', async ({ directory, store, put }) => {
    await put('a', named('a'));
    await put('b', named('b'));
    expect((await failing(store.rename('a', 'b'))).code).toBe('USAGE');
    expect((await failing(store.rename('nobody', 'c'))).code).toBe('NOT_SIGNED_IN');
    expect((await failing(store.rename('a', '../c'))).code).toBe('USAGE');
    await store.rename('a', 'c');
    expect((await store.list()).map(({ name }) => name)).toEqual(['b', 'c']);
    expect(noteOf(await store.read('c'))).toBe('a');
    if (isPosix) expect(await modeOf(store.location('c'))).toBe('600');
    expect((await readdir(directory)).sort()).toEqual(['b.json', 'c.json']);
  });

  test('renames that cross each other both end', async ({ store, put }) => {
    await put('a', PROFILE);
    const [one, other] = await Promise.allSettled([store.rename('a', 'b'), store.rename('b', 'a')]);
    expect([one.status, other.status]).toContain('fulfilled');
    expect(await store.list()).toHaveLength(1);
  });

  test('`unless` is asked a last time under the lock, and then neither waits nor changes', async ({ store }) => {
    let looks = 0;
    const unless = () => {
      looks += 1;
      return looks === 2 ? 'somebody else did it' : undefined;
    };
    const change = () => Promise.reject(new Error('The change was called.'));
    expect(await store.update('default', change, { unless })).toBe('somebody else did it');
  });

  test('a lock that was lost is left to whoever has it now', async ({ directory, store }) => {
    const lock = join(directory, '.default.lock');
    const ours = store.update('default', async ({ save }) => {
      await rm(lock, { recursive: true });
      await mkdir(lock);
      const theirs = await reserve(store.location('default'), join(directory, '.default.new'), 0);
      await expect(save(PROFILE)).rejects.toMatchObject({ code: 'LOCKED' });
      await theirs.discard();
    });
    await ours;
    expect(await readdir(directory)).toEqual(['.default.lock']);
  });
});
