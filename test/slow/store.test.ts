import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { encodeProfile } from '../../src/store/codec.ts';
import { commit, counting, countOf, failing, PROFILE, test } from '../flow/store-fixture.ts';

describe('the machine: the store, many times', () => {
  test('50 processes count, and none is lost', { timeout: 300_000 }, async ({ directory, store, start }) => {
    const children = Array.from({ length: 50 }, () => start(['count', directory, 'default']));
    for (const child of children) expect(await child.ended()).toEqual(['done']);
    expect(countOf(await store.read('default'))).toBe(50);
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('lists 10,000 profiles', async ({ directory, store }) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const text = encodeProfile(PROFILE);
    const names = Array.from({ length: 10_000 }, (_, index) => `p${String(index).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 500) {
      const batch = names.slice(from, from + 500);
      await Promise.all(batch.map((name) => writeFile(store.location(name), text, { mode: 0o600 })));
    }
    expect((await store.list()).map(({ name }) => name)).toEqual(names);
  });

  test('a lock that is updated every second is not taken over, however long it is held', async ({
    directory,
    store,
  }) => {
    await using _held = await store.lock('default');
    expect((await failing(store.lock('default', { timeoutMs: 5_000 }))).code).toBe('LOCKED');
    expect(await readdir(directory)).toContain('.default.lock');
  });

  test('kill -9 at every file operation of a change: the file is whole, old or new, and nothing stays behind', {
    timeout: 300_000,
  }, async ({ directory, store, start }) => {
    const output = await start(['die', directory, 'whole', '0,never']).ended();
    const operations = Number(/^operations (\d+)$/.exec(output[0] ?? '')?.[1]);
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
        // Not every change takes as many operations as the first, which made the directories.
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

    await Promise.all(names.map((name) => commit(store, name, () => counting(9))));
    expect((await readdir(directory)).sort()).toEqual([...names, 'whole'].map((name) => `${name}.json`).sort());
  });
});
