import { describe, expect, test } from 'vitest';
import { didYouMean } from '../../src/errors.ts';
import { noSuchProfile, notSignedIn, unknownFormat, unknownProvider, unknownScope } from '../../src/messages.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';

describe('a misspelled name gets a suggestion', () => {
  test.each([
    ['gogle', unknownProvider('gogle'), 'google-health'],
    ['fitbt', unknownProvider('fitbt'), 'fitbit'],
    ['slep', unknownScope('Google Health', 'slep', ['activity.readonly', 'sleep.readonly']), 'sleep.readonly'],
    ['Notebok', unknownFormat('Notebok', ['dotenv', 'notebook']), 'notebook'],
    ['partnr', noSuchProfile('partnr', ['default', 'partner']), 'partner'],
    ['partnr', notSignedIn('partnr', ['default', 'partner']), 'partner'],
  ])('%s', (_typed, { hint }, meant) => {
    expect(hint).toContain(`Did you mean ${meant}?`);
  });

  test('in a sandbox fault', async () => {
    await using sandbox = await startSandbox();
    // @ts-expect-error: as plain JavaScript may call it.
    expect(() => sandbox.faults.add({ at: 'token', kind: 'lost-anwser' })).toThrow('Did you mean lost-answer?');
  });

  test.each(['garmin', 'x', '', 'a'.repeat(100_000)])('nothing is suggested without a near match', (word) => {
    expect(didYouMean(word, ['fitbit', 'google-health'])).toBe('');
  });
});
