import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { some } from '../extent.ts';
import { commit, counting, countOf, test } from './store-fixture.ts';

describe.concurrent('many processes on one profile', () => {
  test('8 of them count, and none is lost', async ({ directory, store, start }) => {
    const children = Array.from({ length: 8 }, () => start(['count', directory, 'default']));
    for (const child of children) expect(await child.ended()).toEqual(['done']);
    expect(countOf(await store.read('default'))).toBe(8);
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a waiting process calls onWait once, and stopWhen ends its wait', async ({ directory, store, start }) => {
    const holder = start(['hold', directory, 'default', 'checkpoint']);
    await holder.says('holds');
    let waits = 0;
    const onWait = () => {
      waits += 1;
      holder.goOn();
    };
    expect(
      await store.lock('default', { onWait, stopWhen: (newest?: object) => newest !== undefined }),
    ).toBeUndefined();
    expect(waits).toBe(1);
    expect(await holder.ended()).toContain('done');
  });

  test('the wait ends with LOCKED after timeoutMs, naming profile, time and lock; and with its signal', async ({
    directory,
    store,
    start,
  }) => {
    const holder = start(['hold', directory, 'default']);
    await holder.says('holds');
    await expect(store.lock('default', { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(/profile "default".* 1 s .*\.default\.lock/),
    });
    const gone = new AbortController();
    const waiting = store.lock('default', { signal: gone.signal, onWait: () => gone.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    holder.goOn();
    expect(await holder.ended()).toContain('done');
  });

  test('kill -9 of a holder: the next lock succeeds, and cleans up after it', async ({ directory, store, start }) => {
    const holder = start(['hold', directory, 'default']);
    await holder.says('holds');
    holder.process.kill('SIGKILL');
    await holder.ended();
    expect((await readdir(directory)).sort()).toEqual([
      expect.stringMatching(/^\.default\.json\.[0-9a-f]{16}\.tmp$/),
      '.default.lock',
    ]);
    await commit(store, 'default', () => counting(1));
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test.for(some(['commit', 'checkpoint', 'remove'], 1))(
    'a holder that was suspended and wakes up after another went on cannot %s',
    async (verb, { directory, store, start }) => {
      const holder = start(['hold', directory, 'default', verb]);
      await holder.says('holds');
      holder.process.kill('SIGSTOP');
      await commit(store, 'default', () => counting(100));
      {
        // Woken while a third process holds the lock, which it must not take away either.
        await using locked = await store.lock('default');
        holder.process.kill('SIGCONT');
        holder.goOn();
        expect((await holder.ended()).at(-1)).toMatch(/^LOCKED: .*default\.json/);
        expect((await lstat(join(directory, '.default.lock'))).isDirectory()).toBe(true);
        expect(countOf(await store.read('default'))).toBe(100);
        await locked.commit(counting(Number(countOf(locked.current)) + 1));
      }
      expect(countOf(await store.read('default'))).toBe(101);
      expect(await readdir(directory)).toEqual(['default.json']);
    },
  );

  test('Ctrl-C ends a process that does not listen for it, as it would without the lock, and frees the lock', async ({
    directory,
    start,
  }) => {
    const child = start(['linger', directory, 'default']);
    await child.says('holds');
    child.process.kill('SIGINT');
    await child.ended();
    expect(child.process.signalCode).toBe('SIGINT');
    expect(await readdir(directory)).not.toContain('.default.lock');
  });

  test('Ctrl-C is left to a process that listens for it, and the change is finished', async ({
    directory,
    store,
    start,
  }) => {
    const child = start(['hold', directory, 'default', 'SIGINT']);
    await child.says('holds');
    child.process.kill('SIGINT');
    await child.says('SIGINT seen');
    child.goOn();
    expect((await child.ended()).at(-1)).toBe('done');
    expect(countOf(await store.read('default'))).toBe(1);
  });
});
