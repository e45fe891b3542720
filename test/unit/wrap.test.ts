import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wrap } from '../../src/cli/wrap.ts';

const ADDRESS = 'https://www.fitbit.com/oauth2/authorize?response_type=code&client_id=23ABCD&state=xyz';

describe('prose is broken between words, to the width of the terminal', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['what fits is left alone', 'Ten  chars', ['Ten  chars']],
    ['a sentence', 'The tokens stored before are untouched.', ['The tokens stored', 'before are', 'untouched.']],
    ['a point of a list', '  1. Open the page and look', ['  1. Open the page', '     and look']],
    ['a comment', '  # Sign in with an app', ['  # Sign in with', '    an app']],
    ['a sentence with an address', `Open ${ADDRESS} now.`, ['Open', ADDRESS, 'now.']],
    ['a command in backticks', 'Run `fitbit-login login --x` again', ['Run', '`fitbit-login login --x`', 'again']],
    ['a row of two columns', '  Scopes granted     activity sleep', ['  Scopes granted', '    activity sleep']],
    [
      'a row of three',
      ' * sleep    Stages and goals    sleep.readonly',
      [' * sleep', '     Stages and', '     goals', '     sleep.readonly'],
    ],
    [
      'a path with blanks',
      '  Stored in  /home/some one/a file.json',
      ['  Stored in', '    /home/some one/a file.json'],
    ],
    ['a command', '  fitbit-login --client-secret-file .env', ['  fitbit-login --client-secret-file .env']],
    ['a command with a remark', '  fitbit-login token    # print one', ['  fitbit-login token', '    # print one']],
    ['several lines, each by itself', 'One\n\nTwo and three and four', ['One', '', 'Two and three and', 'four']],
    ['a lone backtick', 'A ` stands here, alone', ['A ` stands here,', 'alone']],
  ])('%s', (_name, text, lines) => {
    expect(wrap(text, 18).split('\n')).toEqual(lines);
  });

  test('a column that has room goes on under itself', () => {
    expect(wrap('  Scopes  activity sleep heartrate weight nutrition', 36)).toBe(
      '  Scopes  activity sleep heartrate\n          weight nutrition',
    );
  });
});

describe('laws', () => {
  const word = fc.oneof(
    fc.stringMatching(/^[a-z.,]{1,12}$/),
    fc.constantFrom(ADDRESS, '`fitbit-login login --scope "a b"`', '/home/me/profiles/default.json', '“default”'),
  );
  const prose = fc.array(word, { minLength: 1, maxLength: 40 }).map((words) => words.join(' '));
  const columns = fc.integer({ min: 20, max: 120 });

  test('nothing is lost or added but line breaks and indentation', () => {
    fc.assert(
      fc.property(prose, columns, (text, width) => {
        expect(wrap(text, width).replace(/\s+/g, ' ')).toBe(text);
      }),
    );
  });

  test('a line is longer than the terminal only where it is one thing that is copied', () => {
    fc.assert(
      fc.property(prose, columns, (text, width) => {
        const long = wrap(text, width)
          .split('\n')
          .filter((line) => line.length > width);
        for (const line of long) expect(line.trim().replace(/`[^`]*`/g, 'x')).toMatch(/^\S+$/);
      }),
    );
  });
});
