import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { refresh, status } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';
import { inJsonOr, statusJson, statusText } from '../print.ts';

const Options = v.object(commonOptions);

export const refreshCommand: Command = {
  name: 'refresh',
  summary: 'get a new access token now, however much time the stored one has left',
  options: [],
  examples: [{ what: 'Before a machine goes offline', command: 'fitbit-login refresh' }],
  run: async (given, context) => {
    const { profile, json } = v.parse(Options, given);
    const { answer, surroundings } = context;
    await refresh(defined({ profile, signal: context.signal }), surroundings);
    const found = await status(defined({ profile }), surroundings);
    const now = context.now();
    answer(inJsonOr(json, statusJson(found, now), statusText(found, now)));
    return 0;
  },
};
