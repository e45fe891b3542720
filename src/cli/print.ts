import type { AuthError } from '../errors.ts';
import {
  type AccessToken,
  type CheckedStatus,
  endWarning,
  formatDateTime,
  type ListedProfile,
  type SignIn,
  type Status,
  shortScope,
} from '../index.ts';

/** An answer: the value as JSON where `--json` asks for that, else the text. */
export function inJsonOr(json: boolean, value: unknown, text: string): string {
  return json ? JSON.stringify(value, null, 2) : text;
}

function factLines(facts: readonly Fact[]): readonly string[] {
  const width = Math.max(...facts.map(({ label }) => label.length));
  return facts.map(
    ({ label, value }) => `  ${label.padEnd(width)}  ${typeof value === 'string' ? value : value.join(' ')}`,
  );
}

interface Fact {
  readonly label: string;
  readonly value: string | readonly string[];
}

/** A finished sign-in for `--json`. */
export function signInJson(done: SignIn, now: Date): Record<string, unknown> {
  return { ...statusJson(done, now), replaced_user_id: done.replacedUserId ?? null, obstacle: done.obstacle ?? null };
}

export function signInText(done: SignIn, now: Date): string {
  const { missingScopes: missing, replacedUserId, obstacle, profile } = done;
  const badge = done.sandbox === undefined ? '' : ' (sandbox)';
  const notes = [
    obstacle,
    replacedUserId === undefined
      ? undefined
      : `The profile “${profile}” held the tokens of ${replacedUserId} before. Use --profile to keep several people apart.`,
    missing.length === 0
      ? undefined
      : 'Not every scope that was asked for was granted. Sign in again to be asked once more.',
    done.refreshable
      ? undefined
      : `${done.providerName} gave no refresh token: when the access token ends, sign in again.`,
  ].filter((note) => note !== undefined);
  const option = profile === 'default' ? '' : ` --profile ${profile}`;
  const next = [
    ...(missing.length === 0 ? [] : [['login', 'ask for the missing scopes again']]),
    ['token', 'print a token that works'],
    ['status --web', 'see it in the browser'],
  ].map(([command, why]) => [`  fitbit-login ${command}${option}`, `# ${why}`]);
  return [
    `Signed in${badge}: ${done.userId ?? 'You'} at ${done.providerName}. The tokens are safely stored on this machine.`,
    '',
    ...factLines(factsOf(done, now)),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `  ${note}`)] : []),
    '',
    'Next:',
    table(next),
  ].join('\n');
}

/** What is stored of a profile, as rows of label and value. */
function factsOf(status: Status, now: Date): readonly Fact[] {
  const { sandbox, userId, legacyUserId, scopes, missingScopes, expiresAt, refreshExpiresAt } = status;
  return [
    { label: 'Account', value: userId ?? 'not told by the provider' },
    ...(legacyUserId === undefined ? [] : [{ label: 'Fitbit account', value: legacyUserId }]),
    { label: 'Provider', value: sandbox === undefined ? status.providerName : `${status.providerName} at ${sandbox}` },
    { label: 'App', value: status.clientId },
    { label: 'Scopes granted', value: scopes.length > 0 ? scopes.map(shortScope).sort() : 'none named' },
    ...(missingScopes.length > 0 ? [{ label: 'Not granted', value: missingScopes.map(shortScope) }] : []),
    ...(expiresAt === undefined ? [] : [{ label: 'Access token ends', value: formatDateTime(expiresAt, now) }]),
    ...(refreshExpiresAt === undefined
      ? []
      : [{ label: 'Sign-in ends', value: formatDateTime(refreshExpiresAt, now) }]),
    { label: 'Profile', value: status.profile },
    { label: 'Stored in', value: status.location },
  ];
}

/** Rows as columns of even width. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (wide, row) => row.map((cell, index) => Math.max(cell.length, wide[index] ?? 0)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** How a profile stands, in a few words. */
export function sessionWords({ session, sandbox }: Status): string {
  const badge = sandbox === undefined ? '' : ' (sandbox)';
  switch (session.kind) {
    case 'none':
      return `Not signed in${badge}`;
    case 'valid':
      return `Signed in${badge}`;
    case 'expired':
      return session.refreshable
        ? `Signed in${badge}; the access token has ended, and the next use refreshes it`
        : `The sign-in has ended${badge}: there is no refresh token`;
    case 'dead':
      return `The sign-in has ended${badge}: sign in again`;
  }
}

