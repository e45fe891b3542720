import { answerMs } from './command.ts';
import { compared, contest } from './contest.ts';
import { ACCESS_TOKEN, makeHome, profileOf } from './home.ts';
import { programCommand, type Row } from './row.ts';

const PROFILES = { full: 10_000, quick: 200 } as const;

/** One person's token, on a machine of many. */
export const manyProfiles: Row = {
  name: 'many-profiles',
  method:
    'From the start of the process to its end, with so many profiles in the directory and with one, a token that works in each.',
  rounds: { full: 80, quick: 1 },
  measure: async (rig) => {
    const profiles = PROFILES[rig.size];
    const [many, one] = await Promise.all([makeHome(rig.directory, profiles), makeHome(rig.directory, 1)]);
    const ms = (home: string, profile: string) =>
      answerMs(programCommand(rig, home, 'token', '--profile', profile), ACCESS_TOKEN);
    const series = await contest(
      [
        { role: 'against', name: 'token among 1', measure: () => ms(one, profileOf(0)) },
        { role: 'ours', name: 'token', measure: () => ms(many, profileOf(Math.floor(profiles / 2))) },
      ],
      rig.rounds,
    );
    return [
      {
        title: `token --profile among ${profiles.toLocaleString('en')}`,
        unit: 'ms',
        statistic: 'median',
        ...compared(series, (value) => value),
        goal: { of: 'ratio', is: '≤', limit: 1.05 },
      },
    ];
  },
};
