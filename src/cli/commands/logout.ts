import * as v from 'valibot';
import { logout } from '../../index.ts';
import type { Command } from '../command.ts';
import { inJsonOr, mark } from '../output.ts';
import { commonOptions } from './options.ts';

const Options = v.object({ ...commonOptions, local: v.optional(v.boolean(), false) });

export const logoutCommand: Command = {
  name: 'logout',
  summary: 'Revoke and delete a sign-in',
  options: [{ flags: '--local', description: 'only delete, don’t revoke; tokens stay valid until they expire' }],
  examples: [
    { what: 'Sign out', command: 'fitbit-login logout' },
    { what: 'If the provider is unreachable', command: 'fitbit-login logout --local' },
  ],
  run: async (given, { surroundings, signal, print, say, colors }) => {
    const { profile, json, local } = v.parse(Options, given);
    const { name, revoked, keptFiles } = await logout({ profile, local, signal }, surroundings);
    const text = `${mark('good', colors.out)} Signed out: profile “${name}” was ${revoked ? 'revoked and deleted' : 'deleted from this machine, not revoked'}.`;
    await print(inJsonOr(json, { profile: name, revoked, kept_files: keptFiles }, text));
    for (const file of keptFiles)
      say(`${mark('warning', colors.err)} ${file} still holds the last tokens. Delete it if you don’t need it.`);
    return 0;
  },
};
