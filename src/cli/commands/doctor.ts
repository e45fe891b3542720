import { type Check, type CheckState, type Diagnosis, doctor } from '../../auth/index.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { REDIRECT_URI } from '../options.ts';
import { commandsIn, indent, mark } from '../output.ts';

export const doctorCommand = command({
  name: 'doctor',
  summary: 'Diagnose sign-in problems (read-only)',
  options: [
    { flags: '--online', description: 'also contact the provider once, without a token: check reachability and clock' },
    { flags: '--verbose', description: 'show every check, not only problems' },
    { ...REDIRECT_URI, description: 'redirect URIs to check', defaultText: 'those that a sign-in would use' },
  ],
  examples: [
    { what: 'Run all checks', command: 'fitbit-login doctor' },
    { what: 'Only what is wrong', command: `fitbit-login doctor --json | jq '.checks[] | select(.state == "wrong")'` },
  ],
  run: async ({ profile, online, verbose, redirectUri: redirectUris }, context) => {
    const found = await doctor({ profile, online, redirectUris, signal: context.signal }, context.runtimeOptions);
    await context.print(diagnosisText(found, verbose, context), diagnosisJson(found));
    return exitCodeOf(found.checks);
  },
});

/** 0 unless something is wrong: then 6, or 5 where that is the provider alone. */
function exitCodeOf(checks: readonly Check[]): number {
  const wrong = checks.filter(({ state }) => state === 'wrong');
  if (wrong.length === 0) return 0;
  return wrong.every(({ id }) => id === 'provider') ? 5 : 6;
}

function diagnosisJson({ profile, checks, redirectUris }: Diagnosis): Record<string, unknown> {
  return {
    profile,
    redirect_uris: redirectUris,
    checks: checks.map((check) => ({ ...check, todo: check.todo ?? null })),
  };
}

const STATES = { ok: 'good', warning: 'warning', wrong: 'bad' } as const satisfies Record<CheckState, string>;

function diagnosisText({ checks, redirectUris }: Diagnosis, verbose = false, context: Context): string {
  const colors = context.colors.out;
  const of = (wanted: CheckState) => checks.filter(({ state }) => state === wanted);
  const [wrong, warnings, passed] = [of('wrong'), of('warning'), of('ok')];
  const count = ({ length }: readonly Check[], one: string) => `${length} ${one}${length === 1 ? '' : 's'}`;
  const summary = [
    `${count(passed, 'check')} passed`,
    warnings.length > 0 && count(warnings, 'warning'),
    wrong.length > 0 && count(wrong, 'problem'),
  ];
  const shown = [...wrong, ...warnings, ...(verbose ? passed : [])];
  return [
    `${mark(wrong.length > 0 ? 'bad' : 'good', colors)} ${summary.filter(Boolean).join(', ')}`,
    '',
    ...shown.map((check) => checkText(check, context)),
    ...(redirectUris.length === 0 ? [] : [`${colors.dim('Redirect URI to register:')} ${redirectUris.join(' ')}`, '']),
    ...(verbose ? [] : [commandsIn('Run `fitbit-login doctor --verbose` to see every check.', colors)]),
  ]
    .join('\n')
    .trimEnd();
}

function checkText({ title, state, found, means, todo }: Check, { colors: { out: colors }, columns }: Context): string {
  return commandsIn(
    [
      `${mark(STATES[state], colors)} ${title}: ${found}`,
      indent(means),
      ...(todo === undefined ? [] : [indent(todo)]),
      '',
    ].join('\n'),
    colors,
    columns,
  );
}
