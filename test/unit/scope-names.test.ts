import { describe, expect, test } from 'vitest';
import { knownScopes } from '../../src/auth/scopes.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { GOOGLE_SCOPE_PREFIX, googleHealth, shortScope, successorOf } from '../../src/providers/google-health.ts';

describe('the successors of Fitbit’s scopes', () => {
  test('every one but social has a read-only Google Health successor', () => {
    const known = googleHealth().scopes.map(({ name }) => name);
    for (const { name } of fitbit().scopes) {
      if (name === 'social') expect(successorOf(name)).toBeUndefined();
      else expect(known).toContain(successorOf(name));
    }
  });

  test.each(['toString', '__proto__', 'sleep.readonly', ''])('%j was not a Fitbit scope', (name) => {
    expect(successorOf(name)).toBeUndefined();
  });

  test('the list has both providers’ scopes by their short names', () => {
    const { fitbit: old, 'google-health': google } = knownScopes();
    expect(old.find(({ name }) => name === 'heartrate')).toMatchObject({
      usual: true,
      successor: 'health_metrics_and_measurements.readonly',
    });
    expect(old.find(({ name }) => name === 'social')?.successor).toBeUndefined();
    expect(google.filter(({ usual }) => usual).every(({ name }) => /^[a-z_]+\.readonly$/.test(name))).toBe(true);
  });
});

test('a short name is the full one without Google’s prefix; other names stay', () => {
  expect(shortScope(`${GOOGLE_SCOPE_PREFIX}sleep.readonly`)).toBe('sleep.readonly');
  for (const name of ['sleep', 'openid', 'https://www.googleapis.com/auth/fitness'])
    expect(shortScope(name)).toBe(name);
});
