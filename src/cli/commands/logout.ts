import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { logout } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';
import { inJsonOr } from '../print.ts';

const Options = v.object({ ...commonOptions, local: v.optional(v.boolean(), false) });

export const logoutCommand: Command = {
  name: 'logout',
  summary: 'revoke the sign-in at the provider, then delete it from this machine',
  options: [
    {
      flags: '--local',
      description: 'only delete; the provider is not told, and the tokens go on working until they end',
    },
  ],
  examples: [
    { what: 'Sign out', command: 'fitbit-login logout' },
    { what: 'When the provider is gone', command: 'fitbit-login logout --local' },
  ],
  run: async (given, { surroundings, signal, answer, talk }) => {
    const { profile, json, local } = v.parse(Options, given);
    const { name, revoked, keptFiles } = await logout(defined({ profile, local, signal }), surroundings);
    const end = revoked
      ? 'revoked at the provider, then deleted'
      : 'deleted from this machine; the provider was not told';
    answer(
      inJsonOr(
        json,
        { profile: name, revoked, kept_files: keptFiles },
        `Signed out: the profile “${name}” was ${end}.`,
      ),
    );
    for (const file of keptFiles) talk(`${file} still holds the last tokens; it is yours to delete.`);
    return 0;
  },
};
