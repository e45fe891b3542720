import type { Environment } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { migrationTargetTaken, notAFitbitProfile, nothingToMigrate } from '../messages.ts';
import { FITBIT_CLIENT_ID, FITBIT_REVOCATION } from '../providers/fitbit.ts';
import { googleHealth, shortScope, successorOf } from '../providers/google-health.ts';
import type { Profile } from '../store/profile.ts';
import { type LoginOptions, login } from './login.ts';
import { assertOptions } from './options.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';
import type { SignIn } from './status.ts';

/** How a Fitbit profile maps to Google Health. */
export interface MigrationPlan {
  readonly from: string;
  /** The profile that the new sign-in is stored under, beside the old one. */
  readonly to: string;
  /** The Fitbit id, as far as it is known. */
  readonly userId?: string;
  readonly scopes: readonly { readonly from: string; readonly to: string }[];
  /** Scopes of Fitbit's that have no successor. */
  readonly withoutSuccessor: readonly string[];
  /** What revoking the old sign-in ends: a sentence. */
  readonly revocationEnds: string;
}

export interface MigrateOptions extends Omit<LoginOptions, 'provider' | 'scopes' | 'onward'> {
  /** The profile that the new sign-in is stored under. Default: the old one's name with `-google` after it. */
  readonly to?: string;
  /** Called with what will be requested, before the browser is opened. */
  readonly onPlan?: (plan: MigrationPlan) => void;
}

export interface Migration {
  readonly plan: MigrationPlan;
  readonly signIn: SignIn;
  /** Whether Google knows the new account as the old one's successor; `undefined` where one of the two ids is not known. */
  readonly sameAccount?: boolean;
}

/**
 * Signs the person of a Fitbit profile in to Google Health, under a profile of its own beside the old one, which stays
 * as it is. Whether it is the same person is known from the IDs of both services.
 *
 * @throws AuthError `NOT_SIGNED_IN` without such a Fitbit profile; `USAGE` where it is not one of Fitbit's, and where the new
 *   sign-in would replace another; as `login`.
 */
export async function migrate(options: MigrateOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<Migration> {
  assertOptions('migrate', options);
  const { profile, to: target, onPlan, ...signInOptions } = options;
  const { store, environment, profileName } = createRuntime(runtimeOptions);
  const from = profileName(profile);
  const stored = await store.read(from);
  if (stored?.tokens === undefined) throw nothingToMigrate(from);
  if (stored.provider !== 'fitbit') throw notAFitbitProfile(from);
  const plan = planOf(stored, from, target ?? `${from}-google`);
  // The new sign-in stands beside the others: it may replace an earlier Google one, and nothing else.
  const replaced = await store.read(plan.to);
  if (replaced?.tokens !== undefined && replaced.provider !== 'google-health') throw migrationTargetTaken(plan.to);
  onPlan?.(plan);
  const scopes = [...new Set(plan.scopes.map((scope) => scope.to))];
  const signIn = await login(
    {
      ...signInOptions,
      profile: plan.to,
      provider: 'google-health',
      // With no successor at all, the usual scopes are asked for.
      scopes: scopes.length === 0 ? undefined : scopes,
      // A sandbox that plays Fitbit plays Google Health too.
      sandbox: signInOptions.sandbox ?? stored.sandbox,
    },
    { ...runtimeOptions, environment: withoutOldApp(environment, stored) },
  ).catch((thrown) => {
    throw thrown instanceof AuthError && thrown.code === 'NOT_CONFIGURED'
      ? thrown.with({ hint: HOW_TO_GET_AN_APP })
      : thrown;
  });
  const { legacyUserId } = signIn;
  const comparable = legacyUserId !== undefined && plan.userId !== undefined;
  return { plan, signIn, sameAccount: comparable ? legacyUserId === plan.userId : undefined };
}

const HOW_TO_GET_AN_APP = [
  'First create a Google app (once):',
  ...googleHealth().registration.map((line, index) => `  ${index + 1}. ${line}`),
  'Then: `fitbit-login migrate --client-secret-file FILE`.',
].join('\n');

/** The environment may still name the Fitbit app, which Google does not know and whose secret it must not get. */
function withoutOldApp(environment: Environment, { client }: Profile): Environment {
  const { FITBIT_CLIENT_ID: id, FITBIT_CLIENT_SECRET: secret, ...others } = environment;
  const isOld = id ? FITBIT_CLIENT_ID.test(id) : secret === client.secret?.reveal();
  return isOld ? others : environment;
}

function planOf({ tokens, requestedScopes }: Profile, from: string, to: string): MigrationPlan {
  const scopes = tokens === undefined || tokens.scopes.length === 0 ? requestedScopes : tokens.scopes;
  return {
    from,
    to,
    userId: tokens?.userId,
    scopes: scopes.flatMap((scope) => {
      const successor = successorOf(scope);
      return successor === undefined ? [] : [{ from: scope, to: shortScope(successor) }];
    }),
    withoutSuccessor: scopes.filter((scope) => successorOf(scope) === undefined),
    revocationEnds: FITBIT_REVOCATION,
  };
}
