import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argumentsFor, browserCommands } from '../../src/browser/command.ts';

const URL_WITH_EVERYTHING = 'https://a.example/authorize?x=%20%s%%&y=$(touch pwned)`;|<>\'"&z=$&$1';

function read(value: string, platform: NodeJS.Platform = 'linux', files: readonly string[] = []) {
  const commands = browserCommands(value, { platform, isFile: (path) => files.includes(path) });
  return commands.map(({ file, args }) => [file, ...args]);
}

describe('BROWSER', () => {
  const CASES: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    ['a command', 'firefox', [['firefox']]],
    ['arguments', 'firefox --new-window', [['firefox', '--new-window']]],
    ['spaces around', '  firefox \t -P  home ', [['firefox', '-P', 'home']]],
    ['a list', 'one:two -x:three', [['one'], ['two', '-x'], ['three']]],
    ['a list with holes', ':one:: :two:', [['one'], ['two']]],
    ['nothing but separators', '::', []],
    ['nothing', '   ', []],
    ['double quotation marks', '"my browser" -P "a b"', [['my browser', '-P', 'a b']]],
    ['single ones', 'browser \'a "b" \\c\'', [['browser', 'a "b" \\c']]],
    [
      'a separator in quotation marks',
      'chromium "--proxy-server=http://127.0.0.1:3128":lynx',
      [['chromium', '--proxy-server=http://127.0.0.1:3128'], ['lynx']],
    ],
    ['an escaped separator', 'chromium http\\://x', [['chromium', 'http://x']]],
    ['an escaped space', '/opt/My\\ Browser/run -x', [['/opt/My Browser/run', '-x']]],
    ['escapes within double quotation marks', '"a\\"b\\\\c\\d"', [['a"b\\c\\d']]],
    ['an empty argument', "browser ''", [['browser', '']]],
    ['quotation marks in the middle of a word', 'browser --name="a b"c', [['browser', '--name=a bc']]],
    ['a backslash last', 'browser \\', [['browser', '\\']]],
    [
      'what a shell would act on',
      'browser $HOME `id` ; rm -rf ~ | cat > x &',
      [['browser', '$HOME', '`id`', ';', 'rm', '-rf', '~', '|', 'cat', '>', 'x', '&']],
    ],
  ];
  test.each(CASES)('%s', (_what, value, expected) => {
    expect(read(value)).toEqual(expected);
  });

  test('the path of a file is a command, with its spaces, separators and quotation marks', () => {
    const path = "/opt/Anna's Browser: new/run";
    expect(read(path, 'linux', [path])).toEqual([[path]]);
    const other = '/opt/My Browser/run';
    expect(read(`${other}:firefox -x`, 'linux', [other])).toEqual([[other], ['firefox', '-x']]);
  });

  test('on Windows the separator is a semicolon, and the backslash is part of paths', () => {
    const path = 'C:\\Program Files\\Firefox\\firefox.exe';
    expect(read(path, 'win32', [path])).toEqual([[path]]);
    expect(read(`"${path}" -P it's;edge`, 'win32')).toEqual([[path, '-P', "it's"], ['edge']]);
  });

  test.each(['firefox "', "firefox 'a:b", 'a:"b'])('a quotation mark that is not closed is an error: %s', (value) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('unclosed quote') }),
    );
  });

  test('every list of words can be written, and is read as it was meant', () => {
    const word = fc.string({ unit: fc.constantFrom('a', ' ', ':', '"', "'", '\\', '%', '$', 'ü', '\t') });
    const list = fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(list, (commands) => {
        const value = commands
          .map((words) => words.map((text) => `'${text.replaceAll("'", "'\\''")}'`).join(' '))
          .join(':');
        expect(read(value)).toEqual(commands);
      }),
    );
  });
});

describe('the address', () => {
  const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['without %s comes last', ['-x'], ['-x', URL_WITH_EVERYTHING]],
    ['takes the place of %s', ['-x', '%s', '-y'], ['-x', URL_WITH_EVERYTHING, '-y']],
    [
      'replaces each %s, even within a word',
      ['openURL(%s,new)', '%s'],
      [`openURL(${URL_WITH_EVERYTHING},new)`, URL_WITH_EVERYTHING],
    ],
    ['%% is a %', ['100%%', '%%s'], ['100%', '%s', URL_WITH_EVERYTHING]],
    ['any other % stays', ['%c', '%'], ['%c', '%', URL_WITH_EVERYTHING]],
  ];
  test.each(CASES)('%s', (_what, args, expected) => {
    expect(argumentsFor({ text: '', file: 'browser', args }, URL_WITH_EVERYTHING)).toEqual(expected);
  });
});
