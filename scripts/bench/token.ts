import { answerMs } from './command.ts';
import { type Contestant, compared, contest, type Series } from './contest.ts';
import { ACCESS_TOKEN, makeHome, profileOf } from './home.ts';
import { type Measured, programCommand, type Rig, type Row } from './row.ts';

const TITLE = 'token, fresh, whole process';
const BASELINE = 'node -e 0';
const RIVAL = 'gh auth token';
/** From here on Node keeps compiled code on disk, and a program for Node can be as fast as one that is compiled. */
const MAJOR_WITH_COMPILE_CACHE = 22;
const MOST_ON_OLDER = 1.15;

/** What every script pays for its token. */
export const token: Row = {
  name: 'token',
  method:
    'From the start of the process to its end, with a stored token that works for hours. Each prints its token to a pipe. gh and the ' +
    'Google libraries read a stored token as well; the libraries by the lines of their own quickstarts.',
  rounds: { full: 50, quick: 2 },
  onEachNode: true,
  measure: async (rig) => {
    const home = await makeHome(rig.directory, 1);
    const command = programCommand(rig, home, 'token', '--profile', profileOf(0));
    const baseline = { file: rig.node.path, args: ['-e', '0'], env: rig.environment };
    const series = await contest<number>(
      [
        { role: 'against', name: BASELINE, measure: () => answerMs(baseline, '') },
        { role: 'ours', name: 'token', measure: () => answerMs(command, ACCESS_TOKEN) },
        ...others(rig),
      ],
      rig.rounds,
    );
    const figure = { title: TITLE, unit: 'ms', statistic: 'median', ...compared(series, (ms) => ms) } as const;
    if (rig.node.major < MAJOR_WITH_COMPILE_CACHE) {
      return [{ ...figure, goal: { of: 'ratio', is: '≤', limit: MOST_ON_OLDER } }];
    }
    return [figure, ...againstRival(series)];
  },
};

function others({ peers, node }: Rig): readonly Contestant<number>[] {
  return peers.flatMap(({ name, version, token }): readonly Contestant<number>[] => {
    const command = token?.(node.path);
    return command === undefined
      ? []
      : [{ role: 'peer', name, version, measure: () => answerMs(command, ACCESS_TOKEN) }];
  });
}

/** The same measurements by gh's instead of the baseline's. */
function againstRival(series: readonly Series<number>[]): readonly Measured[] {
  const rival = series.find(({ name, trouble }) => name === RIVAL && trouble === undefined);
  if (rival === undefined) return [];
  const rest = series.filter((one) => one.role !== 'against' && one !== rival);
  return [
    {
      title: TITLE,
      unit: 'ms',
      statistic: 'median',
      ...compared([{ ...rival, role: 'against' }, ...rest], (ms) => ms),
      goal: { of: 'ratio', is: '<', limit: 1 },
    },
  ];
}
