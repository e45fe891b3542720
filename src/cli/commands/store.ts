import { initializeStore } from '../../auth/index.ts';
import { command } from '../command.ts';

export const storeCommand = command({
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
  run: async ({ json }, { runtimeOptions, print, say }) => {
    const { place, from, to, grants } = await initializeStore(runtimeOptions);
    if (!json)
      say(from === to ? `The schema in ${place} is up to date.` : `The schema fitbit_login is ready in ${place}.`);
    await print(grants, { place, from, to, grants: grants.split('\n') });
  },
});
