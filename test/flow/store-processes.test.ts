import { readdir } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { fileStore } from '../../src/store/file-store.ts';
import { countOf, test } from './store-surroundings.ts';

describe.concurrent('many processes', () => {
  test.for([2, 50])(
    '%d of them count, and none is lost',
    { timeout: 60_000 },
    async (processes, { directory, start }) => {
      const children = Array.from({ length: processes }, () => start(['count', directory, 'default']));
      for (const child of children) expect(await child.ended()).toEqual(['done']);
      expect(countOf(await fileStore({ directory }).read('default'))).toBe(processes);
      expect(await readdir(directory)).toEqual(['default.json']);
    },
  );

  test('whoever waits says so once, and `unless` ends the wait as soon as the profile is the one hoped for', async ({
    directory,
    start,
  }) => {
    const store = fileStore({ directory });
    const holder = start(['hold', directory, 'default', 'note']);
    await holder.says('holds');
    const seen: unknown[] = [];
    let waits = 0;
    const answer = await store.update('default', () => Promise.reject(new Error('The change was called.')), {
      onWait: () => {
        waits += 1;
        holder.goOn();
      },
      unless: (newest) => {
        seen.push(countOf(newest));
        return newest && 'somebody else did it';
      },
    });
    expect([answer, waits]).toEqual(['somebody else did it', 1]);
    expect(seen[0]).toBeUndefined();
    expect(await holder.ended()).toContain('done');
  });

  test('patience ends with LOCKED, which says for what, how long and which lock', async ({ directory, start }) => {
    const holder = start(['hold', directory, 'default']);
    await holder.says('holds');
    let called = false;
    const change = async () => {
      called = true;
    };
    await expect(fileStore({ directory }).update('default', change, { patienceMs: 1000 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(/Waited 1 s .* profile "default".*\.default\.lock\.$/),
    });
    const gone = new AbortController();
    const waiting = fileStore({ directory }).update('default', change, {
      signal: gone.signal,
      onWait: () => gone.abort(),
    });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(called).toBe(false);
    holder.goOn();
    expect(await holder.ended()).toContain('done');
  });
});

describe.concurrent('Ctrl-C while a profile is held', () => {
  test('ends a process that does not listen for it, as it would without the lock, and gives the lock back', async ({
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

  test('is left to a process that listens for it, and the change is finished', async ({ directory, start }) => {
    const child = start(['hold', directory, 'default', 'SIGINT']);
    await child.says('holds');
    child.process.kill('SIGINT');
    await child.says('SIGINT seen');
    child.goOn();
    expect((await child.ended()).at(-1)).toBe('done');
    expect(countOf(await fileStore({ directory }).read('default'))).toBe(1);
  });
});
