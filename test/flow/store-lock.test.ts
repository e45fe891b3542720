import { readdir } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { fileStore } from '../../src/store/file-store.ts';
import { failing, named, noteOf, test } from './store-surroundings.ts';

describe('a locked profile', () => {
  test('commit stores once, and the lock is free again after the block', async ({ directory, store }) => {
    {
      await using locked = await store.lock('default');
      expect(locked.current).toBeUndefined();
      await locked.checkpoint(named('noted'));
      expect(noteOf(await store.read('default'))).toBe('noted');
      await locked.commit(named('committed'));
      await expect(locked.commit(named('again'))).rejects.toThrow('only once');
      expect((await failing(store.lock('default', { timeoutMs: 100 }))).code).toBe('LOCKED');
    }
    expect(await readdir(directory)).toEqual(['default.json']);
    await using locked = await store.lock('default', { timeoutMs: 100 });
    expect(noteOf(locked.current)).toBe('committed');
  });

  test('remove deletes it durably, and again does nothing', async ({ directory, store, put }) => {
    await put('default', named('old'));
    {
      await using locked = await store.lock('default');
      await locked.remove();
      await locked.remove();
    }
    expect(await readdir(directory)).toEqual([]);
  });

  test('stopWhen ends the wait without the lock', async ({ store, put }) => {
    await put('default', named('old'));
    expect(await store.lock('default', { stopWhen: (newest) => noteOf(newest) === 'old' })).toBeUndefined();
    await using locked = await store.lock('default', { stopWhen: (newest) => noteOf(newest) === 'new' });
    const waiting = store.lock('default', { stopWhen: (newest) => noteOf(newest) === 'new' });
    await locked?.checkpoint(named('new'));
    expect(await waiting).toBeUndefined();
  });

  test('onCommit is called under the lock, after each commit and no checkpoint', async ({ directory }) => {
    const calls: unknown[] = [];
    const store = fileStore({
      directory,
      onCommit: async (name, profile) => {
        calls.push([name, noteOf(profile), (await readdir(directory)).includes('.default.lock')]);
      },
    });
    await using locked = await store.lock('default');
    await locked.checkpoint(named('noted'));
    await locked.commit(named('committed'));
    expect(calls).toEqual([['default', 'committed', true]]);
  });
});
