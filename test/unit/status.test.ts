import { describe, expect, test } from 'vitest';
import type { Session } from '../../src/auth/session.ts';
import { storedStatus } from '../../src/auth/status.ts';
import { formatWithDistance, fromNow } from '../../src/auth/times.ts';
import { colorsFor } from '../../src/cli/output.ts';
import { overviewText, statusText } from '../../src/cli/report.ts';
import { Secret } from '../../src/secret.ts';
import type { Profile, Tokens } from '../../src/store/profile.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

const TOKENS: Tokens = {
  accessToken: new Secret('marked-access'),
  refreshToken: new Secret('marked-refresh'),
  tokenType: 'Bearer',
  scopes: ['sleep', 'social'],
  userId: 'WALK01',
  obtainedAt: later(-60),
  expiresAt: later(28_740),
};
const { refreshToken: _, ...UNREFRESHABLE } = TOKENS;
const { expiresAt: __, ...ENDLESS } = TOKENS;

const PROFILE: Profile = {
  provider: 'fitbit',
  client: { id: '23ABCD', secret: new Secret('marked-client-secret') },
  redirectUris: ['http://127.0.0.1:8976/callback'],
  requestedScopes: ['sleep', 'weight', 'profile'],
  tokens: TOKENS,
};
const { tokens: ___, ...SIGNED_OUT } = PROFILE;

const at = (profile: Profile, now = NOW) =>
  storedStatus({ store: { location: () => '/profiles/default.json' }, now: () => now }, 'default', profile);

test('a missing scope is in the first line of status, with the command to add it, and in the table of all profiles', () => {
  const plain = colorsFor({}, {});
  const colors = { out: plain, err: plain };
  const reader = { environment: {}, colors, now: () => NOW, columns: Number.POSITIVE_INFINITY };
  const [first, second] = statusText(at(PROFILE), reader).split('\n');
  expect(first).toMatch(/^! Signed in to Fitbit as WALK01, but .+ were not granted\.$/);
  expect(second).toContain('fitbit-login login');
  const [, row] = overviewText([{ profile: 'default', status: at(PROFILE) }], reader).split('\n');
  expect(row).toMatch(/! .+ not granted +to add it: fitbit-login login$/);
});

const SESSIONS: readonly (readonly [string, Profile, Date, Session])[] = [
  ['no tokens', SIGNED_OUT, NOW, { kind: 'none' }],
  ['a token with time left', PROFILE, NOW, { kind: 'valid', secondsLeft: 28_740 }],
  ['its last second', PROFILE, later(28_739), { kind: 'valid', secondsLeft: 1 }],
  ['half of its last second', PROFILE, later(28_739.5), { kind: 'expired', refreshable: true }],
  ['the moment it ends', PROFILE, later(28_740), { kind: 'expired', refreshable: true }],
  ['a day after', PROFILE, later(86_400), { kind: 'expired', refreshable: true }],
  [
    'ended, without a refresh token',
    { ...PROFILE, tokens: UNREFRESHABLE },
    later(86_400),
    { kind: 'expired', refreshable: false },
  ],
  [
    'obtained a minute in the future: a clock that is a little slow',
    PROFILE,
    later(-120),
    { kind: 'valid', secondsLeft: 28_860 },
  ],
  [
    'obtained over a minute in the future, by another clock',
    PROFILE,
    later(-121),
    { kind: 'expired', refreshable: true },
  ],
  ['a grant that has ended', { ...PROFILE, grantEndedAt: NOW }, NOW, { kind: 'dead', since: NOW }],
  ['a token without a lifetime', { ...PROFILE, tokens: ENDLESS }, later(1e8), { kind: 'valid' }],
];

describe('the status of a profile', () => {
  test.each(SESSIONS)('%s', (_name, profile, now, session) => {
    expect(at(profile, now).session).toEqual(session);
  });

  test('names the requested scopes that are missing, not the extra ones', () => {
    expect(at(PROFILE)).toMatchObject({ scopes: ['sleep', 'social'], missingScopes: ['weight', 'profile'] });
    expect(at(SIGNED_OUT)).toMatchObject({ scopes: [], missingScopes: [] });
  });

  test.each([
    ['heart', 'heartrate'],
    ['heartrate', 'heart'],
  ])('the scope %s is missing where only %s was granted: a scope is compared whole', (asked, granted) => {
    const tokens = { ...TOKENS, scopes: [granted] };
    expect(at({ ...PROFILE, requestedScopes: [asked], tokens }).missingScopes).toEqual([asked]);
  });

  test('shows what is known and leaves out the rest', () => {
    expect(at(PROFILE)).toEqual({
      profile: 'default',
      provider: 'fitbit',
      providerName: 'Fitbit',
      clientId: '23ABCD',
      session: { kind: 'valid', secondsLeft: 28_740 },
      userId: 'WALK01',
      scopes: ['sleep', 'social'],
      missingScopes: ['weight', 'profile'],
      refreshable: true,
      obtainedAt: later(-60),
      expiresAt: later(28_740),
      location: '/profiles/default.json',
      revocationEnds: expect.stringContaining('Fitbit ends'),
    });
    const more = { sandbox: 'http://127.0.0.1:8977', refreshStartedAt: NOW };
    expect(at({ ...PROFILE, ...more, tokens: { ...TOKENS, refreshExpiresAt: later(9) } })).toMatchObject({
      ...more,
      refreshExpiresAt: later(9),
    });
  });

  test('holds no secret', () => {
    expect(JSON.stringify(at(PROFILE))).not.toContain('marked');
  });
});

describe('a date in words', () => {
  test.each([
    [0, 'in 0 seconds'],
    [1, 'in 1 second'],
    [59, 'in 59 seconds'],
    [60, 'in 1 minute'],
    [119, 'in 2 minutes'],
    [3600, 'in 1 hour'],
    [28_800, 'in 8 hours'],
    [86_400, 'in 1 day'],
    [31_536_000, 'in 365 days'],
    [-1, '1 second ago'],
    [-7200, '2 hours ago'],
    [-172_800, '2 days ago'],
  ])('%i seconds off: %s', (seconds, words) => {
    expect(fromNow(later(seconds), NOW)).toBe(words);
  });

  test('has the day, the time, the zone and the distance', () => {
    expect(formatWithDistance(later(200_000), NOW)).toMatch(/^\d+ [A-Z]\w+, \d\d:\d\d \S+ \(in 2 days\)$/);
    // Within a sentence, where only the beginning of a line or a cell has a capital.
    expect(formatWithDistance(NOW, NOW)).toMatch(/^today, /);
  });
});
