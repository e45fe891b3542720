import { endWarning } from '../auth/messages.ts';
import type { Status } from '../auth/status.ts';
import { defined } from '../defined.ts';
import type { AuthError } from '../errors.ts';
import { shortScope } from '../providers/google-health.ts';
import type { ProfileCard } from '../server/pages/site-view.ts';
import type { HistoryEvent } from './history.ts';

/** What is known of a profile beside its own file. */
export interface CardContext {
  /** Newest first. */
  readonly history: readonly HistoryEvent[];
  /** As `ls` writes it in octal; absent where the system has none. */
  readonly fileMode?: string;
  /** A scope's plain words. */
  readonly words: (scope: string) => string | undefined;
  readonly now: Date;
}

/** A profile as the status page shows it: what is wrong first, and the one button that mends it. */
export function cardOf(status: Status, { history, fileMode, words, now }: CardContext): ProfileCard {
  const { obtainedAt, expiresAt, session } = status;
  const problem = problemOf(status, history, fileMode, now);
  return {
    name: status.profile,
    provider: status.providerName,
    ...defined({ account: accountOf(status) }),
    app: status.clientId,
    ...defined({ sandbox: status.sandbox }),
    scopes: [...status.scopes].sort().map((scope) => {
      const [name, plain] = [shortScope(scope), words(scope)];
      return plain === undefined ? { name } : { name, words: plain };
    }),
    missingScopes: status.missingScopes.map((scope) => words(scope) ?? shortScope(scope)),
    tone: problem?.tone ?? 'success',
    state: problem?.tone === 'failure' ? 'Sign-in needed' : STATES[session.kind],
    ...(problem === undefined ? {} : { problem: problem.problem }),
    ...(obtainedAt === undefined || expiresAt === undefined ? {} : { life: { obtainedAt, expiresAt } }),
    ...defined({ grantEnds: status.refreshExpiresAt }),
    history: history.map(({ at, words: what, ok }) => ({ at, words: what, ok })),
    file: status.location,
    ...defined({ fileMode }),
    refreshable: status.refreshable,
  };
}

/** The old id too, by which people know themselves. */
function accountOf({ userId, legacyUserId }: Status): string | undefined {
  return legacyUserId === undefined ? userId : `${userId ?? ''} (Fitbit: ${legacyUserId})`.trim();
}

const STATES = {
  none: 'Not signed in',
  valid: 'Signed in',
  expired: 'Access token ended',
  dead: 'Sign-in ended',
} as const satisfies Record<Status['session']['kind'], string>;

/** What happened last among these says whether the tokens can still be refreshed. */
const TELLING: ReadonlySet<string> = new Set(['sign_in', 'refresh', 'refresh_failed', 'import']);

interface Problem {
  readonly tone: 'warning' | 'failure';
  readonly problem: NonNullable<ProfileCard['problem']>;
}

/** The worst thing first; `undefined` where all is well. */
function problemOf(
  status: Status,
  history: readonly HistoryEvent[],
  fileMode: string | undefined,
  now: Date,
): Problem | undefined {
  const { session, refreshStartedAt, missingScopes, refreshable } = status;
  const failure = (text: string, action: 'sign-in' | 'refresh'): Problem => ({
    tone: 'failure',
    problem: { text, action },
  });
  const warning = (text: string, action?: 'sign-in' | 'refresh'): Problem => ({
    tone: 'warning',
    problem: { text, ...defined({ action }) },
  });
  // A sign-in that was not finished leaves a dead grant as dead as it was.
  const last = history.find(({ kind }) => TELLING.has(kind));
  if (session.kind === 'none') return failure('Nobody has signed in here yet.', 'sign-in');
  if (session.kind === 'dead')
    return failure(`${session.reason ?? 'The sign-in has ended.'} Only a new sign-in helps.`, 'sign-in');
  if (session.kind === 'expired' && !refreshable)
    return failure('The access token has ended, and there is no refresh token to get another with.', 'sign-in');
  if (last !== undefined && !last.ok && last.kind === 'refresh_failed') {
    return last.code === 'GRANT_DEAD'
      ? failure(`${last.words} Only a new sign-in helps.`, 'sign-in')
      : warning(last.words, 'refresh');
  }
  if (refreshStartedAt !== undefined)
    return warning(
      'A refresh was cut off before its answer was stored. Its answer can be asked for again for two minutes.',
      'refresh',
    );
  if (session.kind === 'expired')
    return warning('The access token has ended. The next script that asks refreshes it.', 'refresh');
  const end = endWarning(status, now);
  if (end !== undefined) return warning(end, 'sign-in');
  if (missingScopes.length > 0) return warning('Not every scope that was asked for was granted.', 'sign-in');
  if (fileMode !== undefined && !/00$/.test(fileMode))
    return warning(
      `Others on this machine can open the file (mode ${fileMode}). The next change closes it.`,
      'refresh',
    );
  return undefined;
}

/** A profile whose file cannot be read. */
export function damagedCard(name: string, error: AuthError, file: string): ProfileCard {
  return {
    name,
    provider: 'unknown',
    app: 'unknown',
    scopes: [],
    missingScopes: [],
    tone: 'failure',
    state: 'Cannot be read',
    problem: { text: `${error.message} ${error.hint}` },
    history: [],
    file,
    refreshable: false,
  };
}
