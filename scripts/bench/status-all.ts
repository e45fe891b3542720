import { wholeProcess } from './command.ts';
import { type Contestant, compared, contest } from './contest.ts';
import { makeHome } from './home.ts';
import { programCommand, type Rig, type Row } from './row.ts';

const PROFILES = { full: 10_000, quick: 200 } as const;

/** How all of the profiles stand. */
export const statusAll: Row = {
  name: 'status-all',
  method:
    'From the start of the process to its end, the answer read from a pipe. Growth: so many profiles by four times a quarter of them, the ' +
    'time with a single profile taken off from each; 1 is linear, 4 would be quadratic.',
  rounds: { full: 9, quick: 1 },
  measure: async (rig) => {
    const profiles = PROFILES[rig.size];
    const command = listCommand(rig);
    const listing = async (count: number, role: Contestant<number>['role'] = 'peer'): Promise<Contestant<number>> => {
      const home = await makeHome(rig.directory, count);
      return { role, name: String(count), measure: () => listMs(rig, home, command, count) };
    };
    const series = await contest(
      [await listing(1), await listing(profiles / 4), await listing(profiles, 'ours')],
      rig.rounds,
    );
    const [ones = [], quarters = [], wholes = []] = series.map(({ values }) => values);
    const withoutStart = (values: readonly number[], times: number) =>
      values.map((ms, round) => times * (ms - (ones[round] ?? Number.NaN)));
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
        unit: 's',
        statistic: 'median',
        ...compared(
          [
            {
              role: 'against',
              name: `4 × ${(profiles / 4).toLocaleString('en')}`,
              version: '',
              failures: 0,
              values: withoutStart(quarters, 4),
            },
            { role: 'ours', name: title, version: '', failures: 0, values: withoutStart(wholes, 1) },
          ],
          (ms) => ms / 1000,
        ),
        goal: { of: 'ratio', is: '≤', limit: 1.1 },
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
