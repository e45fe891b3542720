import {
  type AccessToken,
  accountName,
  age,
  type CheckedStatus,
  capitalized,
  endWarning,
  formatWithDistance,
  type ListedProfile,
  type SignIn,
  type Status,
  scopeLabels,
  shortList,
} from '../auth/index.ts';
import type { Context } from './context.ts';
import { type Colors, commandsIn, indent, isWithin, mark, table } from './output.ts';

/** Who reads a report, and when. */
type Reader = Pick<Context, 'environment' | 'colors' | 'now' | 'columns'>;

/** A finished sign-in. */
export function signInText(done: SignIn, reader: Reader): string {
  const { out: colors } = reader.colors;
  const { obstacle, refreshExpiresAt, replacedEmail, replacedUserId = replacedEmail, profile } = done;
  const renews = done.refreshable
    ? 'Renews itself.'
    : `${done.providerName} issued no refresh token: sign in again when this token expires.`;
  const warning = (text: string | undefined) => text && `${mark('warning', colors)} ${text}`;
  const lines = [
    signedInAs(done, colors),
    indent(`${renews} Tokens saved in ${shortPath(done.location, reader)}`),
    warning(refreshExpiresAt && expiryText(done, refreshExpiresAt, reader.now())),
    warning(obstacle),
    warning(
      replacedUserId &&
        `Profile "${profile}" previously belonged to ${replacedEmail ?? replacedUserId}. Use --profile for separate accounts.`,
    ),
    indent(`Next: \`${withProfile('token', profile)}\``),
  ];
  return commandsIn(lines.filter(Boolean).join('\n'), colors, reader.columns);
}

function expiryText({ provider, profile }: Status, end: Date, now: Date): string {
  const login = withProfile('login', profile);
  const expires = `Expires ${formatWithDistance(end, now)}`;
  if (provider !== 'google-health') return `${expires}. Then run \`${login}\` again.`;
  return `${expires}: Google ends sign-ins of apps in Testing after 7 days.\n  Publish the app at https://console.cloud.google.com/auth/audience, then run \`${login}\` again.`;
}

/** A finished sign-in for `--json`. */
export function signInJson(done: SignIn, now: Date): Record<string, unknown> {
  return {
    ...statusJson(done, now),
    replaced_user_id: done.replacedUserId ?? null,
    replaced_email: done.replacedEmail ?? null,
    obstacle: done.obstacle ?? null,
  };
}

type Facts = readonly (readonly [label: string, value: string | undefined])[];

/** What is stored of one profile. */
export function statusText(status: Status, reader: Reader, checked: Facts = []): string {
  const { out: colors } = reader.colors;
  const { refreshStartedAt, refreshExpiresAt, profile } = status;
  const now = reader.now();
  const facts: Facts = [
    ['Reads', scopeNames(status.scopes)],
    ['User ID', status.email && status.userId],
    ['Fitbit account', status.legacyUserId],
    ['Expires', refreshExpiresAt && capitalized(formatWithDistance(refreshExpiresAt, now))],
    ['App', status.clientId],
    ['Profile', profile === 'default' ? undefined : profile],
    ['File', shortPath(status.location, reader)],
    ...checked,
  ];
  const interrupted =
    refreshStartedAt &&
    `A refresh was interrupted at ${refreshStartedAt.toISOString()}; \`${withProfile('token', profile)}\` repeats it.`;
  const warnings = [interrupted, endWarning(status, now), pendingText(status, now)].filter(Boolean);
  const lines = [
    headline(status, reader),
    ...(needsPerson(status) ? [] : [indent(validity(status, now))]),
    indent(
      table(
        facts.flatMap(([label, value]) => (value ? [[colors.dim(label), value]] : [])),
        reader.columns - 2,
      ),
    ),
    ...warnings.map((text) => `${mark('warning', colors)} ${text}`),
  ];
  return commandsIn(lines.join('\n'), colors, reader.columns);
}

