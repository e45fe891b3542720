import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { AuthError } from '../../errors.ts';
import { checkStatus, profiles, status, statusPage } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';
import { checkJson, checkText, inJsonOr, listJson, listText, statusJson, statusText } from '../print.ts';

const Options = v.object({
  ...commonOptions,
  all: v.optional(v.boolean(), false),
  check: v.optional(v.boolean(), false),
  web: v.optional(v.boolean(), false),
});

/** Why the status page has ended, where nobody pressed its button. */
const ENDED = {
  idle: 'Nobody looked at the status page any more, so it has ended.',
  interrupted: 'The status page has ended.',
} as const;

export const statusCommand: Command = {
  name: 'status',
  summary: 'tell what is stored: who, which scopes, until when, where',
  options: [
    { flags: '--all', description: 'of every profile, a line each; with --json, a list' },
    { flags: '--check', description: 'ask the provider whether the sign-in works; a dead one ends with 3' },
    { flags: '--web', description: 'open the status page: every profile, and what can be done with it' },
  ],
  examples: [
    { what: 'Look at the default profile', command: 'fitbit-login status' },
    { what: 'For a script', command: 'fitbit-login status --json' },
    { what: 'In the browser', command: 'fitbit-login status --web' },
    { what: 'Everybody on this machine', command: 'fitbit-login status --all' },
    { what: 'Does it really work?', command: 'fitbit-login status --check' },
  ],
  run: async (given, context) => {
    const { profile, json, all, check, web } = v.parse(Options, given);
    const { surroundings, answer } = context;
    const now = context.now();
    if (all) {
      if (profile !== undefined || check || web)
        throw new AuthError('USAGE', '--all cannot be given with --profile, --check or --web.', {
          hint: 'See `fitbit-login status --help`.',
        });
      const listed = await profiles(surroundings);
      answer(json ? listJson(listed, now) : listText(listed));
      return 0;
    }
    if (web) {
      const { signal, talk } = context;
      const onPage = (url: string) =>
        talk(`The status page is at this address, which works once:\n\n${url}\n\nCtrl-C ends it.`);
      const how = await statusPage({ signal, onPage }, surroundings);
      if (how !== 'stopped') talk(ENDED[how]);
      return 0;
    }
    if (check) {
      const checked = await checkStatus(defined({ profile, signal: context.signal }), surroundings);
      answer(inJsonOr(json, checkJson(checked, now), checkText(checked, now)));
      return 0;
    }
    const found = await status(defined({ profile }), surroundings);
    answer(inJsonOr(json, statusJson(found, now), statusText(found, now)));
    // 3 says the same here as everywhere: only a new sign-in helps.
    const { session } = found;
    return session.kind === 'valid' || (session.kind === 'expired' && session.refreshable) ? 0 : 3;
  },
};
