import { describe, expect, test } from 'vitest';
import { knownAmong, scopesOf } from '../../src/auth/scopes.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { googleHealth, GOOGLE_SCOPE_PREFIX as PREFIX } from '../../src/providers/google-health.ts';

const refused = (message: string, hint: string) =>
  expect.objectContaining({
    code: 'USAGE',
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });

describe('requested scopes', () => {
  test('are spelled as the provider spells them, once each, in order', () => {
    const wanted = ['sleep.readonly', `${PREFIX}ecg.readonly`, `${PREFIX}sleep.readonly`];
    expect(scopesOf(googleHealth(), wanted)).toEqual([`${PREFIX}sleep.readonly`, `${PREFIX}ecg.readonly`]);
    expect(scopesOf(fitbit(), ['sleep', 'activity', 'sleep'])).toEqual(['sleep', 'activity']);
  });

  test('are unchanged for a provider without known scopes', () => {
    const custom = { ...fitbit(), scopes: [] };
    expect(scopesOf(custom, ['anything', 'else', 'anything'])).toEqual(['anything', 'else']);
  });

  // Renamed on 2026-05-26: every stem without its suffix, short or full.
  const stems = [...new Set(googleHealth().scopes.map(({ name }) => name.slice(PREFIX.length).split('.')[0] ?? ''))];
  test.each(stems.flatMap((stem) => [stem, PREFIX + stem]))('%s is retired', (name) => {
    const stem = name.replace(PREFIX, '');
    expect(() => scopesOf(googleHealth(), [name])).toThrow(refused('has retired', `${stem}.readonly`));
  });

  test.each([
    ['mindfulness.readonly', `${PREFIX}mindfulness.readonly`],
    [`${PREFIX}reproductive_health.writeonly`, `${PREFIX}reproductive_health.writeonly`],
    ['openid', 'openid'],
    ['email', 'email'],
  ])('%s is not known here: it is passed to Google as %s, with a notice, and asked for again later', (name, full) => {
    const notices: string[] = [];
    expect(scopesOf(googleHealth(), [name], (text) => notices.push(text))).toEqual([full]);
    expect(notices).toEqual([expect.stringContaining(name)]);
    expect(knownAmong(googleHealth(), [full, 'heartrate'])).toEqual([full]);
  });

  test.each(['heartrate', 'sleep.readonly.readonly', '', 'activity', 'health_metrics', 'cloud-platform'])(
    '%j is not a Google scope, and has no invented successor',
    (name) => {
      expect(() => scopesOf(googleHealth(), [name])).toThrow(refused('Unknown scope', 'sleep.readonly'));
    },
  );

  test('Google scopes are refused for Fitbit', () => {
    expect(() => scopesOf(fitbit(), ['sleep.readonly'])).toThrow(refused('for Fitbit', 'sleep'));
  });
});
