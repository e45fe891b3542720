import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { AuthError } from '../../errors.ts';
import { logout, profiles, renameProfile } from '../../index.ts';
import type { Command, Context } from '../command.ts';
import { commonOptions } from '../options.ts';
import { inJsonOr, listJson, listText } from '../print.ts';

const Options = v.object(commonOptions);

/** What can be done with profiles, by its name and how many names of profiles it wants. */
const ACTIONS: Readonly<
  Record<
    string,
    | { readonly wants: string; readonly act: (names: readonly string[], context: Context) => Promise<string> }
    | undefined
  >
> = {
  rename: {
    wants: 'OLD NEW',
    act: async ([from = '', to = ''], { surroundings }) => {
      await renameProfile(from, to, surroundings);
      return `The profile “${from}” is called “${to}” now.`;
    },
  },
  delete: {
    wants: 'NAME',
    act: async ([name = ''], { surroundings, signal }) => {
      await logout(defined({ profile: name, local: true, signal }), surroundings);
      return `The profile “${name}” was deleted from this machine; the provider was not told.`;
    },
  },
};

export const profilesCommand: Command = {
  name: 'profiles',
  summary: 'list the profiles, rename one or delete one',
  arguments: [
    { name: '[action]', description: 'rename or delete; nothing lists them', offer: Object.keys(ACTIONS) },
    { name: '[names...]', description: 'rename OLD NEW, delete NAME', offer: 'profiles' },
  ],
  options: [],
  examples: [
    { what: 'List', command: 'fitbit-login profiles' },
    { what: 'Rename', command: 'fitbit-login profiles rename default me' },
    {
      what: 'Delete from this machine only; `logout` also tells the provider',
      command: 'fitbit-login profiles delete partner',
    },
  ],
  run: async (given, context) => {
    const { json } = v.parse(Options, given);
    const { operands, surroundings, answer } = context;
    const [action, ...names] = operands;
    if (action === undefined) {
      const listed = await profiles(surroundings);
      answer(json ? listJson(listed, context.now()) : listText(listed));
      return 0;
    }
    const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (known === undefined || names.length !== known.wants.split(' ').length) {
      throw new AuthError(
        'USAGE',
        known === undefined
          ? `There is nothing called “${action}” to do with profiles.`
          : `${action} wants: ${known.wants}.`,
        {
          hint: 'Use `fitbit-login profiles`, `profiles rename OLD NEW` or `profiles delete NAME`.',
        },
      );
    }
    const done = await known.act(names, context);
    answer(inJsonOr(json, { action, profiles: names }, done));
    return 0;
  },
};
