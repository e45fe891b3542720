import { wholeProcess } from './command.ts';
import { type Contestant, compared, contest } from './contest.ts';
import { makeHome } from './home.ts';
import { estimate } from './pairs.ts';
import { programCommand, type Rig, type Row } from './row.ts';

const PROFILES = { full: 10_000, quick: 200 } as const;

/** How all of the profiles stand. */
export const statusAll: Row = {
  name: 'status-all',
  method:
    'From the start of the process to its end, the answer read from a pipe. Growth: so many profiles against four times a quarter of them, ' +
    'the time with a single profile taken off from both; 1 is linear, 4 would be quadratic.',
  rounds: { full: 9, quick: 1 },
  measure: async (rig) => {
    const profiles = PROFILES[rig.size];
    const command = listCommand(rig);
    const listing = async (count: number, role: Contestant<number>['role'] = 'peer'): Promise<Contestant<number>> => {
      const home = await makeHome(rig.directory, count);
      return { role, name: String(count), measure: () => listMs(rig, home, command, count) };
    };
    const [single, quarter, half] = [1, profiles / 4, profiles / 2];
    const contestants = [
      await listing(single),
      await listing(quarter),
      await listing(half),
      await listing(profiles, 'ours'),
    ];
    const series = await contest(contestants, rig.rounds);
    const [ones = [], quarters = [], , wholes = []] = series.map(({ values }) => values);
    const growth = wholes.map((whole, round) => {
      const start = ones[round] ?? Number.NaN;
      return (whole - start) / (4 * ((quarters[round] ?? Number.NaN) - start));
    });
    const title = `${command.join(' ')} over ${profiles.toLocaleString('en')}`;
    return [
      {
        title,
        unit: 's',
        statistic: 'median',
        ...compared(
          series.filter(({ role }) => role === 'ours'),
          (ms) => ms / 1000,
        ),
        goal: { of: 'ours', is: '≤', limit: 1.5 },
      },
      {
        title: `${title}: growth`,
        unit: 'times',
        statistic: 'median',
        count: growth.length,
        ours: estimate(growth),
        peers: [],
        goal: { of: 'ours', is: '≤', limit: 1.1 },
      },
    ];
  },
};

/** What lists every profile: `status --all`, where this program knows it. */
function listCommand(rig: Rig): readonly string[] {
  const { stdout } = wholeProcess(programCommand(rig, rig.directory, 'status', '--help'));
  return stdout.includes('--all') ? ['status', '--all', '--json'] : ['profiles', '--json'];
}

function listMs(rig: Rig, home: string, command: readonly string[], count: number): number {
  const { ms, stdout } = wholeProcess(programCommand(rig, home, ...command));
  const listed: unknown = JSON.parse(stdout);
  if (!Array.isArray(listed) || listed.length !== count)
    throw new Error(`${command.join(' ')} does not list ${count}.`);
  return ms;
}
