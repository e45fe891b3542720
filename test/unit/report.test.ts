import { describe, expect, test } from 'vitest';
import type { SignIn } from '../../src/auth/login.ts';
import { AuthError } from '../../src/errors.ts';
import { failedView, signedInView, strayView } from '../../src/usecases/report.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const DONE: SignIn = {
  profile: 'default',
  provider: 'fitbit',
  providerName: 'Fitbit',
  clientId: '23ABCD',
  session: { kind: 'fresh', secondsLeft: 28_800 },
  userId: 'WALK01',
  scopes: ['sleep', 'profile'],
  missingScopes: [],
  refreshable: true,
  obtainedAt: NOW,
  expiresAt: new Date('2026-03-01T20:00:00Z'),
  location: '/profiles/default.json',
};
const view = (more: Partial<SignIn> = {}) => signedInView({ ...DONE, ...more }, NOW);
const labels = (more: Partial<SignIn> = {}) => view(more).facts.map(({ label }) => label);

describe('a finished sign-in', () => {
  test('says who, at whom, for what, until when, and where the tokens are', () => {
    const { tone, title, lead, facts, notes, next, badge } = view();
    expect({ tone, title, notes, badge }).toEqual({ tone: 'success', title: 'Signed in', notes: [], badge: undefined });
    expect(lead).toBe('WALK01 at Fitbit. The tokens are safely stored on this machine.');
    expect(facts).toContainEqual({ label: 'Scopes granted', value: ['profile', 'sleep'] });
    expect(facts).toContainEqual({ label: 'Stored in', value: '/profiles/default.json' });
    expect(facts.find(({ label }) => label === 'Access token ends')?.value).toContain('(in 8 hours)');
    expect(next.map(({ command }) => command)).toEqual(['fitbit-login token', 'fitbit-login status --web']);
  });

  test('warns of scopes that were not granted, and says what to run', () => {
    const { tone, notes, next, facts } = view({ missingScopes: ['weight'], profile: 'anna' });
    expect(tone).toBe('warning');
    expect(notes.join()).toContain('Not every scope');
    expect(facts).toContainEqual({ label: 'Not granted', value: ['weight'] });
    expect(next.map(({ command }) => command)).toEqual([
      'fitbit-login login --profile anna',
      'fitbit-login token --profile anna',
      'fitbit-login status --web --profile anna',
    ]);
  });

  test('§15: says when there is no refresh token', () => {
    expect(view({ refreshable: false }).notes.join()).toContain('no refresh token');
  });

  test('says whose tokens were there before', () => {
    expect(view({ replacedUserId: 'SLEEP2' }).notes.join()).toContain('SLEEP2');
  });

  test('says sandbox where it was one', () => {
    const sandbox = 'http://127.0.0.1:8977';
    expect(view({ sandbox }).badge).toBe('sandbox');
    expect(view({ sandbox }).facts).toContainEqual({ label: 'Provider', value: `Fitbit at ${sandbox}` });
  });

  test('§14: says only what the provider told', () => {
    const { userId: _, expiresAt: __, ...untold } = DONE;
    const { lead, facts } = signedInView({ ...untold, scopes: [] }, NOW);
    expect(lead).toMatch(/^You at Fitbit/);
    expect(facts.map(({ label }) => label)).not.toContain('Access token ends');
    expect(facts).toContainEqual({ label: 'Scopes granted', value: 'none named' });
    expect(labels()).not.toContain('Sign-in ends');
  });
});

describe('what did not end well', () => {
  test('says what happened, what was kept and what to do', () => {
    const error = new AuthError('DENIED', 'Access was denied.', { preserved: 'All was kept.', hint: 'Do this.' });
    expect(failedView(error)).toMatchObject({
      tone: 'failure',
      title: 'Access denied',
      lead: 'Access was denied. All was kept.',
      notes: ['Do this.'],
    });
    expect(failedView(new AuthError('LOCKED', 'Busy.'))).toMatchObject({ title: 'Not signed in', lead: 'Busy.' });
  });

  test.each(['repeated-parameter', 'no-state', 'wrong-state', 'other-issuer', 'no-answer'] as const)(
    'a stray (%s) is told that the wait goes on',
    (reason) => {
      const { tone, lead, notes } = strayView(reason);
      expect(tone).toBe('waiting');
      expect(lead).toMatch(/nothing was done with it\. \w.+\.$/);
      expect(notes.join()).toContain('goes on');
    },
  );
});
