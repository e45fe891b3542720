import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { asAuthError, logout, type Migration, type MigrationPlan, migrate } from '../../index.ts';
import type { Command, Context } from '../command.ts';
import { fileText } from '../input.ts';
import { commonOptions, WAITING_OPTIONS } from '../options.ts';
import { inJsonOr, signInJson, signInText } from '../print.ts';
import { WaitingLine } from '../waiting-line.ts';

const Options = v.object({
  ...commonOptions,
  to: v.optional(v.string()),
  clientId: v.optional(v.string()),
  clientSecretFile: v.optional(v.string()),
  loginHint: v.optional(v.string()),
  browser: v.optional(v.boolean(), true),
  timeout: v.optional(v.number(), 300),
  revoke: v.optional(v.boolean(), false),
});

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'move a Fitbit sign-in to Google Health, where the data lives now',
  options: [
    {
      flags: '--to <name>',
      description: 'the profile for the new sign-in',
      defaultText: 'the old one’s name with -google after it',
    },
    { flags: '--client-id <id>', description: 'the id of the app at Google' },
    {
      flags: '--client-secret-file <file>',
      description: 'the file downloaded for that app, or its secret; “-” is standard input',
      offer: 'files',
    },
    { flags: '--login-hint <account>', description: 'which Google account is meant, an e-mail address' },
    ...WAITING_OPTIONS,
    { flags: '--revoke', description: 'revoke the old sign-in once the new one is stored and is of the same person' },
  ],
  examples: [
    {
      what: 'With the file that Google lets you download',
      command: 'fitbit-login migrate --client-secret-file client_secret.json',
    },
  ],
  run: async (given, context) => {
    const { profile, to, clientId, clientSecretFile, loginHint, browser, timeout, json, revoke } = v.parse(
      Options,
      given,
    );
    const { signal, surroundings, talk } = context;
    const clientFile = clientSecretFile === undefined ? undefined : await fileText(clientSecretFile, context.readInput);
    using line = new WaitingLine(context, { browser });
    const done = await migrate(
      defined({
        ...{ profile, to, clientId, clientFile, loginHint, signal },
        ...line.signInOptions,
        timeoutMs: timeout * 1000,
        onPlan: (plan: MigrationPlan) => talk(planText(plan)),
      }),
      surroundings,
    );
    line.end();
    const { signIn, plan, sameAccount } = done;
    const now = context.now();
    const revoked = await offerToRevoke(done, { wanted: revoke, mayAsk: !json }, context);
    context.answer(
      inJsonOr(
        json,
        {
          ...signInJson(signIn, now),
          migrated_from: plan.from,
          same_account: sameAccount ?? null,
          without_successor: plan.withoutSuccessor,
          old_revoked: revoked,
        },
        signInText(signIn, now),
      ),
    );
    return 0;
  },
};

function planText({ from, to, scopes, withoutSuccessor }: MigrationPlan): string {
  return [
    `Moving “${from}” from Fitbit to Google Health; the new sign-in is stored as “${to}”, beside the old one.`,
    ...scopes.map((scope) => `  ${scope.from} → ${scope.to}`),
    ...withoutSuccessor.map((scope) => `  ${scope} has no successor`),
    '',
  ].join('\n');
}

/** Only a new sign-in that is known to be the same person's makes the old one superfluous. */
async function offerToRevoke(
  { plan, sameAccount, signIn }: Migration,
  { wanted, mayAsk }: { readonly wanted: boolean; readonly mayAsk: boolean },
  { talk, terminal, surroundings, signal }: Context,
): Promise<boolean> {
  if (sameAccount === false) {
    talk(
      `ATTENTION: this is somebody else. “${plan.from}” was ${plan.userId}, and Google says that this account was ${signIn.legacyUserId}. Both sign-ins are kept.`,
    );
    return false;
  }
  if (sameAccount === undefined) {
    talk(
      `Whether this is the same person cannot be told, so the old sign-in “${plan.from}” is kept. To end it: \`fitbit-login logout --profile ${plan.from}\`.`,
    );
    return false;
  }
  talk(`The same person: Google knows this account as ${plan.userId}.`);
  const question = `Revoke the old sign-in “${plan.from}” at Fitbit now? [y/N] `;
  const yes = wanted || (mayAsk && terminal.canAsk && (await isYes(terminal.ask(question), plan)));
  if (!yes) {
    talk(`The old sign-in “${plan.from}” is kept. To end it: \`fitbit-login logout --profile ${plan.from}\`.`);
    return false;
  }
  try {
    const { keptFiles } = await logout({ profile: plan.from, signal }, surroundings);
    talk(`The old sign-in “${plan.from}” is revoked and deleted.`);
    for (const file of keptFiles) talk(`${file} still holds its last tokens; it is yours to delete.`);
    return true;
  } catch (thrown) {
    talk(
      `The old sign-in could not be revoked: ${asAuthError(thrown).message} It is kept; \`fitbit-login logout --local --profile ${plan.from}\` deletes it.`,
    );
    return false;
  }
}

/** @throws AuthError `INTERRUPTED`, `CANCELLED`, which say that the move itself is done */
async function isYes(answer: Promise<string>, { from, to }: MigrationPlan): Promise<boolean> {
  const text = await answer.catch((thrown) => {
    throw asAuthError(thrown).with({
      preserved: `The new sign-in is stored as “${to}”, and the old one, “${from}”, is kept.`,
      hint: `To end the old one: \`fitbit-login logout --profile ${from}\`.`,
    });
  });
  return /^y(es)?$/i.test(text.trim());
}
