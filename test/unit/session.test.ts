import { describe, expect, test } from 'vitest';
import { freshTokens, resolveProfileName, sessionOf } from '../../src/auth/session.ts';
import { Secret } from '../../src/secret.ts';
import type { Profile, Tokens } from '../../src/store/profile.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const TOKENS: Tokens = {
  accessToken: new Secret('access'),
  refreshToken: new Secret('refresh'),
  tokenType: 'Bearer',
  scopes: ['sleep'],
  obtainedAt: later(-60),
  expiresAt: later(600),
};
const PROFILE: Profile = {
  provider: 'fitbit',
  client: { id: '23ABCD' },
  redirectUris: [],
  requestedScopes: ['sleep'],
  tokens: TOKENS,
};
const { expiresAt: _, ...ENDLESS } = TOKENS;
const SIGNED_OUT: Profile = { ...PROFILE, tokens: undefined };
const DEAD: Profile = { ...PROFILE, grantEndedAt: NOW, grantEndedReason: 'invalid_grant' };
const CUT_OFF: Profile = { ...PROFILE, refreshStartedAt: later(-1) };

describe('stored tokens need no refresh', () => {
  test.each<readonly [string, Profile | undefined, Date, Parameters<typeof freshTokens>[2], boolean]>([
    ['with 61 seconds left', PROFILE, later(539), {}, true],
    ['not with 60 seconds left, the default', PROFILE, later(540), {}, false],
    ['with more left than asked for', PROFILE, later(499), { minTtlSeconds: 100 }, true],
    ['not with exactly as much left as asked for', PROFILE, later(500), { minTtlSeconds: 100 }, false],
    ['in their last second, where none is asked for', PROFILE, later(599), { minTtlSeconds: 0 }, true],
    ['not when they have expired', PROFILE, later(600), { minTtlSeconds: 0 }, false],
    ['without a lifetime', { ...PROFILE, tokens: ENDLESS }, later(1e9), {}, true],
    ['not when they come from another clock’s future', PROFILE, later(-121), {}, false],
    ['from a clock a minute off', PROFILE, later(-120), {}, true],
    ['not without a profile', undefined, NOW, {}, false],
    ['not without tokens', SIGNED_OUT, NOW, {}, false],
    ['not the one that was rejected', PROFILE, NOW, { rejectedToken: new Secret('access') }, false],
    ['where another one was rejected', PROFILE, NOW, { rejectedToken: new Secret('other') }, true],
    ['not after a refresh that was cut off', CUT_OFF, NOW, {}, false],
    ['where the grant is dead, to the last second', DEAD, later(599), {}, true],
    ['not where the grant is dead and they have expired', DEAD, later(600), {}, false],
    [
      'if the grant is dead, although a refresh was interrupted',
      { ...DEAD, ...{ refreshStartedAt: NOW } },
      NOW,
      {},
      true,
    ],
    ['not where the grant is dead and more is asked for', DEAD, later(599), { minTtlSeconds: 60 }, false],
  ])('%s', (_name, profile, now, options, isFresh) => {
    expect(freshTokens(profile, now, options)).toBe(isFresh ? profile?.tokens : undefined);
  });

  test('by default', () => {
    expect(freshTokens(PROFILE, NOW)).toBe(TOKENS);
  });
});

test('a dead grant says since when and why, even while the token is valid', () => {
  expect(sessionOf(DEAD, NOW)).toEqual({ kind: 'dead', since: NOW, reason: 'invalid_grant' });
  expect(sessionOf({ ...DEAD, tokens: undefined }, NOW)).toEqual({ kind: 'none' });
});

test('a valid session without a lifetime has no seconds to count', () => {
  expect(sessionOf({ ...PROFILE, tokens: ENDLESS }, NOW)).not.toHaveProperty('secondsLeft');
});

test.each([
  [{ FITBIT_LOGIN_PROFILE: 'env' }, 'given', 'given'],
  [{ FITBIT_LOGIN_PROFILE: 'env' }, undefined, 'env'],
  [{ FITBIT_LOGIN_PROFILE: '' }, undefined, 'default'],
  [{}, undefined, 'default'],
  [{}, '', ''],
])('the profile’s name in %j, with %j passed, is %j', (environment, given, name) => {
  expect(resolveProfileName(environment, given)).toBe(name);
});

test('the profile’s name falls back to the caller’s default', () => {
  expect(resolveProfileName({}, undefined, 'sandbox')).toBe('sandbox');
});
