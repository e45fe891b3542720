import { describe, expect, test } from 'vitest';
import { failedView, signedInView, tooLateView, unexpectedRequestView } from '../../src/auth/result-view.ts';
import type { SignIn } from '../../src/auth/status.ts';
import { AuthError } from '../../src/errors.ts';
import { resultPage } from '../../src/server/pages/result.ts';
import { VIEWS } from '../../src/server/pages/texts.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;
const DONE: SignIn = {
  profile: 'default',
  provider: 'google-health',
  providerName: 'Google Health',
  clientId: '1-a.apps.googleusercontent.com',
  session: { kind: 'valid', secondsLeft: 3600 },
  userId: '1622',
  scopes: ['activity_and_fitness', 'profile'].map(
    (stem) => `https://www.googleapis.com/auth/googlehealth.${stem}.readonly`,
  ),
  missingScopes: [],
  refreshable: true,
  obtainedAt: NOW,
  expiresAt: new Date(NOW.getTime() + 3_600_000),
  location: '/profiles/default.json',
};
const SLEEP = 'https://www.googleapis.com/auth/googlehealth.sleep.readonly';
const view = (more: Partial<SignIn> = {}) => signedInView({ ...DONE, ...more }, NOW);
const words = (shown: ReturnType<typeof view>) => JSON.stringify(shown.lines);

describe('the page of a finished sign-in', () => {
  test('shows account, provider, automatic renewal and one command', () => {
    const { tone, account, command, badge, facts } = view();
    expect({ tone, account, badge }).toMatchObject({
      tone: 'success',
      account: { name: '1622', provider: 'Google Health' },
    });
    expect(words(view())).toMatch(/renews automatically.*close this tab/);
    expect(command?.command).toBe('fitbit-login token');
    expect(facts).toContainEqual({ label: 'Can read', value: 'Activity, profile' });
    expect(facts?.map(({ value }) => value)).toContain('/profiles/default.json');
  });

  test.each<[string, Partial<SignIn>, RegExp, RegExp]>([
    ['a missing scope', { missingScopes: [SLEEP] }, /Sleep was not granted/, /Activity and profile work/],
    ['an end', { refreshExpiresAt: new Date(NOW.getTime() + 7 * DAY_MS) }, /until 8 March/, /7 days.*publish your app/],
    ['no refresh token', { refreshable: false }, /until today/, /no refresh token/],
    ['an obstacle', { obstacle: "It can't be read." }, /problem/, /It can’t be read/],
    ['another account before', { replacedUserId: 'SLEEP2' }, /signed in/, /SLEEP2/],
    ['a sandbox', { sandbox: 'http://127.0.0.1:1', profile: 'sandbox' }, /signed in/, /Made-up data.*sandbox/],
  ])('%s is named', (_what, more, title, line) => {
    expect(view(more).title).toMatch(title);
    expect(words(view(more))).toMatch(line);
  });

  test('adding a missing scope is the one command, with the profile if it is not the default', () => {
    expect(view({ missingScopes: [SLEEP], profile: 'partner' }).command?.command).toBe(
      'fitbit-login login --profile partner',
    );
  });

  test('a sandbox has its badge, and never only the name of the real provider', () => {
    const shown = view({ sandbox: 'http://127.0.0.1:1', providerName: 'Google Health (sandbox)' });
    expect(shown.badge).toBe('Sandbox');
    expect(shown.account?.provider).toBe('Simulated Google Health');
  });
});

test('the page of a failure shows what happened, what was kept and one command; the rest is under details', () => {
  const error = new AuthError('DENIED', 'Access was denied.', { preserved: "It's kept.", hint: 'Run `x --flag`.' });
  const shown = failedView(error, { provider: 'Google', profile: 'partner' });
  expect(shown).toMatchObject({ tone: 'failure', command: { command: 'fitbit-login login --profile partner' } });
  expect(shown.title).toMatch(/declined/);
  expect(JSON.stringify(shown.lines)).toContain('It’s kept.');
  expect(resultPage(shown)).not.toContain('`');
  expect(failedView(new AuthError('LOCKED', 'Busy.')).lead).toBe('Busy.');
});

test.each(['repeated-parameter', 'no-state', 'wrong-state', 'other-issuer', 'no-answer'] as const)(
  'an unexpected response (%s) is ignored, and the page says that nothing changed',
  (reason) => {
    const { tone, lines, button, command } = unexpectedRequestView(reason);
    expect({ tone, button, command }).toEqual({ tone: 'waiting' });
    expect(JSON.stringify(lines)).toMatch(/Nothing was changed/);
  },
);

test('the page for another browser has no button', () => {
  expect(Object.keys(VIEWS.otherBrowser)).not.toEqual(expect.arrayContaining(['button', 'command']));
  expect(tooLateView().title).toBe('Too late');
});
