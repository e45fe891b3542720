import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { accessToken, endWarning } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions, MIN_TTL } from '../options.ts';
import { inJsonOr, tokenJson } from '../print.ts';

const Options = v.object({ ...commonOptions, minTtl: v.optional(v.number()) });

export const tokenCommand: Command = {
  name: 'token',
  summary: 'print a working access token, refreshed when it is about to end',
  options: [MIN_TTL],
  examples: [
    {
      what: 'In a shell',
      command: 'curl -H "Authorization: Bearer $(fitbit-login token)" https://api.fitbit.com/1/user/-/profile.json',
    },
    { what: 'One that lasts for a long job', command: 'fitbit-login token --min-ttl 3600' },
  ],
  run: async (given, context) => {
    const { profile, json, minTtl } = v.parse(Options, given);
    const { answer, talk, surroundings } = context;
    const found = await accessToken(defined({ profile, minTtlSeconds: minTtl, signal: context.signal }), surroundings);
    answer(inJsonOr(json, tokenJson(found), found.token.reveal()));
    const warning = endWarning(found, context.now());
    if (warning !== undefined) talk(warning);
    return 0;
  },
};
