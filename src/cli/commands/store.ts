import * as v from 'valibot';
import { initializeStore } from '../../auth/index.ts';
import type { Command } from '../command.ts';
import { inJsonOr } from '../output.ts';
import { commonOptions } from './options.ts';

const Options = v.object(commonOptions);

export const storeCommand: Command = {
  name: 'store',
  summary: 'Set up a PostgreSQL database for profiles',
  arguments: [{ name: '<action>', description: 'init creates or updates the schema', choices: ['init'] }],
  options: [],
  common: ['json', 'log-level'],
  examples: [
    {
      what: 'Create the schema; prints the rights to grant to the role of the other machines',
      command: 'FITBIT_LOGIN_STORE=postgresql://admin@db.example/health fitbit-login store init',
    },
  ],
  run: async (given, { surroundings, print, say }) => {
    const { json } = v.parse(Options, given);
    const { place, from, to, grants } = await initializeStore(surroundings);
    if (!json)
      say(from === to ? `The schema in ${place} is up to date.` : `The schema fitbit_login is ready in ${place}.`);
    await print(inJsonOr(json, { place, from, to, grants: grants.split('\n') }, grants));
    return 0;
  },
};
