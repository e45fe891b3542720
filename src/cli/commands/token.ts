import * as v from 'valibot';
import { accessToken, endWarning } from '../../auth/index.ts';
import type { Command } from '../command.ts';
import { TOKEN_OPTIONS } from '../options.ts';
import { inJsonOr, mark } from '../output.ts';
import { tokenJson } from '../report.ts';
import { commonOptions } from './options.ts';

const Options = v.object({ ...commonOptions, minTtl: v.optional(v.number()) });

export const tokenCommand: Command = {
  name: 'token',
  summary: 'Print a working access token',
  options: TOKEN_OPTIONS,
  examples: [
    {
      what: 'In a shell',
      command:
        'curl -H "Authorization: Bearer $(fitbit-login token)" https://health.googleapis.com/v4/users/me/identity',
    },
    { what: 'For a long-running job', command: 'fitbit-login token --min-ttl 3600' },
  ],
  run: async (given, { print, say, now, colors, surroundings, signal }) => {
    const { profile, json, minTtl: minTtlSeconds } = v.parse(Options, given);
    const found = await accessToken({ profile, minTtlSeconds, signal }, surroundings);
    await print(inJsonOr(json, tokenJson(found), found.token.reveal()));
    const warning = endWarning(found, now());
    if (warning !== undefined) say(`${mark('warning', colors.err)} ${warning}`);
    return 0;
  },
};
