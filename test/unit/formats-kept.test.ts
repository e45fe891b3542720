import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import type { Credentials } from '../../src/formats/read.ts';
import { formatNamed, write as writeFormat } from '../../src/formats/write.ts';
import { Secret } from '../../src/secret.ts';
import { runs } from '../extent.ts';

const NEW: Credentials = {
  clientId: '23ABCD',
  clientSecret: new Secret('sec'),
  accessToken: new Secret('acc'),
  refreshToken: new Secret('ref'),
  userId: 'ABC123',
};

const write = (id: string, previous: string, credentials: Credentials = NEW) =>
  writeFormat(formatNamed(id), credentials, previous);

function refusalOf(run: () => unknown): AuthError {
  try {
    run();
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
  throw new Error('It was written.');
}

const OWN = ['client_id', 'client_secret', 'access_token', 'refresh_token'];

describe('a notebook’s .env keeps foreign lines', () => {
  /** `[what, before, after]`. */
  const CASES = [
    [
      'order and indentation',
      '{\n    "z": 1,\n    "access_token": "old",\n    "a": [1,\n2]\n}\n',
      '{\n    "z": 1,\n    "access_token": "acc",\n    "a": [1,\n2],\n    "client_id": "23ABCD",\n    "client_secret": "sec",\n    "refresh_token": "ref"\n}\n',
    ],
    [
      'tabs, CRLF and no line break at the end',
      '{\r\n\t"client_id": "x"\r\n}',
      '{\r\n\t"client_id": "23ABCD",\r\n\t"client_secret": "sec",\r\n\t"access_token": "acc",\r\n\t"refresh_token": "ref"\r\n}',
    ],
    [
      'one line',
      '{"client_id": "x", "client_secret": "y"}',
      '{"client_id": "23ABCD", "client_secret": "sec", "access_token": "acc", "refresh_token": "ref"}',
    ],
    [
      'a byte order mark',
      '\ufeff{"client_id":"x"}',
      '\ufeff{"client_id":"23ABCD","client_secret":"sec","access_token":"acc","refresh_token":"ref"}',
    ],
    [
      'numbers that JavaScript rounds, and names that it moves',
      '{"b":12345678901234567890,"7":1.0,"access_token":{"x":[]}}',
      '{"b":12345678901234567890,"7":1.0,"access_token":"acc","client_id":"23ABCD","client_secret":"sec","refresh_token":"ref"}',
    ],
    [
      'a name twice',
      '{"access_token":"a","access_token":"b","x":"access_token"}',
      '{"access_token":"acc","access_token":"acc","x":"access_token","client_id":"23ABCD","client_secret":"sec","refresh_token":"ref"}',
    ],
    [
      'a name written with escapes',
      '{"access\\u005ftoken":"a"}',
      '{"access\\u005ftoken":"acc","client_id":"23ABCD","client_secret":"sec","refresh_token":"ref"}',
    ],
    [
      'the same names further in',
      '{"x":{"access_token":"theirs"}}',
      '{"x":{"access_token":"theirs"},"client_id":"23ABCD","client_secret":"sec","access_token":"acc","refresh_token":"ref"}',
    ],
    [
      'nothing in it',
      '\n{ }\n\n',
      '\n{\n  "client_id": "23ABCD",\n  "client_secret": "sec",\n  "access_token": "acc",\n  "refresh_token": "ref"\n}\n\n',
    ],
  ] as const;

  for (const [what, before, after] of CASES) {
    test(what, () => {
      expect(write('notebook', before)).toBe(after);
      expect(write('notebook', after), 'a second time').toBe(after);
    });
  }

  test('any object', () => {
    const object = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '1', '"{}[],:\\', ...OWN)),
      fc.jsonValue({ maxDepth: 4 }),
      { noNullPrototype: true },
    );
    const check = (before: Record<string, unknown>, indent: number | string, end: string) => {
      const text = JSON.stringify(before, null, indent) + end;
      const after: Record<string, unknown> = JSON.parse(write('notebook', text));
      const others = (entries: object) => Object.entries(entries).filter(([name]) => !OWN.includes(name));
      expect(others(after)).toEqual(others(JSON.parse(text)));
      expect(OWN.map((name) => after[name])).toEqual(['23ABCD', 'sec', 'acc', 'ref']);
      expect(Object.keys(after).slice(0, Object.keys(before).length)).toEqual(Object.keys(JSON.parse(text)));
      expect(write('notebook', text).endsWith(`}${end}`)).toBe(true);
      // One that stands there with the same values is not touched at all.
      expect(write('notebook', write('notebook', text))).toBe(write('notebook', text));
    };
    const indents = fc.constantFrom(0, 1, 2, 4, '\t');
    fc.assert(fc.property(object, indents, fc.constantFrom('', '\n', '\r\n\r\n'), check), { numRuns: runs(500) });
  });
});

