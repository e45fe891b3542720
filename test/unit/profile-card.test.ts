import { describe, expect, test } from 'vitest';
import {
  type CardContext,
  damagedCard,
  type HistoryEvent,
  profileCard,
  readHistory,
} from '../../src/auth/profile-card.ts';
import type { Status } from '../../src/auth/status.ts';
import { AuthError } from '../../src/errors.ts';

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
const CONTEXT: CardContext = { history: [], readableByOthers: false, now: NOW };
const event = (kind: HistoryEvent['kind'], more: Partial<HistoryEvent> = {}): HistoryEvent => ({
  at: later(-3600),
  kind,
  ok: !kind.endsWith('failed'),
  message: kind,
  ...more,
});
const DEAD = { session: { kind: 'dead', since: NOW } } as const;
const card = (status: Partial<Status> = {}, context: Partial<CardContext> = {}) =>
  profileCard({ ...WELL, ...status }, { ...CONTEXT, ...context });

test('a healthy profile: account, scopes, and automatic renewal', () => {
  const shown = card();
  expect(shown).toMatchObject({ state: 'well', account: 'WALK01', provider: 'Fitbit', signOut: {} });
  expect(shown.problem).toBeUndefined();
  expect(shown.facts.map(({ value }) => value)).toEqual(
    expect.arrayContaining(['Sleep, weight', expect.stringMatching(/Never/)]),
  );
});

test.each<[string, Partial<Status>, Partial<CardContext>]>([
  ['an expired token that renews itself', { session: { kind: 'expired', refreshable: true } }, {}],
  ['a refresh that failed for now', {}, { history: [event('refresh_failed', { code: 'UNAVAILABLE' })] }],
  ['a refresh that was cut off', { refreshStartedAt: later(-30) }, {}],
  ['a file that others can read', {}, { readableByOthers: true }],
  ['a grant that ends in a week', { refreshExpiresAt: later(7 * 86_400) }, {}],
])('%s is not a problem', (_what, status, context) => {
  expect(card(status, context).problem).toBeUndefined();
});

const PROBLEMS = [
  ['no sign-in', { session: { kind: 'none' } }, {}, 'none', /No one has signed in/],
  ['a dead grant', DEAD, { history: [event('refresh')] }, 'ended', /Fitbit says.*last worked today, .+/],
  [
    'no refresh token',
    { session: { kind: 'expired', refreshable: false }, refreshable: false },
    {},
    'ended',
    /expired/,
  ],
  ['a missing scope', { missingScopes: ['sleep'] }, {}, 'missing', /add Sleep/],
  ['an end within two days', { refreshExpiresAt: later(86_400) }, {}, 'expires', /expires on \d/],
] as const satisfies readonly [string, Partial<Status>, Partial<CardContext>, string, RegExp][];

test.each(PROBLEMS)('%s is a problem, in plain words with one button', (_what, status, context, state, text) => {
  const shown = card(status, context);
  expect(shown.state).toBe(state);
  expect(shown.problem?.text).toMatch(text);
  expect(shown.problem?.button).toMatch(/sign in|Sleep/i);
});

test.each(PROBLEMS.map(([what, , , state], index) => [what, state, index] as const))(
  '%s comes before all lesser problems',
  (_what, state, index) => {
    const together = PROBLEMS.slice(index).reverse();
    const status = Object.assign({}, ...together.map((one) => one[1]));
    const context = Object.assign({}, ...together.map((one) => one[2]));
    expect(card(status, context).state).toBe(state);
  },
);

test('signing out shows what a revocation ends', () => {
  expect(card({ revocationEnds: "Google ends 'all'." }).signOut).toEqual({ ends: "Google ends 'all'." });
});

test('a damaged file is named, with what to do and no button', () => {
  const error = new AuthError('STORE_DAMAGED', 'The profile “x” is damaged.');
  const shown = damagedCard('x', error, '/profiles/x.json');
  expect(shown).toMatchObject({ state: 'damaged', canCheck: false });
  expect(shown.problem?.text).toContain(error.message);
  expect(shown.problem).not.toHaveProperty('button');
  expect(shown.details.map(({ value }) => value)).toContain('/profiles/x.json');
});

const line = (minute: number, fields: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ time: `2026-03-02T09:${String(minute).padStart(2, '0')}:00.000Z`, profile: 'default', ...fields });

describe('the history in a log', () => {
  test('is each profile’s own, newest first', () => {
    const log = [
      line(1, { event: 'sign_in', msg: 'Signed in' }),
      line(3, { event: 'sign_in', profile: 'partner' }),
      line(4, { event: 'refresh_failed', error_code: 'UNAVAILABLE', msg: 'No network.' }),
    ].join('\n');
    const history = readHistory(log);
    expect(history.get('partner')).toHaveLength(1);
    expect(history.get('default')).toMatchObject([
      { kind: 'refresh_failed', code: 'UNAVAILABLE', ok: false, message: 'No network.' },
      { kind: 'sign_in', ok: true },
    ]);
  });

  test.each([
    ['a line that a crash cut off', line(1, { event: 'refresh' }).slice(0, 40)],
    ['a line of something else', line(1, { event: 'unexpected_request', reason: 'no-state' })],
    ['an event of no profile', line(1, { event: 'refresh', profile: undefined })],
    ['an event named like a property of every object', line(1, { event: 'constructor' })],
    ['a damaged time', line(1, { event: 'refresh', time: 'yesterday' })],
    ['JSON that is no object', 'null'],
    ['an empty line', ''],
  ])('skips %s', (_what, damaged) => {
    const history = readHistory([line(1, { event: 'sign_in' }), damaged, line(2, { event: 'refresh' })].join('\n'));
    expect(history.get('default')?.map(({ kind }) => kind)).toEqual(['refresh', 'sign_in']);
  });

  test('keeps the newest few of each profile', () => {
    const log = Array.from({ length: 30 }, (_, minute) => line(minute, { event: 'refresh' })).join('\n');
    const minutes = readHistory(log)
      .get('default')
      ?.map(({ at }) => at.getUTCMinutes());
    expect(minutes).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20]);
  });
});
