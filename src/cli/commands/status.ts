import * as v from 'valibot';
import { checkStatus, profiles, status, statusPage } from '../../auth/index.ts';
import { notWithAll } from '../../messages.ts';
import type { Command } from '../command.ts';
import { inJsonOr } from '../output.ts';
import { checkJson, checkText, needsPerson, overviewJson, overviewText, statusJson, statusText } from '../report.ts';
import { commonOptions } from './options.ts';

const Options = v.object({
  ...commonOptions,
  all: v.optional(v.boolean(), false),
  check: v.optional(v.boolean(), false),
  web: v.optional(v.boolean(), false),
});

/** Why the status page has ended, where its button was not pressed. */
const ENDED = { idle: 'Status page closed after being idle.', interrupted: 'Status page closed.' } as const;

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show accounts, scopes and expiry',
  options: [
    { flags: '--all', description: 'all profiles, one per line; with --json, a list' },
    { flags: '--check', description: 'ask the provider whether the sign-in works; exits 3 if it is dead' },
    { flags: '--web', description: 'open the status page: all profiles, with actions' },
  ],
  examples: [
    { what: 'Show the default profile', command: 'fitbit-login status' },
    { what: 'All profiles', command: 'fitbit-login status --all' },
    { what: 'Does it really work?', command: 'fitbit-login status --check' },
    { what: 'In the browser', command: 'fitbit-login status --web' },
    { what: 'In a script', command: 'fitbit-login status --json' },
  ],
  run: async (given, context) => {
    const { profile, json, all, check, web } = v.parse(Options, given);
    const { surroundings, print, say, signal } = context;
    const now = context.now();
    if (all) {
      if (profile !== undefined || check || web) throw notWithAll();
      const listed = await profiles(surroundings);
      await print(json ? overviewJson(listed, now) : overviewText(listed, context));
      return 0;
    }
    if (web) {
      const onPage = (url: string) => say(`Status page (one-time link):\n\n${url}\n\nPress Ctrl-C to stop.`);
      const how = await statusPage({ signal, onPage }, surroundings);
      if (how !== 'stopped') say(ENDED[how]);
      return 0;
    }
    if (check) {
      const checked = await checkStatus({ profile, signal }, surroundings);
      await print(inJsonOr(json, checkJson(checked, now), checkText(checked, context)));
      return 0;
    }
    const found = await status({ profile }, surroundings);
    await print(inJsonOr(json, statusJson(found, now), statusText(found, context)));
    return needsPerson(found) ? 3 : 0;
  },
};
