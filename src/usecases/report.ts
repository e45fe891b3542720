import type { SignIn } from '../auth/login.ts';
import { formatDateTime, withProfileFlag } from '../auth/messages.ts';
import type { Status } from '../auth/status.ts';
import type { AuthError } from '../errors.ts';
import type { UnexpectedReason } from '../oauth/authorization.ts';
import type { PasteReason } from '../oauth/pasted-callback.ts';
import { shortScope } from '../providers/google-health.ts';
import type { Fact, NextStep, View } from '../server/pages/view.ts';

/** A finished sign-in, in the words that the page and the terminal both use. */
export function signedInView(done: SignIn, now: Date): View {
  const { missingScopes: missing, profile, replacedUserId, obstacle } = done;
  return {
    tone: missing.length > 0 || obstacle !== undefined ? 'warning' : 'success',
    title: 'Signed in',
    lead: `${done.userId ?? 'You'} at ${done.providerName}. The tokens are safely stored on this machine.`,
    facts: factsOf(done, now),
    notes: [
      ...(obstacle === undefined ? [] : [obstacle]),
      ...(replacedUserId === undefined
        ? []
        : [
            `The profile “${profile}” held the tokens of ${replacedUserId} before. Use --profile to keep several people apart.`,
          ]),
      ...(missing.length === 0
        ? []
        : ['Not every scope that was asked for was granted. Sign in again to be asked once more.']),
      ...(done.refreshable
        ? []
        : [`${done.providerName} gave no refresh token: when the access token ends, sign in again.`]),
    ],
    next: [
      ...(missing.length === 0 ? [] : [step('Ask for the missing scopes again', 'login', done)]),
      step('Print a token that works', 'token', done),
      step('See it in the browser', 'status --web', done),
    ],
    ...(done.sandbox === undefined ? {} : { badge: 'sandbox' }),
  };
}

/** What is stored of a profile, as rows of label and value. */
export function factsOf(status: Status, now: Date): readonly Fact[] {
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

/** An error, in the words that the page and the terminal both use: what happened, what was kept, what to do. */
export function failedView(error: AuthError): View {
  const titles: Partial<Record<AuthError['code'], string>> = { DENIED: 'Access denied', TIMED_OUT: 'Time is up' };
  return {
    tone: 'failure',
    title: titles[error.code] ?? 'Not signed in',
    lead: [error.message, error.preserved].filter(Boolean).join(' '),
    facts: [],
    notes: [error.hint],
    next: [],
  };
}

const STRAY: Readonly<Record<UnexpectedReason, string>> = {
  'repeated-parameter': 'It gives a parameter more than once.',
  'no-state':
    'It does not carry the mark of this sign-in. If you pressed Deny yourself, end the wait with Ctrl-C in the terminal.',
  'wrong-state': 'It belongs to another sign-in, perhaps an earlier one in another tab.',
  'other-issuer': 'It comes from another provider than the one that was asked.',
  'no-answer': 'It holds neither an authorization code nor an error.',
};

/** Why a request was not the awaited answer. */
export function strayView(reason: UnexpectedReason): View {
  return {
    tone: 'waiting',
    title: 'Still waiting',
    lead: `This was not the answer that fitbit-login is waiting for, so nothing was done with it. ${STRAY[reason]}`,
    facts: [],
    notes: ['The sign-in goes on: finish it on the provider’s page.'],
    next: [],
  };
}

const PASTE: Readonly<
  Record<PasteReason, (to: { readonly provider: string; readonly redirectUri: string }) => string>
> = {
  unreadable: ({ redirectUri }) =>
    `That is neither an address nor a code. Paste the whole address that the browser ended on: it begins with ${redirectUri}`,
  'sign-in-page': ({ provider, redirectUri }) =>
    `That is the address of a page of ${provider}'s. Allow access there, and paste the address that comes after it: it begins with ${redirectUri}`,
  'other-address': ({ redirectUri }) =>
    `That address is not where this sign-in ends. Paste the one that begins with ${redirectUri}`,
  'no-answer': () => 'That holds no code. It may have been cut off when it was copied: paste the whole address.',
  'repeated-parameter': () => 'That gives a parameter more than once. Paste the address once, and nothing else.',
  'wrong-state': () =>
    'That belongs to another sign-in, or was cut off when it was copied. Open the address above, and paste the whole address that it leads to.',
  'other-issuer': ({ provider }) =>
    `That does not say that it comes from ${provider}. Paste the whole address that the browser ended on.`,
  'code-alone': ({ provider }) =>
    `A code alone cannot be told from somebody else's at ${provider}. Paste the whole address that the browser ended on.`,
};

/** Why what was pasted was not the awaited answer, and what to paste instead. Nothing of it is repeated. */
export function pasteRefusal(
  reason: PasteReason,
  to: { readonly provider: string; readonly redirectUri: string },
): string {
  return PASTE[reason](to);
}

/** For an answer that comes when nobody waits any more. */
export function overView(): View {
  return {
    tone: 'failure',
    title: 'Too late',
    lead: 'This sign-in has ended, by time or by Ctrl-C, so nothing was done with this answer.',
    facts: [],
    notes: ['Run fitbit-login again.'],
    next: [],
  };
}

function step(label: string, command: string, { profile }: Status): NextStep {
  return { label, command: withProfileFlag(`\`fitbit-login ${command}\``, profile).slice(1, -1) };
}
