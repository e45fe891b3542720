import { describe, expect, test } from 'vitest';
import { type Contestant, compared, contest, type Role } from '../../scripts/bench/contest.ts';

/** Contestants that take 1, 2, 3 … units, whoever is measured; and the order in which they were. */
function counting(names: Readonly<Record<string, Role>>) {
  const order: string[] = [];
  const contestants = Object.entries(names).map(
    ([name, role]): Contestant<number> => ({
      role,
      name,
      version: '1',
      measure: () => order.push(name),
    }),
  );
  return { order, contestants };
}

describe('a contest', () => {
  test('measures in turns, after a round that does not count', async () => {
    const { order, contestants } = counting({ base: 'against', ours: 'ours', peer: 'peer' });
    const series = await contest(contestants, 2);
    expect(order).toEqual(['base', 'ours', 'peer', 'peer', 'ours', 'base', 'base', 'ours', 'peer']);
    expect(series.map(({ name, values }) => [name, values])).toEqual([
      ['base', [6, 7]],
      ['ours', [5, 8]],
      ['peer', [4, 9]],
    ]);
  });

  test('goes on without a peer that fails, and says why', async () => {
    const { order, contestants } = counting({ base: 'against', ours: 'ours' });
    const broken: Contestant<number> = {
      role: 'peer',
      name: 'broken',
      version: '2',
      measure: () => {
        order.push('broken');
        throw new Error('It ended with 1.');
      },
    };
    const series = await contest([...contestants, broken], 3);
    expect(order.filter((name) => name === 'broken')).toHaveLength(3);
    expect(compared(series, (value) => value)).toMatchObject({
      count: 3,
      peers: [{ name: 'broken', version: '2', trouble: 'It ended with 1.' }],
    });
  });

  test('asks a peer that fails now and then again, and tells how often', async () => {
    const { contestants } = counting({ base: 'against', ours: 'ours' });
    let asked = 0;
    const measure = () => {
      asked += 1;
      if (asked % 3 !== 0) throw new Error('Not now.');
      return asked;
    };
    const series = await contest<number>([...contestants, { role: 'peer', name: 'shaky', version: '2', measure }], 2);
    expect(series[2]).toMatchObject({ values: [6, 9], failures: 6 });
    expect(compared(series, (value) => value).peers).toMatchObject([{ name: 'shaky', failures: 6 }]);
  });

  test.for(['ours', 'against'] as const)('ends where %s fails: there is nothing to say without it', async (role) => {
    const measure = async () => Promise.reject(new Error('It ended with 1.'));
    await expect(contest([{ role, name: 'broken', measure }], 3)).rejects.toThrow('It ended with 1.');
  });

  test('compares ours, and each peer, with what ours is against, in pairs', async () => {
    const of = (role: Role, name: string, values: readonly number[]) => ({
      role,
      name,
      version: '1',
      failures: 0,
      values,
    });
    const series = [of('against', 'base', [1, 2, 4]), of('ours', 'login', [3, 4, 4]), of('peer', 'slow', [5, 10, 20])];
    expect(compared(series, (ms) => ms * 1000)).toMatchObject({
      count: 3,
      ours: { value: 4000 },
      against: { name: 'base', value: 2000 },
      ratio: { value: 2, low: 1, high: 3 },
      peers: [{ name: 'slow', value: 10_000, ratio: { value: 5, low: 5, high: 5 } }],
    });
    expect(compared(series.slice(1), (ms) => ms)).not.toHaveProperty('ratio');
  });
});
