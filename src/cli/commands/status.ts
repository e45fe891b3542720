import { checkStatus, type ListedProfile, profiles, status, statusPage, writeMetrics } from '../../auth/index.ts';
import { notTogether, requires } from '../../messages.ts';
import { command } from '../command.ts';
import { metricsText } from '../metrics.ts';
import { timeSpan } from '../options.ts';
import {
  checkJson,
  checkText,
  needsPerson,
  needsPersonAt,
  overviewJson,
  overviewText,
  statusJson,
  statusText,
} from '../report.ts';

/** Why the status page has ended, where its button was not pressed. */
const ENDED = { idle: 'Status page closed after being idle.', interrupted: 'Status page closed.' } as const;

export const statusCommand = command({
  name: 'status',
  summary: 'Show accounts, scopes and expiry',
  options: [
    { flags: '--all', description: 'all profiles, one per line; with --json, a list' },
    {
      flags: '--within <time>',
      description: 'with --all: exit with 3 if a profile needs you within this time (12h, 2d)',
      parse: timeSpan,
    },
    { flags: '--metrics', description: 'with --all: print metrics for Prometheus, without accounts' },
    { flags: '--accounts', description: 'with --metrics: label them with the account, too' },
    {
      flags: '--output <file>',
      description: "with --metrics: replace this file (0644, atomically), for node_exporter's textfile collector",
      offer: 'files',
    },
    { flags: '--check', description: 'ask the provider whether the sign-in works; exits 3 if it is dead' },
    { flags: '--web', description: 'open the status page: all profiles, with actions' },
  ],
  examples: [
    { what: 'Show the default profile', command: 'fitbit-login status' },
    { what: 'All profiles', command: 'fitbit-login status --all' },
    { what: 'Exit with 3 if one needs you within two days', command: 'fitbit-login status --all --within 2d' },
    { what: 'For Prometheus', command: 'fitbit-login status --all --metrics' },
    { what: 'Does it really work?', command: 'fitbit-login status --check' },
    { what: 'In the browser', command: 'fitbit-login status --web' },
    { what: 'In a script', command: 'fitbit-login status --json' },
  ],
  run: async ({ profile, json, all, check, web, within, metrics, accounts, output }, context) => {
    const { runtimeOptions, print, write, say, signal } = context;
    const now = context.now();
    const needsAll = Object.entries({ within, metrics, accounts, output }).find(([, value]) => value);
    if (!all && needsAll !== undefined) throw requires(needsAll[0], 'all');
    if (!metrics && (accounts || output !== undefined)) throw requires(accounts ? 'accounts' : 'output', 'metrics');
    if (all) {
      if (profile !== undefined || check || web) throw notTogether('all', '--profile, --check or --web');
      if (json && metrics) throw notTogether('metrics', '--json');
      const listed = await profiles(runtimeOptions);
      if (output !== undefined) await writeMetrics(output, metricsText(listed, now, accounts));
      else if (metrics) await write(metricsText(listed, now, accounts));
      else await print(overviewText(listed, context), overviewJson(listed, now));
      return within === undefined ? 0 : exitCodeWithin(listed, now, within);
    }
    if (web) {
      const onPage = (url: string) => say(`Status page (one-time link):\n\n${url}\n\nPress Ctrl-C to stop.`);
      const how = await statusPage({ signal, onPage }, runtimeOptions);
      if (how !== 'stopped') say(ENDED[how]);
      return 0;
    }
    if (check) {
      const checked = await checkStatus({ profile, signal }, runtimeOptions);
      await print(checkText(checked, context), checkJson(checked, now));
      return 0;
    }
    const found = await status({ profile }, runtimeOptions);
    await print(statusText(found, context), statusJson(found, now));
    return needsPerson(found) ? 3 : 0;
  },
});

/** 6 for a profile that cannot be read, 3 for one that needs a person by then. */
function exitCodeWithin(listed: readonly ListedProfile[], now: Date, withinMs: number): number {
  if (listed.some((entry) => 'error' in entry)) return 6;
  const by = new Date(now.getTime() + withinMs);
  const needed = listed.map((entry) => ('status' in entry ? needsPersonAt(entry.status, now) : undefined));
  return needed.some((at) => at !== undefined && at <= by) ? 3 : 0;
}
