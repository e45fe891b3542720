import { describe, expect, test } from 'vitest';
import type { Status } from '../../src/auth/status.ts';
import { AuthError } from '../../src/errors.ts';
import type { HistoryEvent } from '../../src/usecases/history.ts';
import { type CardContext, cardOf, damagedCard } from '../../src/usecases/profile-card.ts';

const NOW = new Date('2026-03-02T09:30:00Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

const WELL: Status = {
  profile: 'default',
  provider: 'fitbit',
  providerName: 'Fitbit',
  clientId: '23ABCD',
  session: { kind: 'valid', secondsLeft: 3600 },
  userId: 'WALK01',
  scopes: ['weight', 'sleep'],
  missingScopes: [],
  refreshable: true,
  obtainedAt: later(-25_200),
  expiresAt: later(3600),
  location: '/home/you/.config/fitbit-login/profiles/default.json',
};
const CONTEXT: CardContext = {
  history: [],
  fileMode: '0600',
  words: (scope) => (scope === 'sleep' ? 'Sleep stages' : undefined),
  now: NOW,
};

const event = (kind: string, more: Partial<HistoryEvent> = {}): HistoryEvent => ({
  at: NOW,
  profile: 'default',
  kind,
  ok: true,
  words: kind,
  ...more,
});
const DEAD = event('refresh_failed', { ok: false, code: 'GRANT_DEAD', words: 'Refresh failed: it was used before.' });
const UNREACHED = event('refresh_failed', { ok: false, code: 'UNAVAILABLE', words: 'Refresh failed: no network.' });
const DENIED = event('sign_in_failed', { ok: false, code: 'DENIED' });

test('a profile that is well has no problem', () => {
  expect(cardOf(WELL, CONTEXT)).toMatchObject({
    tone: 'success',
    state: 'Signed in',
    account: 'WALK01',
    scopes: [{ name: 'sleep', words: 'Sleep stages' }, { name: 'weight' }],
    life: { obtainedAt: WELL.obtainedAt, expiresAt: WELL.expiresAt },
  });
  expect(cardOf(WELL, CONTEXT)).not.toHaveProperty('problem');
});

interface Case {
  readonly what: string;
  readonly status?: Partial<Status>;
  readonly context?: Partial<CardContext>;
  readonly tone: 'warning' | 'failure';
  readonly says: RegExp;
  readonly action: 'refresh' | 'sign-in';
}

const STALE = { session: { kind: 'expired', refreshable: true } } as const;
// Each is put on top of all that follow it: the worst is said first.
const CASES: readonly Case[] = [
  {
    what: 'nobody has signed in',
    status: { session: { kind: 'none' } },
    tone: 'failure',
    says: /Nobody has signed in/,
    action: 'sign-in',
  },
  {
    what: 'the end of a token that cannot be refreshed',
    status: { session: { kind: 'expired', refreshable: false }, refreshable: false },
    tone: 'failure',
    says: /no refresh token/,
    action: 'sign-in',
  },
  {
    what: 'a dead grant',
    context: { history: [DEAD] },
    tone: 'failure',
    says: /Only a new sign-in/,
    action: 'sign-in',
  },
  {
    what: 'a refresh that failed for now',
    context: { history: [UNREACHED] },
    tone: 'warning',
    says: /no network/,
    action: 'refresh',
  },
  {
    what: 'a refresh that was cut off',
    status: { refreshStartedAt: later(-30) },
    tone: 'warning',
    says: /cut off/,
    action: 'refresh',
  },
  { what: 'a token that has ended', status: STALE, tone: 'warning', says: /has ended/, action: 'refresh' },
  {
    what: 'a grant that ends soon',
    status: { refreshExpiresAt: later(86_400) },
    tone: 'warning',
    says: /This sign-in ends/,
    action: 'sign-in',
  },
  {
    what: 'a scope that was not granted',
    status: { missingScopes: ['weight'] },
    tone: 'warning',
    says: /Not every scope/,
    action: 'sign-in',
  },
  {
    what: 'a file that others can open',
    context: { fileMode: '0644' },
    tone: 'warning',
    says: /mode 0644/,
    action: 'refresh',
  },
];

describe('what is wrong', () => {
  test.each(CASES)('$what: in plain words, with the one button that mends it', ({ status, context, ...expected }) => {
    const { tone, problem } = cardOf({ ...WELL, ...status }, { ...CONTEXT, ...context });
    expect(tone).toBe(expected.tone);
    expect(problem?.text).toMatch(expected.says);
    expect(problem?.action).toBe(expected.action);
  });

  test.each(CASES.map(({ what }, index) => [what, index] as const))(
    '%s comes before all lesser ones',
    (_what, index) => {
      const together = CASES.slice(index).reverse();
      const status: Status = Object.assign({}, WELL, ...together.map((one) => one.status));
      const context: CardContext = Object.assign({}, CONTEXT, ...together.map((one) => one.context));
      expect(cardOf(status, context).problem?.text).toMatch(CASES[index]?.says ?? /never/);
    },
  );

  test('a sign-in that was denied leaves a dead grant dead', () => {
    expect(cardOf(WELL, { ...CONTEXT, history: [DENIED, DEAD] }).problem?.text).toMatch(/Only a new sign-in/);
  });

  test.each(['sign_in', 'refresh', 'import'])('%s mends what failed before it', (kind) => {
    expect(cardOf(WELL, { ...CONTEXT, history: [event(kind), DEAD] })).not.toHaveProperty('problem');
  });

  test('a damaged file is named, with what to do, and no button that cannot help', () => {
    const error = new AuthError('STORE_DAMAGED', 'The profile “x” is damaged.');
    const card = damagedCard('x', error, '/profiles/x.json');
    expect(card).toMatchObject({ tone: 'failure', state: 'Cannot be read', file: '/profiles/x.json' });
    expect(card.problem).toEqual({ text: `${error.message} ${error.hint}` });
  });
});