function headline(status: Status, { colors: { out: colors }, now }: Reader): string {
  const { session, profile } = status;
  const login = `Run \`${withProfile('login', profile)}\` to sign in${session.kind === 'none' ? '' : ' again'}.`;
  const bad = (text: string) => `${mark('bad', colors)} ${text}\n${indent(login)}`;
  if (session.kind === 'none') return bad('Not signed in.');
  if (session.kind === 'dead')
    return bad(`Signed out by ${status.providerName} ${formatWithDistance(session.since, now())}.`);
  if (needsPerson(status)) return bad('Signed out: the access token has expired, and there is no refresh token.');
  return signedInAs(status, colors);
}

/** How long it works, for a sign-in that does. */
function validity({ session, refreshable, expiresAt }: Status, now: Date): string {
  if (session.kind !== 'valid' || session.secondsLeft === 0) return 'Renews itself; the next use gets a new token';
  const validity = expiresAt === undefined ? 'has no known expiry' : `is good for ${age(expiresAt, now)}`;
  return `${refreshable ? 'Renews' : 'Does not renew'} itself; the current token ${validity}`;
}

/** Whether only a new sign-in helps. */
export function needsPerson({ session }: Status): boolean {
  return session.kind !== 'valid' && (session.kind !== 'expired' || !session.refreshable);
}

/** When a person is needed, as far as is known: the past for now. `undefined` for a sign-in that renews itself without an end. */
export function needsPersonAt(status: Status, now: Date): Date | undefined {
  const { session, pendingUntil = now, refreshExpiresAt, refreshable, expiresAt } = status;
  // The person was asked already.
  if (session.kind === 'none' && pendingUntil > now) return pendingUntil;
  if (needsPerson(status)) return now;
  return refreshable ? refreshExpiresAt : expiresAt;
}

function signedInAs(status: Status, colors: Colors): string {
  const { missingScopes, profile } = status;
  const who = accountName(status);
  const signedIn = `Signed in to ${status.providerName}${who === undefined ? '' : ` as ${who}`}`;
  if (missingScopes.length === 0) return `${mark('good', colors)} ${signedIn}`;
  const login = `Run \`${withProfile('login', profile)}\` and tick ${missingScopes.length === 1 ? 'it' : 'them'}.`;
  const names = scopeNames(missingScopes).replace(/, ([^,]+)$/, ' and $1');
  const missing = `${names} ${missingScopes.length === 1 ? 'was' : 'were'} not granted`;
  return `${mark('warning', colors)} ${signedIn}, but ${missing}.\n${indent(login)}`;
}

/** By their short names. */
function scopeNames(scopes: readonly string[]): string {
  return shortList(scopeLabels(scopes), scopes.length);
}

/** Every profile in a row, those that need a person first. */
export function overviewText(profiles: readonly ListedProfile[], reader: Reader): string {
  const { colors, columns, now } = reader;
  if (profiles.length === 0) return commandsIn('No profiles yet. Run `fitbit-login login`.', colors.out);
  const rows = profiles
    .map((entry) => overviewRow(entry, colors.out, now()))
    .sort((one, other) => one.urgency - other.urgency);
  const [urgent = 0, dated = 0, lacking = 0] = [0, 1, 2].map(
    (of) => rows.filter(({ urgency }) => urgency === of).length,
  );
  const needs = [
    urgent > 0 && `${urgent} need${urgent === 1 ? 's' : ''} you now`,
    dated > 0 && `${dated} by the date above`,
    lacking > 0 && `${lacking} to add a scope`,
  ].filter(Boolean);
  const header = ['PROFILE', 'ACCOUNT', 'STATE', 'NEEDS YOU'].map((title) => colors.out.dim(title));
  const wide = table([header, ...rows.map(({ cells }) => cells)]);
  return [
    isWithin(wide, columns) ? wide : rows.map(narrowRow).join('\n'),
    '',
    `${rows.length} profile${rows.length === 1 ? '' : 's'}: ${needs.length === 0 ? 'none needs you' : needs.join(', ')}.`,
  ].join('\n');
}

/** One profile where the table is too wide: what it needs stands below it. */
function narrowRow({ cells: [profile, account, state, needs], urgency }: ReturnType<typeof overviewRow>): string {
  return `${profile}  ${state}\n  ${account}${urgency === 3 ? '' : `\n  ${needs}`}`;
}

/** By urgency: a person is needed now, by a date, to add a scope, not at all. */
const MARKS = ['bad', 'warning', 'warning', 'good'] as const;

