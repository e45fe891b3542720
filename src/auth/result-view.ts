import type { AuthError } from '../errors.ts';
import { withProfileFlag } from '../messages.ts';
import type { UnexpectedReason } from '../oauth/authorization.ts';
import {
  CLOSE_TAB,
  capitalized,
  FAILURE_TITLES,
  formatDateTime,
  formatDay,
  RESULT,
  scopeLabels,
  shortList,
  typographic,
  UNEXPECTED_RESPONSE,
} from '../server/pages/texts.ts';
import type { Fact, IconLine, View } from '../server/pages/view.ts';
import type { SignIn, Status } from './status.ts';

const DAY_MS = 86_400_000;

/** The page of a finished sign-in. */
export function signedInView(done: SignIn, now: Date): View {
  const { missingScopes, refreshable, obstacle, sandbox, profile } = done;
  const missing = scopeLabels(missingScopes);
  const until = endOf(done);
  const imperfect = missing.length > 0 || obstacle !== undefined || !refreshable;
  const ending = until === undefined ? undefined : dayOrTime(until, now);
  return {
    tone: imperfect ? 'warning' : 'success',
    title:
      missing.length > 0
        ? RESULT.notGranted(missing)
        : obstacle !== undefined
          ? RESULT.withProblem
          : ending === undefined
            ? RESULT.signedIn
            : RESULT.signedInUntil(ending),
    account: { name: accountName(done) ?? RESULT.you, provider: providerName(done) },
    lines: [lifeLine(done, missing), CLOSE_TAB],
    command:
      missing.length > 0
        ? { label: RESULT.add(missing), command: commandFor('login', profile) }
        : { label: RESULT.next, command: commandFor('token', profile) },
    facts: factsOf(done, now),
    ...(sandbox !== undefined && { badge: RESULT.sandbox }),
  };
}

/** What a person most needs to know of how long this lasts, or what keeps it from working. */
function lifeLine(done: SignIn, missing: readonly string[]): IconLine {
  const { obstacle, replacedEmail, replacedUserId, refreshExpiresAt, refreshable, obtainedAt, provider } = done;
  const replaced = replacedEmail ?? replacedUserId;
  if (obstacle !== undefined) return { icon: 'triangle', text: typographic(obstacle) };
  if (replaced !== undefined) return { icon: 'person', text: RESULT.replaced(replaced) };
  if (missing.length > 0) return { icon: 'check', text: RESULT.works(scopeLabels(done.scopes)) };
  if (!refreshable) return { icon: 'clock', text: RESULT.noRefreshToken(shortProvider(done)) };
  if (done.sandbox !== undefined) return { icon: 'check', text: RESULT.madeUp(done.profile) };
  if (refreshExpiresAt !== undefined && obtainedAt !== undefined) {
    const days = Math.round((refreshExpiresAt.getTime() - obtainedAt.getTime()) / DAY_MS);
    const [before, label, after] = RESULT.publish;
    const limited = RESULT.limited(shortProvider(done), days);
    const publish = [limited + before, { label, url: 'https://console.cloud.google.com/auth/audience' }, after];
    return { icon: 'clock', text: provider === 'google-health' ? publish : limited };
  }
  return { icon: 'renew', text: RESULT.renews };
}

/** When the person has to sign in again, as far as that is known. */
export function endOf({ refreshable, refreshExpiresAt, expiresAt }: Status): Date | undefined {
  return refreshable ? refreshExpiresAt : expiresAt;
}

function factsOf(done: SignIn, now: Date): readonly Fact[] {
  const { missingScopes, expiresAt, refreshable, refreshExpiresAt } = done;
  const labels = RESULT.facts;
  const dated = (label: string, date: Date) => ({ label, value: capitalized(formatDateTime(date, now)) });
  return [
    { label: labels.canRead, value: shortList(scopeLabels(done.scopes)) || '–' },
    missingScopes.length > 0 && { label: labels.notGranted, value: shortList(scopeLabels(missingScopes)) },
    { label: labels.profile, value: done.profile },
    { label: labels.storedIn, value: done.location, code: true },
    ...identifiers(done),
    expiresAt && dated(refreshable ? labels.renewal : labels.until, expiresAt),
    refreshExpiresAt && dated(labels.until, refreshExpiresAt),
  ].filter((fact) => fact !== undefined && fact !== false);
}

