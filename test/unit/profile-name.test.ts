import { describe, expect, test } from 'vitest';
import { isProfileName, profileName } from '../../src/store/profile.ts';

const POSSIBLE = ['default', 'a', '7', 'Anna.B', 'a_b-c', 'x'.repeat(64), 'console', 'com', 'com10', 'nul-1'];

const IMPOSSIBLE = [
  ['nothing', ''],
  ['too long', 'x'.repeat(65)],
  ['the directory itself', '.'],
  ['the directory above', '..'],
  ['a way out', '../x'],
  ['a separator', 'a/b'],
  ['a Windows separator', 'a\\b'],
  ['an absolute path', '/etc/passwd'],
  ['hidden, as our own temporary files are', '.a'],
  ['a dot last, which Windows drops', 'a.'],
  ['a hyphen first, which reads as an option', '-a'],
  ['a space', 'a b'],
  ['a line break last', 'a\n'],
  ['NUL', 'a\0b'],
  ['a drive or a stream', 'c:x'],
  ['letters that look like others', 'аnna'],
  ['a device', 'con'],
  ['a device in capitals', 'NUL'],
  ['a device with an extension', 'lpt1.backup'],
  ['a numbered device', 'COM9'],
] as const;

describe('a profile name', () => {
  test.each(POSSIBLE)('may be %s', (name) => {
    expect(profileName(name)).toBe(name);
  });

  test.each(IMPOSSIBLE)('may not be %s', (_, name) => {
    expect(isProfileName(name)).toBe(false);
    expect(() => profileName(name)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('A-Z a-z 0-9') }),
    );
  });

  test('that is refused is shown without control characters', () => {
    expect(() => profileName('\u001b[2J')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('\u001b') }),
    );
  });
});