/** Every profile, a line each. */
export function listText(listed: readonly ListedProfile[]): string {
  if (listed.length === 0) return 'There are no profiles. `fitbit-login login` makes one.';
  return table(
    listed.map((entry) =>
      'status' in entry
        ? [entry.profile, entry.status.userId ?? '-', entry.status.providerName, sessionWords(entry.status)]
        : [entry.profile, '-', '-', entry.error.message],
    ),
  );
}

/** Every profile, as JSON: how it stands, or why it cannot be read. */
export function listJson(listed: readonly ListedProfile[], now: Date): string {
  const rows = listed.map((entry) =>
    'status' in entry ? statusJson(entry.status, now) : { profile: entry.profile, ...entry.error.toJSON() },
  );
  return JSON.stringify(rows, null, 2);
}

export function statusText(status: Status, now: Date): string {
  const { refreshStartedAt: cutOff } = status;
  const warnings = [
    cutOff === undefined
      ? undefined
      : `A refresh was cut off at ${cutOff.toISOString()}; \`fitbit-login token\` asks for its answer again.`,
    endWarning(status, now),
  ].filter((warning) => warning !== undefined);
  return [`${sessionWords(status)}.`, ...warnings, '', ...factLines(factsOf(status, now))].join('\n');
}

export function checkText(checked: CheckedStatus, now: Date): string {
  const { asked, providerScopes, providerExpiresAt, rateLimit, providerName } = checked;
  const facts: readonly Fact[] = [
    {
      label: 'Asked',
      value: asked
        ? `${providerName} says that the token works`
        : `${providerName} cannot be asked; a refresh worked just now`,
    },
    ...(providerScopes === undefined ? [] : [{ label: 'It grants', value: providerScopes.map(shortScope).sort() }]),
    ...(providerExpiresAt === undefined ? [] : [{ label: 'It ends', value: formatDateTime(providerExpiresAt, now) }]),
    ...(rateLimit === undefined
      ? []
      : [
          {
            label: 'Rate limit',
            value: `${rateLimit.remaining} of ${rateLimit.limit} requests left; reset in ${rateLimit.resetSeconds} seconds`,
          },
        ]),
  ];
  return [statusText(checked, now), '', ...factLines(facts)].join('\n');
}

/** An access token for `--json`. */
export function tokenJson({
  token,
  expiresAt,
  refreshExpiresAt,
  userId,
  clientId,
  scopes,
  refreshed,
}: AccessToken): Record<string, unknown> {
  return {
    access_token: token.reveal(),
    token_type: 'Bearer',
    expires_at: expiresAt ?? null,
    refresh_expires_at: refreshExpiresAt ?? null,
    user_id: userId ?? null,
    client_id: clientId,
    scope: scopes,
    refreshed,
  };
}

/** What the provider said, for `--json`. */
export function checkJson(checked: CheckedStatus, now: Date): Record<string, unknown> {
  const { asked, providerScopes, providerExpiresAt, rateLimit } = checked;
  return {
    ...statusJson(checked, now),
    check: {
      asked,
      scope: providerScopes ?? null,
      expires_at: providerExpiresAt ?? null,
      rate_limit:
        rateLimit === undefined
          ? null
          : { limit: rateLimit.limit, remaining: rateLimit.remaining, reset_seconds: rateLimit.resetSeconds },
    },
  };
}

/** A status for `--json`: the wire's names, absolute ISO times. */
export function statusJson(status: Status, now: Date): Record<string, unknown> {
  const { session, expiresAt } = status;
  return {
    profile: status.profile,
    provider: status.provider,
    provider_name: status.providerName,
    sandbox: status.sandbox ?? null,
    client_id: status.clientId,
    user_id: status.userId ?? null,
    legacy_user_id: status.legacyUserId ?? null,
    session: session.kind,
    refreshable: status.refreshable,
    scope: status.scopes,
    missing_scope: status.missingScopes,
    obtained_at: status.obtainedAt ?? null,
    expires_at: expiresAt ?? null,
    expires_in: expiresAt === undefined ? null : Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000)),
    refresh_expires_at: status.refreshExpiresAt ?? null,
    refresh_started_at: status.refreshStartedAt ?? null,
    grant_ended_at: status.grantEndedAt ?? null,
    grant_ended_reason: status.grantEndedReason ?? null,
    file: status.location,
  };
}

/** An error as text: what happened, what was kept, what to do. */
export function errorText({ message, preserved, hint }: AuthError): string {
  return [`fitbit-login: ${message}`, ...(preserved === undefined ? [] : [preserved]), hint].join('\n');
}