/** The account, the app and the sandbox, as they are known to those. */
export function identifiers({ userId, legacyUserId, clientId, sandbox }: Status): readonly Fact[] {
  const { facts } = RESULT;
  const ids = [userId, legacyUserId].filter((id) => id !== undefined).join(', ');
  return [
    { label: facts.userId, value: userId === undefined ? '' : ids, code: true },
    { label: facts.app, value: clientId, code: true },
    { label: facts.sandbox, value: sandbox ?? '', code: true },
  ].filter(({ value }) => value !== '');
}

function dayOrTime(date: Date, now: Date): string {
  return date.getTime() - now.getTime() > DAY_MS ? formatDay(date) : formatDateTime(date, now);
}

/** By what people know their account. */
export function accountName({ userId, email }: Pick<Status, 'userId' | 'email'>): string | undefined {
  return email ?? userId;
}

/** The provider's name without its service: "Google". */
export function shortProvider({ provider, providerName: name }: Pick<Status, 'provider' | 'providerName'>): string {
  return provider === 'google-health' ? 'Google' : name.replace(' (sandbox)', '');
}

/** "Google Health", "Simulated Google Health". */
export function providerName({ providerName: name, sandbox }: Pick<Status, 'providerName' | 'sandbox'>): string {
  return sandbox === undefined ? name : RESULT.simulated(name.replace(' (sandbox)', ''));
}

/** Whether the provider did not take the client's credentials (RFC 6749 §5.2), rather than the app. */
export function rejectsSecret({ code, details }: AuthError): boolean {
  return code === 'CLIENT_REJECTED' && details.provider_error === 'invalid_client';
}

/** The page of a failure: what happened, what was kept, what to do. @param provider as people call it: "Google" */
export function failedView(
  error: AuthError,
  { provider = 'The provider', profile = 'default' }: { readonly provider?: string; readonly profile?: string } = {},
): View {
  const { code, message, preserved, hint } = error;
  const wrongSecret = rejectsSecret(error);
  const known = code !== 'CLIENT_REJECTED' || wrongSecret ? FAILURE_TITLES[code] : undefined;
  const title = known?.(provider) ?? RESULT.notSignedIn;
  const labels = RESULT.facts;
  return {
    tone: 'failure',
    title,
    lead: code === 'DENIED' ? RESULT.declinedBy(provider) : wrongSecret ? RESULT.wrongSecret : typographic(message),
    lines: [...(preserved === undefined ? [] : [{ icon: 'shield', text: typographic(preserved) } as const]), CLOSE_TAB],
    command: { label: RESULT.tryAgain, command: commandFor('login', profile) },
    facts: [
      { label: labels.code, value: code, code: true },
      { label: labels.hint, value: typographic(hint) },
    ],
  };
}

/** Why a request was not the awaited callback. The sign-in still waits. */
export function unexpectedRequestView(reason: UnexpectedReason): View {
  const { title, lead, continue: continued, reasons } = UNEXPECTED_RESPONSE;
  return {
    tone: 'waiting',
    title,
    lead,
    lines: [
      { icon: 'info', text: reasons[reason] },
      { icon: 'clock', text: continued },
    ],
  };
}

/** For a callback after the wait has ended. */
export function tooLateView(profile = 'default'): View {
  return {
    tone: 'failure',
    ...RESULT.tooLate,
    lines: [{ icon: 'shield', text: RESULT.nothingSaved }, CLOSE_TAB],
    command: { label: RESULT.tryAgain, command: commandFor('login', profile) },
  };
}

function commandFor(command: string, profile: string): string {
  return withProfileFlag(`\`fitbit-login ${command}\``, profile).slice(1, -1);
}
