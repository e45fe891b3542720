import { lstat, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { fileStore } from '../../src/store/file-store.ts';
import { encodeProfile } from '../../src/store/profile-file.ts';
import { reserve } from '../../src/store/reservation.ts';
import { counting, countOf, test } from './store-surroundings.ts';

describe.concurrent('the machine', () => {
  test('kill -9 of a holder: the next update goes on, and clears up after it', async ({ directory, start }) => {
    const holder = start(['hold', directory, 'default']);
    await holder.says('holds');
    holder.process.kill('SIGKILL');
    await holder.ended();
    expect((await readdir(directory)).sort()).toEqual(['.default.lock', '.default.new']);
    await fileStore({ directory }).update('default', ({ save }) => save(counting(1)));
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a clock set back by a day after a holder died: its lock is not kept for a day', async ({ directory }) => {
    const lock = join(directory, '.default.lock');
    await mkdir(lock, { recursive: true, mode: 0o700 });
    const tomorrow = new Date(Date.now() + 86_400_000);
    await utimes(lock, tomorrow, tomorrow);
    await fileStore({ directory }).update('default', ({ save }) => save(counting(1)));
    expect(await readdir(directory)).toEqual(['default.json']);
    await mkdir(lock);
    await utimes(lock, tomorrow, tomorrow);
    expect(await fileStore({ directory }).remove('default')).toBe(true);
  });

  test.for(['save', 'note'])(
    'sleep in the middle: a holder that wakes up after another went on cannot %s',
    async (how, { directory, start }) => {
      const store = fileStore({ directory });
      const holder = start(['hold', directory, 'default', how]);
      await holder.says('holds');
      holder.process.kill('SIGSTOP');
      await store.update('default', ({ save }) => save(counting(100)));
      // Woken while a third party holds the lock, whose lock it must not take away either.
      await store.update('default', async ({ current, save }) => {
        holder.process.kill('SIGCONT');
        holder.goOn();
        expect((await holder.ended()).at(-1)).toMatch(/^LOCKED: Another process took .*default\.json over/);
        expect((await lstat(join(directory, '.default.lock'))).isDirectory()).toBe(true);
        expect(countOf(await store.read('default'))).toBe(100);
        await save(counting(Number(countOf(current)) + 1));
      });
      expect(countOf(await store.read('default'))).toBe(101);
      expect(await readdir(directory)).toEqual(['default.json']);
    },
  );

  test('where several hold the lock at once, a change is stored whole or refused, and none is lost', async ({
    root,
  }) => {
    const target = join(root, 'default.json');
    const count = async () => Number(await readFile(target, 'utf8').catch(() => '0'));
    const add = async (round: number, who: number) => {
      // Now they come together, now one behind the other.
      for (let step = (round * 7 + who * 13) % 40; step > 0; step -= 1) await count();
      const mine = await reserve(target, join(root, '.default.new'), 4096);
      try {
        const current = await count();
        if ((round + who) % 2 === 0) await mine.note(`${current}`);
        await mine.save(`${current + 1}`);
      } finally {
        await mine.discard();
      }
    };
    let stored = 0;
    for (let round = 0; round < 80; round += 1) {
      const ends = await Promise.allSettled([0, 1, 2, 3].map((who) => add(round, who)));
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'LOCKED' });
        else stored += 1;
      }
      expect(await count()).toBe(stored);
    }
    expect(stored).toBeGreaterThan(0);
    expect(await readdir(root)).toEqual(['default.json']);
  });

  test('kill -9 at every operation of an update: the file is whole, old or new, and nothing stays behind', {
    timeout: 90_000,
  }, async ({ directory, start }) => {
    const store = fileStore({ directory });
    const tells = await start(['die', directory, 'whole', '0,never']).ended();
    const operations = Number(/^operations (\d+)$/.exec(tells[0] ?? '')?.[1]);
    expect(operations).toBeGreaterThan(30);

    // In the first round the profile is new, in the others there is an older one.
    const rounds = [
      { round: 1, when: 'before' },
      { round: 2, when: 'before' },
      { round: 3, when: 'under-way' },
    ];
    const moments = rounds.flatMap((one) =>
      Array.from({ length: operations }, (_, index) => ({ ...one, operation: index + 1 })),
    );
    const queue = moments.values();
    const states = new Set<string>();
    const names: string[] = [];
    let kills = 0;
    async function work(): Promise<void> {
      for (const { when, operation, round } of queue) {
        const name = `${when}-${operation}-${round}`;
        names.push(name);
        if (round > 1) await writeFile(store.location(name), encodeProfile(counting(1)), { mode: 0o600 });
        const child = start(['die', directory, name, `${operation},${when}`]);
        const lines = await child.ended();
        // Not every update takes as many operations as the first, which made the directories.
        if (child.process.signalCode === 'SIGKILL') kills += 1;
        else expect(lines.at(-1)).toBe('done');
        const left = await store.read(name);
        const state = left === undefined ? 'none' : `${countOf(left) ?? 'no'} ${left.refreshStartedAt ? 'noted' : ''}`;
        states.add(`${round === 1 ? 'new' : 'older'}: ${state}`);
      }
    }
    await Promise.all([work(), work(), work()]);
    expect(kills).toBeGreaterThanOrEqual(100);
    expect([...states].sort()).toEqual([
      'new: 1 ',
      'new: no noted',
      'new: none',
      'older: 1 ',
      'older: 1 noted',
      'older: 2 ',
    ]);

    await Promise.all(names.map((name) => store.update(name, ({ save }) => save(counting(9)))));
    expect((await readdir(directory)).sort()).toEqual([...names, 'whole'].map((name) => `${name}.json`).sort());
  });
});
