import * as v from 'valibot';
import { refresh, status } from '../../auth/index.ts';
import type { Command } from '../command.ts';
import { inJsonOr } from '../output.ts';
import { statusJson, statusText } from '../report.ts';
import { commonOptions } from './options.ts';

const Options = v.object(commonOptions);

export const refreshCommand: Command = {
  name: 'refresh',
  summary: 'Refresh now',
  options: [],
  examples: [{ what: 'Before this machine goes offline', command: 'fitbit-login refresh' }],
  run: async (given, context) => {
    const { profile, json } = v.parse(Options, given);
    await refresh({ profile, signal: context.signal }, context.surroundings);
    const found = await status({ profile }, context.surroundings);
    await context.print(inJsonOr(json, statusJson(found, context.now()), statusText(found, context)));
    return 0;
  },
};
