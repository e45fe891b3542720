import * as v from 'valibot';
import { knownScopes } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';
import { inJsonOr, table } from '../print.ts';

const Options = v.object(commonOptions);

export const scopesCommand: Command = {
  name: 'scopes',
  summary: 'list what can be asked for, in plain words, and what Fitbit’s scopes became',
  options: [],
  examples: [{ what: 'Ask for two of them', command: 'fitbit-login login --scope "sleep.readonly profile.readonly"' }],
  run: async (given, { answer }) => {
    const { json } = v.parse(Options, given);
    const known = knownScopes();
    const text = [
      'Google Health (* is asked for when you name none):',
      table(known['google-health'].map(({ name, words, usual }) => [` ${usual ? '*' : ' '} ${name}`, words])),
      '',
      'Fitbit, and what became of it at Google Health:',
      table(
        known.fitbit.map(({ name, words, usual, successor }) => [
          ` ${usual ? '*' : ' '} ${name}`,
          words,
          successor ?? '(no successor)',
        ]),
      ),
    ].join('\n');
    answer(inJsonOr(json, known, text));
    return 0;
  },
};
