import type { AuthError } from '../errors.ts';
import { factsOf, type SignIn, type Status, signedInView, type View } from '../index.ts';

/** A view as text: title, lead, facts in two columns, notes, what to type next. */
export function viewText(view: View): string {
  const badge = view.badge === undefined ? '' : ` (${view.badge})`;
  const facts = factLines(view.facts);
  const next = view.next.map(({ label, command }) => `  ${command}   # ${label.toLowerCase()}`);
  return [
    `${view.title}${badge}: ${view.lead}`,
    ...(facts.length > 0 ? ['', ...facts] : []),
    ...(view.notes.length > 0 ? ['', ...view.notes.map((note) => `  ${note}`)] : []),
    ...(next.length > 0 ? ['', 'Next:', ...next] : []),
  ].join('\n');
}

function factLines(facts: View['facts']): readonly string[] {
  const width = Math.max(...facts.map(({ label }) => label.length));
  return facts.map(
    ({ label, value }) => `  ${label.padEnd(width)}  ${typeof value === 'string' ? value : value.join(' ')}`,
  );
}

export function signInText(done: SignIn, now: Date): string {
  return viewText(signedInView(done, now));
}

const SESSIONS: Readonly<Record<Status['session']['kind'], string>> = {
  none: 'Not signed in',
  fresh: 'Signed in',
  stale: 'The access token has ended',
};

export function statusText(status: Status, now: Date): string {
  const badge = status.sandbox === undefined ? '' : ' (sandbox)';
  const { session } = status;
  const more =
    session.kind === 'stale'
      ? session.refreshable
        ? '; it can be refreshed'
        : '; sign in again: `fitbit-login login`'
      : '';
  return [`${SESSIONS[session.kind]}${badge}${more}.`, '', ...factLines(factsOf(status, now))].join('\n');
}

/** A status for `--json`: the wire's names, absolute ISO times. */
export function statusJson(status: Status, now: Date): Record<string, unknown> {
  const { session, expiresAt } = status;
  return {
    profile: status.profile,
    provider: status.provider,
    sandbox: status.sandbox ?? null,
    client_id: status.clientId,
    user_id: status.userId ?? null,
    session: session.kind,
    refreshable: status.refreshable,
    scope: status.scopes,
    missing_scope: status.missingScopes,
    obtained_at: status.obtainedAt ?? null,
    expires_at: expiresAt ?? null,
    expires_in: expiresAt === undefined ? null : Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000)),
    refresh_expires_at: status.refreshExpiresAt ?? null,
    file: status.location,
  };
}

/** An error as text: what happened, what was kept, what to do. */
export function errorText({ message, kept, hint }: AuthError): string {
  return [`fitbit-login: ${message}`, ...(kept === undefined ? [] : [kept]), hint].join('\n');
}
