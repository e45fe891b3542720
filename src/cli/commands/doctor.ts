import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { type Check, type CheckState, type Diagnosis, doctor } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions, list } from '../options.ts';
import { inJsonOr } from '../print.ts';

const Options = v.object({
  ...commonOptions,
  online: v.optional(v.boolean(), false),
  redirectUri: v.optional(v.array(v.string())),
});

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check what a sign-in depends on, and tell what to do; changes nothing',
  options: [
    {
      flags: '--online',
      description: 'also ask the provider, once and without a token: does it answer, and what time is it?',
    },
    {
      flags: '--redirect-uri <uris>',
      description: 'the redirect URIs to look at',
      defaultText: 'those that a sign-in would use',
      parse: list,
    },
  ],
  examples: [
    { what: 'Look at this machine', command: 'fitbit-login doctor' },
    { what: 'Only what is wrong', command: `fitbit-login doctor --json | jq '.checks[] | select(.state == "wrong")'` },
  ],
  run: async (given, context) => {
    const { profile, json, online, redirectUri } = v.parse(Options, given);
    const { answer, signal, surroundings } = context;
    const found = await doctor(defined({ profile, online, redirectUris: redirectUri, signal }), surroundings);
    answer(inJsonOr(json, diagnosisJson(found), diagnosisText(found)));
    return exitCodeOf(found.checks);
  },
};

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

const MARKS: Readonly<Record<CheckState, string>> = { ok: 'ok', warning: 'warning', wrong: 'WRONG' };
const INDENT = ' '.repeat(9);

function diagnosisText({ checks, redirectUris }: Diagnosis): string {
  const count = (wanted: CheckState) => checks.filter(({ state }) => state === wanted).length;
  return [
    ...checks.map(checkText),
    ...(redirectUris.length === 0
      ? []
      : ['To register at the provider, exactly:', ...redirectUris.map((uri) => `  ${uri}`), '']),
    `${count('ok')} ok, ${count('warning')} to know of, ${count('wrong')} wrong.`,
  ].join('\n');
}

function checkText({ title, state, found, means, todo }: Check): string {
  const lines = [
    `${MARKS[state].padEnd(INDENT.length)}${title}: ${found}`,
    `${INDENT}${means}`,
    ...(todo === undefined ? [] : [`→ ${todo}`.replaceAll(/^/gm, INDENT)]),
    '',
  ];
  return lines.join('\n');
}
