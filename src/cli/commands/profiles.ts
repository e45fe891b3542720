import { accountName, logout, profiles, renameProfile } from '../../auth/index.ts';
import { wrongArguments } from '../../messages.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { table } from '../output.ts';
import { overviewJson, pendingText } from '../report.ts';

interface Action {
  readonly usage: string;
  readonly act: (names: readonly string[], context: Context) => Promise<string>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  rename: {
    usage: 'rename OLD NEW',
    act: async ([from = '', to = ''], { surroundings }) => {
      await renameProfile(from, to, surroundings);
      return `Renamed profile "${from}" to "${to}".`;
    },
  },
  delete: {
    usage: 'delete NAME',
    act: async ([profile = ''], { surroundings, signal }) => {
      await logout({ profile, local: true, signal }, surroundings);
      return `Deleted profile "${profile}" from this machine. It was not revoked.`;
    },
  },
};

export const profilesCommand = command({
  name: 'profiles',
  summary: 'List, rename or delete profiles',
  arguments: [
    { name: '[action]', description: 'rename or delete; omit to list', offer: Object.keys(ACTIONS) },
    { name: '[names...]', description: 'OLD NEW to rename, NAME to delete', offer: 'profiles' },
  ],
  options: [],
  common: ['json', 'log-level'],
  examples: [
    { what: 'List', command: 'fitbit-login profiles' },
    { what: 'Rename', command: 'fitbit-login profiles rename default me' },
    { what: 'Delete from this machine only; `logout` also revokes', command: 'fitbit-login profiles delete partner' },
  ],
  run: async ({ json }, context) => {
    const { operands, surroundings, print, colors } = context;
    const [name, ...names] = operands;
    if (name === undefined) {
      const listed = await profiles(surroundings);
      const rows = listed.map((entry) => [
        entry.profile,
        'status' in entry ? (accountName(entry.status) ?? '-') : colors.out.red('unreadable'),
        'status' in entry ? (pendingText(entry.status, context.now()) ?? '') : '',
      ]);
      if (json || rows.length > 0) await print(table(rows), overviewJson(listed, context.now()));
      else context.say('No profiles yet. Run `fitbit-login login`.');
      return 0;
    }
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined || names.length !== action.usage.split(' ').length - 1) {
      const usage = (action === undefined ? Object.values(ACTIONS) : [action]).map(
        (known) => `profiles ${known.usage}`,
      );
      throw wrongArguments(usage);
    }
    const done = await action.act(names, context);
    await print(done, { action: name, profiles: names });
    return 0;
  },
});
