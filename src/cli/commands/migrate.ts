import { asAuthError, logout, type Migration, type MigrationPlan, migrate } from '../../auth/index.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { NO_BROWSER, NO_EMAIL, TIMEOUT } from '../options.ts';
import { signInProgress } from '../progress.ts';
import { signInJson, signInText } from '../report.ts';

export const migrateCommand = command({
  name: 'migrate',
  summary: 'Move a Fitbit sign-in to Google Health',
  options: [
    { flags: '--to <name>', description: 'profile for the new sign-in', defaultText: 'OLD-google' },
    { flags: '--client-id <id>', description: 'client ID of your Google app' },
    {
      flags: '--client-secret-file <file>',
      description: "Google's client_secret.json, or a file with the secret; - for stdin",
      offer: 'files',
    },
    { flags: '--login-hint <account>', description: 'Google account email to preselect' },
    NO_EMAIL,
    NO_BROWSER,
    TIMEOUT,
    { flags: '--revoke', description: 'revoke the old sign-in once the new one is stored and has the same owner' },
  ],
  examples: [
    {
      what: "With Google's client_secret.json",
      command: 'fitbit-login migrate --client-secret-file client_secret.json',
    },
  ],
  run: async (options, context) => {
    const { profile, to, clientId, clientSecretFile, loginHint, json, revoke, timeout: timeoutMs } = options;
    const { signal, runtimeOptions, say, now, print, readFile } = context;
    const clientFile = clientSecretFile === undefined ? undefined : await readFile(clientSecretFile);
    using progress = signInProgress(context, options);
    const done = await migrate(
      {
        ...{ profile, to, clientId, clientFile, loginHint, timeoutMs, signal },
        ...progress.loginOptions,
        email: options.email ? undefined : false,
        onPlan: (plan) => say(planText(plan)),
      },
      runtimeOptions,
    );
    progress.end();
    const { signIn, plan, sameAccount } = done;
    const revoked = await offerToRevoke(done, { wanted: revoke, mayAsk: !json }, context);
    const result = {
      ...signInJson(signIn, now()),
      migrated_from: plan.from,
      same_account: sameAccount ?? null,
      without_successor: plan.withoutSuccessor,
      old_revoked: revoked,
    };
    await print(signInText(signIn, context), result);
  },
});

function planText({ from, to, scopes, withoutSuccessor }: MigrationPlan): string {
  return [
    `Migrating "${from}" to Google Health as new profile "${to}" ("${from}" is kept).`,
    ...scopes.map((scope) => `  ${scope.from} → ${scope.to}`),
    ...withoutSuccessor.map((scope) => `  ${scope} has no successor`),
    '',
  ].join('\n');
}

/** Only a new sign-in that is known to be the same person's makes the old one superfluous. */
async function offerToRevoke(
  { plan, sameAccount, signIn }: Migration,
  { wanted, mayAsk }: { readonly wanted?: boolean; readonly mayAsk: boolean },
  { say, warn, terminal, runtimeOptions, signal }: Context,
): Promise<boolean> {
  const logoutCommand = `fitbit-login logout --profile ${plan.from}`;
  const toRevoke = `Revoke it with \`${logoutCommand}\`, or only delete it here with \`${logoutCommand} --local\`. ${plan.revocationEnds}`;
  if (sameAccount === false) {
    warn(
      `Warning: this is a different account: "${plan.from}" was ${plan.userId}, but this Google account was ${signIn.legacyUserId}. Both sign-ins were kept.`,
    );
    return false;
  }
  if (sameAccount === undefined) {
    warn(`Can't confirm that this is the same account, so "${plan.from}" was kept. ${toRevoke}`);
    return false;
  }
  say(`Same account: Google knows it as ${plan.userId}.`);
  const yes = wanted || (mayAsk && terminal.canAsk && (await isYes(plan, terminal)));
  if (!yes) {
    say(`"${plan.from}" was kept. ${toRevoke}`);
    return false;
  }
  try {
    const { keptFiles } = await logout({ profile: plan.from, signal }, runtimeOptions);
    say(`"${plan.from}" was revoked and deleted. ${plan.revocationEnds}`);
    for (const file of keptFiles) warn(`${file} still holds its last tokens. Delete it if you don't need it.`);
    return true;
  } catch (thrown) {
    warn(
      `Could not revoke "${plan.from}": ${asAuthError(thrown).message} It was kept; \`fitbit-login logout --local --profile ${plan.from}\` deletes it.`,
    );
    return false;
  }
}

/** @throws AuthError `INTERRUPTED`, `CANCELLED`, which say that the move itself is done */
function isYes({ from, to, revocationEnds }: MigrationPlan, { confirm }: Context['terminal']): Promise<boolean> {
  return confirm(`${revocationEnds} Revoke the old sign-in "${from}" now?`).catch((thrown) => {
    throw asAuthError(thrown).with({
      preserved: `The new sign-in was stored as "${to}"; the old one, "${from}", was kept.`,
      hint: `To revoke the old one: \`fitbit-login logout --profile ${from}\`.`,
    });
  });
}
