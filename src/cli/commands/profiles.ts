import { accountName, logout, profiles, renameProfile } from '../../auth/index.ts';
import { wrongArguments } from '../../messages.ts';
import { command } from '../command.ts';
import { table } from '../output.ts';
import { overviewJson, pendingText } from '../report.ts';

const USAGE = { rename: 'profiles rename OLD NEW', delete: 'profiles delete NAME' } as const;

export const profilesCommand = command({
  name: 'profiles',
  summary: 'List, rename or delete profiles',
  arguments: [
    { name: '[action]', description: 'rename or delete; omit to list', offer: Object.keys(USAGE) },
    { name: '[names...]', description: 'OLD NEW to rename, NAME to delete', offer: 'profiles' },
  ],
  options: [],
  common: ['json', 'log-level'],
  examples: [
    { what: 'List', command: 'fitbit-login profiles' },
    { what: 'Rename', command: 'fitbit-login profiles rename default me' },
    { what: 'Delete from this machine only; `logout` also revokes', command: 'fitbit-login profiles delete partner' },
  ],
  run: async ({ json }, { operands, runtimeOptions, signal, print, say, colors, now }) => {
    const [action, ...names] = operands;
    const [from = '', to = ''] = names;
    if (action === undefined) {
      const listed = await profiles(runtimeOptions);
      const rows = listed.map((entry) => [
        entry.profile,
        'status' in entry ? (accountName(entry.status) ?? '-') : colors.out.red('unreadable'),
        'status' in entry ? (pendingText(entry.status, now()) ?? '') : '',
      ]);
      if (json || rows.length > 0) await print(table(rows), overviewJson(listed, now()));
      else say('No profiles yet. Run `fitbit-login login`.');
    } else if (action === 'rename' && names.length === 2) {
      await renameProfile(from, to, runtimeOptions);
      await print(`Renamed profile "${from}" to "${to}".`, { action, profiles: names });
    } else if (action === 'delete' && names.length === 1) {
      await logout({ profile: from, local: true, signal }, runtimeOptions);
      await print(`Deleted profile "${from}" from this machine. It was not revoked.`, { action, profiles: names });
    } else {
      throw wrongArguments(action === 'rename' || action === 'delete' ? [USAGE[action]] : Object.values(USAGE));
    }
  },
});
