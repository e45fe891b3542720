import { describe, expect, test } from 'vitest';
import { scopesOf } from '../../src/auth/scopes.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { googleHealth, GOOGLE_SCOPE_PREFIX as PREFIX } from '../../src/providers/google-health.ts';

const refused = (message: string, hint: string) =>
  expect.objectContaining({
    code: 'USAGE',
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });

describe('the scopes that a person named', () => {
  test('are spelled as the provider spells them, each once, in their order', () => {
    const wanted = ['sleep.readonly', `${PREFIX}ecg.readonly`, `${PREFIX}sleep.readonly`];
    expect(scopesOf(googleHealth(), wanted)).toEqual([`${PREFIX}sleep.readonly`, `${PREFIX}ecg.readonly`]);
    expect(scopesOf(fitbit(), ['sleep', 'activity', 'sleep'])).toEqual(['sleep', 'activity']);
  });

  test('are left as they are where nothing is known of a provider’s', () => {
    const custom = { ...fitbit(), scopes: [] };
    expect(scopesOf(custom, ['anything', 'else', 'anything'])).toEqual(['anything', 'else']);
  });

  // Renamed on 2026-05-26: every stem without its suffix, short or full.
  const stems = [...new Set(googleHealth().scopes.map(({ name }) => name.slice(PREFIX.length).split('.')[0] ?? ''))];
  test.each(stems.flatMap((stem) => [stem, PREFIX + stem]))('%s is retired', (name) => {
    const stem = name.replace(PREFIX, '');
    expect(() => scopesOf(googleHealth(), [name])).toThrow(refused('has retired', `${stem}.readonly`));
  });

  test.each(['heartrate', 'ecg.writeonly', 'sleep.readonly.readonly', '', 'activity', 'health_metrics'])(
    '%j is none of Google’s, and no successor is made up for it',
    (name) => {
      expect(() => scopesOf(googleHealth(), [name])).toThrow(refused('has no scope', 'sleep.readonly'));
    },
  );

  test('Google’s are none of Fitbit’s', () => {
    expect(() => scopesOf(fitbit(), ['sleep.readonly'])).toThrow(refused('Fitbit has no scope', 'sleep'));
  });
});