function overviewRow(entry: ListedProfile, colors: Colors, now: Date) {
  const { profile } = entry;
  const row = (urgency: 0 | 1 | 2 | 3, account: string, state: string, needs: string) => ({
    urgency,
    cells: [profile, account, `${mark(MARKS[urgency], colors)} ${state}`, needs],
  });
  if ('error' in entry) return row(0, '-', 'unreadable', 'now: fitbit-login doctor');
  const { status } = entry;
  const account = `${accountName(status) ?? '-'}${status.sandbox === undefined ? '' : ' (sandbox)'}`;
  const isNone = status.session.kind === 'none';
  const at = needsPersonAt(status, now);
  if (at !== undefined && at <= now)
    return row(0, account, isNone ? 'not signed in' : 'signed out', `now: ${withProfile('login', profile)}`);
  if (at !== undefined) {
    const by = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    return row(1, account, isNone ? 'waiting for a response' : 'expires', `by ${by}`);
  }
  if (status.missingScopes.length === 0) return row(3, account, 'signed in', 'no');
  const state = `${scopeNames(status.missingScopes)} not granted`;
  return row(2, account, state, `to add it: ${withProfile('login', profile)}`);
}

/** Every profile for `--json`: how it stands, or why it cannot be read. */
export function overviewJson(profiles: readonly ListedProfile[], now: Date): readonly Record<string, unknown>[] {
  return profiles.map((entry) =>
    'status' in entry ? statusJson(entry.status, now) : { profile: entry.profile, ...entry.error.report() },
  );
}

/** What is stored, and what the provider says of it. */
export function checkText(checked: CheckedStatus, reader: Reader): string {
  const { asked, providerScopes, providerExpiresAt, rateLimit, providerName } = checked;
  const now = reader.now();
  const limit =
    rateLimit &&
    `${rateLimit.remaining} of ${rateLimit.limit} requests left; resets in ${age(new Date(now.getTime() + rateLimit.resetSeconds * 1000), now)}`;
  return statusText(checked, reader, [
    ['Checked', asked ? `${providerName} accepts the token` : `${providerName} can't be asked; a refresh just worked`],
    ['Granted', providerScopes && scopeNames(providerScopes)],
    ['Until', providerExpiresAt && capitalized(formatWithDistance(providerExpiresAt, now))],
    ['Rate limit', limit],
  ]);
}

/** An access token for `--json`. */
export function tokenJson(found: AccessToken): Record<string, unknown> {
  return {
    access_token: found.token.reveal(),
    token_type: 'Bearer',
    expires_at: found.expiresAt ?? null,
    refresh_expires_at: found.refreshExpiresAt ?? null,
    user_id: found.userId ?? null,
    client_id: found.clientId,
    scope: found.scopes,
    refreshed: found.refreshed,
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
      rate_limit: rateLimit
        ? { limit: rateLimit.limit, remaining: rateLimit.remaining, reset_seconds: rateLimit.resetSeconds }
        : null,
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
    email: status.email ?? null,
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
    needs_person_at: needsPersonAt(status, now) ?? null,
    pending_since: status.pendingSince ?? null,
    pending_until: status.pendingUntil ?? null,
    file: status.location,
  };
}

/** What a sign-in that was begun waits for, if there is one. */
export function pendingText({ pendingSince, pendingUntil = new Date(0) }: Status, now: Date): string | undefined {
  if (pendingSince === undefined) return undefined;
  return pendingUntil > now
    ? `Waiting for a response since ${formatWithDistance(pendingSince, now)}`
    : `The sign-in URL expired ${formatWithDistance(pendingUntil, now)}`;
}

/** A command as it is typed for a profile. */
export function withProfile(command: string, profile: string): string {
  const name = /^[\w.-]+$/.test(profile) ? profile : `'${profile.replaceAll("'", `'\\''`)}'`;
  return `fitbit-login ${command}${profile === 'default' ? '' : ` --profile ${name}`}`;
}

function shortPath(path: string, { environment: { HOME } }: Reader): string {
  return HOME && path.startsWith(`${HOME}/`) ? `~${path.slice(HOME.length)}` : path;
}
