import { formatWithDistance, type RefreshOutcome, refresh, refreshAll, status } from '../../auth/index.ts';
import type { ExitCode } from '../../errors.ts';
import { notTogether, requires } from '../../messages.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { MIN_TTL } from '../options.ts';
import { commandsIn, mark, table } from '../output.ts';
import { statusJson, statusText } from '../report.ts';

/** The exit code of several profiles is the one that needs a person the most. */
const WORST_FIRST: readonly (ExitCode | 0)[] = [1, 6, 2, 3, 5, 0];

export const refreshCommand = command({
  name: 'refresh',
  summary: 'Refresh now, one profile or all',
  options: [
    { flags: '--all', description: 'every profile that is due, eight at a time; for cron and timers' },
    { ...MIN_TTL, description: 'with --all: which profiles are due', defaultText: '900' },
  ],
  examples: [
    { what: 'Before this machine goes offline', command: 'fitbit-login refresh' },
    { what: 'Every ten minutes, from cron', command: 'fitbit-login refresh --all' },
  ],
  run: async ({ profile, all, minTtl: minTtlSeconds }, context) => {
    const { signal, runtimeOptions, print } = context;
    if (all && profile !== undefined) throw notTogether('all', '--profile');
    if (!all && minTtlSeconds !== undefined) throw requires('min-ttl', 'all');
    if (!all) {
      await refresh({ profile, signal }, runtimeOptions);
      const found = await status({ profile }, runtimeOptions);
      await print(statusText(found, context), statusJson(found, context.now()));
      return 0;
    }
    const outcomes = await refreshAll({ minTtlSeconds, signal }, runtimeOptions);
    await print(outcomesText(outcomes, context), outcomesJson(outcomes, context.now()));
    const codes = outcomes.map((one) => ('error' in one ? one.error.exitCode : 0));
    return WORST_FIRST.find((code) => codes.includes(code)) ?? 0;
  },
});

function outcomesJson(outcomes: readonly RefreshOutcome[], now: Date) {
  return outcomes.map((one) =>
    'error' in one
      ? { profile: one.profile, outcome: one.outcome, ...one.error.report() }
      : { outcome: one.outcome, ...statusJson(one.status, now) },
  );
}

function outcomesText(outcomes: readonly RefreshOutcome[], { colors: { out }, columns, now }: Context): string {
  if (outcomes.length === 0) return 'No profiles yet.';
  const rows = outcomes.map((one) => {
    if ('error' in one) {
      const { message, hint } = one.error;
      return one.outcome === 'left'
        ? [mark('warning', out), one.profile, message]
        : [mark('bad', out), one.profile, `${message} ${hint}`];
    }
    if (one.outcome === 'not-signed-in') return ['-', one.profile, 'not signed in'];
    const { expiresAt } = one.status;
    const until = expiresAt === undefined ? '' : `; the token expires ${formatWithDistance(expiresAt, now())}`;
    return [mark('good', out), one.profile, `${one.outcome}${until}`];
  });
  return commandsIn(table(rows, columns), out, columns);
}
