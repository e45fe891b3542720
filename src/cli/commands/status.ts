import * as v from 'valibot';
import { status } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';
import { statusJson, statusText } from '../print.ts';

const Options = v.object(commonOptions);

export const statusCommand: Command = {
  name: 'status',
  summary: 'tell what is stored: who, which scopes, until when, where',
  options: [],
  examples: [
    { what: 'Look at the default profile', command: 'fitbit-login status' },
    { what: 'For a script', command: 'fitbit-login status --json' },
  ],
  run: async (given, { surroundings, answer }) => {
    const { profile, json } = v.parse(Options, given);
    const now = surroundings.now?.() ?? new Date();
    const found = await status(profile === undefined ? {} : { profile }, surroundings);
    answer(json ? JSON.stringify(statusJson(found, now), null, 2) : statusText(found, now));
    // 3 says the same here as everywhere: only a new sign-in helps.
    return found.session.kind === 'none' || (found.session.kind === 'stale' && !found.session.refreshable) ? 3 : 0;
  },
};