describe('a dotenv file keeps foreign lines', () => {
  const ALL =
    'FITBIT_CLIENT_ID=23ABCD\nFITBIT_CLIENT_SECRET=sec\nFITBIT_ACCESS_TOKEN=acc\nFITBIT_REFRESH_TOKEN=ref\nFITBIT_USER_ID=ABC123\n';
  const rest = (...names: readonly string[]) =>
    ALL.split('\n').filter((line) => line !== '' && !names.some((name) => line.startsWith(`${name}=`)));

  const CASES = [
    [
      'comments, order and quotes',
      '# mine\n\nB="x"\nFITBIT_ACCESS_TOKEN="old"  # token\nA=\'y\'\n',
      `# mine\n\nB="x"\nFITBIT_ACCESS_TOKEN="acc"  # token\nA='y'\n${rest('FITBIT_ACCESS_TOKEN')
        .map((line) => `${line.replace('=', "='")}'\n`)
        .join('')}`,
    ],
    [
      'export, and adds it to new lines',
      'export FITBIT_USER_ID=x\n',
      `export FITBIT_USER_ID=ABC123\n${rest('FITBIT_USER_ID')
        .map((line) => `export ${line}\n`)
        .join('')}`,
    ],
    [
      'CRLF and no line break at the end',
      'A=1\r\nFITBIT_USER_ID=x',
      `A=1\r\nFITBIT_USER_ID=ABC123\r\n${rest('FITBIT_USER_ID').join('\r\n')}`,
    ],
    [
      'a value of many lines that looks like ours',
      `${ALL}KEY="\nFITBIT_ACCESS_TOKEN=old\n"\n`,
      `${ALL}KEY="\nFITBIT_ACCESS_TOKEN=old\n"\n`,
    ],
    ['a commented-out line', `#FITBIT_ACCESS_TOKEN=old\n${ALL}`, `#FITBIT_ACCESS_TOKEN=old\n${ALL}`],
    ['a name twice: both are ours', `FITBIT_USER_ID=x\n${ALL}`, `FITBIT_USER_ID=ABC123\n${ALL}`],
    ['a comment where no value was', `FITBIT_USER_ID=# who\n${ALL}`, `FITBIT_USER_ID=ABC123 # who\n${ALL}`],
    ['an unclosed quote ends with its line', `FITBIT_USER_ID="x\n${ALL}`, `FITBIT_USER_ID="ABC123"\n${ALL}`],
    ['junk after a quote goes', `FITBIT_USER_ID='x'y'\r\n${ALL}`, `FITBIT_USER_ID='ABC123'\r\n${ALL}`],
    ['a byte order mark', `\ufeff${ALL}`, `\ufeff${ALL}`],
    ['lines of spaces', `   \n${ALL}\t\n`, `   \n${ALL}\t\n`],
    ['lines that are no assignments', `if [ 1 ]; then\n${ALL}fi\n`, `if [ 1 ]; then\n${ALL}fi\n`],
  ] as const;

  for (const [what, before, after] of CASES) {
    test(what, () => {
      expect(write('dotenv', before)).toBe(after);
      expect(write('dotenv', after), 'a second time').toBe(after);
    });
  }

  test('backticks, which a shell would execute, only around a plain value', () => {
    expect(write('dotenv', `${ALL}FITBIT_USER_ID=\`x\`\n`)).toContain('FITBIT_USER_ID=`ABC123`');
    const hostile = { ...NEW, userId: '$(touch x)' };
    expect(write('dotenv', `${ALL}FITBIT_USER_ID=\`x\`\n`, hostile)).toContain("\nFITBIT_USER_ID='$(touch x)'\n");
  });

  test('an emptied line keeps no spaces, after which Node 22 would read the next line as its value', () => {
    const { userId: _, ...anonymous } = NEW;
    const after = write('dotenv', `FITBIT_USER_ID = x\nMINE=1\n${ALL}`, anonymous);
    expect(after).toContain('FITBIT_USER_ID =\nMINE=1\n');
    expect(parseEnv(after)).toMatchObject({ FITBIT_USER_ID: '', MINE: '1' });
  });

  test('any lines', () => {
    const name = fc.stringMatching(/^[A-EG-Za-z_][A-Za-z0-9_]{0,8}$/).filter((text) => text !== 'export');
    // Not only spaces: Node 22 and later would read the next line as the value.
    const plain = fc.stringMatching(/^[A-Za-z0-9_./:@ +-]{0,12}$/).filter((text) => !/^ +$/.test(text));
    const quoted = fc.tuple(fc.constantFrom('"', "'", '`'), fc.stringMatching(/^[A-Za-z0-9 #=\n$]{0,12}$/));
    const line = fc.oneof(
      fc.tuple(fc.constantFrom('', 'export ', '  '), name, plain).map(([lead, key, value]) => `${lead}${key}=${value}`),
      fc.tuple(name, quoted).map(([key, [quote, value]]) => `${key}=${quote}${value}${quote}`),
      fc.stringMatching(/^[A-Za-z0-9 ="'`-]{0,12}$/).map((text) => `# ${text}`),
      // Not a line of spaces: Node 20 reads it as part of the next name. See the case above.
      fc.constantFrom('', 'FITBIT_ACCESS_TOKEN=old', "export FITBIT_USER_ID = 'old' # me", 'FITBIT_REFRESH_TOKEN='),
    );
    const check = (lines: readonly string[], lineBreak: string, end: boolean) => {
      const before = lines.join(lineBreak) + (end ? lineBreak : '');
      const after = write('dotenv', before);
      // What Node reads from the file, too, is as before, but for our names. Node 20 misreads a comment that no line break ends.
      expect(parseEnv(`${after}\n`)).toEqual({ ...parseEnv(`${before}\n`), ...parseEnv(ALL) });
      const kept = before.split('\n').filter((text) => !/FITBIT_/.test(text));
      const there = after.split('\n').filter((text) => !/FITBIT_/.test(text));
      expect(there.map((text) => text.trimEnd()).filter(Boolean)).toEqual(
        kept.map((text) => text.trimEnd()).filter(Boolean),
      );
      expect(write('dotenv', after)).toBe(after);
    };
    const args = [fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean()] as const;
    fc.assert(fc.property(...args, check), { numRuns: runs(500) });
  });
});

describe('a previous file is never mixed with another sign-in', () => {
  test('the tokens of an older grant are emptied, the app registration stays', () => {
    const { clientSecret: _, refreshToken: __, userId: ___, ...rest } = NEW;
    const json = write('notebook', '{"client_id":"x","client_secret":"mine","refresh_token":"old"}', rest);
    expect(JSON.parse(json)).toEqual({
      client_id: '23ABCD',
      client_secret: 'mine',
      refresh_token: null,
      access_token: 'acc',
    });
    const env = write('dotenv', 'FITBIT_CLIENT_SECRET=mine\nFITBIT_REFRESH_TOKEN="old"\nFITBIT_USER_ID=x\n', rest);
    expect(parseEnv(env)).toEqual({
      FITBIT_CLIENT_ID: '23ABCD',
      FITBIT_CLIENT_SECRET: 'mine',
      FITBIT_ACCESS_TOKEN: 'acc',
      FITBIT_REFRESH_TOKEN: '',
      FITBIT_USER_ID: '',
    });
  });

  for (const [what, id, previous] of [
    ['dotenv where JSON is wanted', 'notebook', 'A=canary-7f3a\n'],
    ['JSON where dotenv is wanted', 'dotenv', '{"a":"canary-7f3a"}'],
    ['damaged JSON', 'notebook', '{"access_token":"canary-7f3a"'],
    ['a list', 'notebook', '["canary-7f3a"]'],
    ['a profile of ours', 'notebook', '{"version":1,"redirect_uris":[],"access_token":"canary-7f3a"}'],
    ['a Google client file', 'go-oauth2', '{"web":{"client_secret":"canary-7f3a"}}'],
    ['a service account', 'notebook', '{"type":"service_account","private_key":"canary-7f3a"}'],
    ['a text that is not UTF-8', 'dotenv', 'A=caf\ufffd canary-7f3a\n'],
  ] as const) {
    test(`${what} is refused`, () => {
      const refusal = refusalOf(() => write(id, previous));
      expect(refusal.code).toBe('USAGE');
      expect(JSON.stringify(refusal)).not.toContain('canary-7f3a');
    });
  }
});
