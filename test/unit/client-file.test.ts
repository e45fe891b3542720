import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { type ClientFile, parseClientFile } from '../../src/usecases/client-file.ts';

const SECRET = 'c0ffee00c0ffee00c0ffee00c0ffee00';

interface Case {
  readonly name: string;
  readonly content: string;
  readonly format: ClientFile['format'];
  readonly id?: string;
  readonly secret?: string;
}

const READ: readonly Case[] = [
  { name: 'the secret alone', content: SECRET, format: 'raw secret', secret: SECRET },
  { name: 'the secret with a line break', content: `${SECRET}\n`, format: 'raw secret', secret: SECRET },
  { name: 'the secret with CRLF and a BOM', content: `\ufeff${SECRET}\r\n`, format: 'raw secret', secret: SECRET },
  { name: 'a secret with = in it', content: 'GOCSPX-a=b=', format: 'raw secret', secret: 'GOCSPX-a=b=' },
  {
    name: 'dotenv',
    content: `FITBIT_CLIENT_ID=23ABCD\nFITBIT_CLIENT_SECRET=${SECRET}\n`,
    format: 'dotenv',
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv with quotes, export, comments and blank lines',
    content: `# my app\n\nexport FITBIT_CLIENT_ID="23ABCD" # the id\nexport FITBIT_CLIENT_SECRET='${SECRET}'\nOTHER=1\n`,
    format: 'dotenv',
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv with CRLF, a BOM and blanks around =',
    content: `\ufeffFITBIT_CLIENT_ID = 23ABCD\r\nFITBIT_CLIENT_SECRET = ${SECRET}\r\n`,
    format: 'dotenv',
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv with the shorter names, in small letters',
    content: `client_id=23ABCD\nclient_secret=${SECRET}`,
    format: 'dotenv',
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv whose FITBIT_ names go before others',
    content: `CLIENT_SECRET=of-something-else\nFITBIT_CLIENT_SECRET=${SECRET}`,
    format: 'dotenv',
    secret: SECRET,
  },
  { name: 'dotenv with the secret alone', content: `CLIENT_SECRET=${SECRET}`, format: 'dotenv', secret: SECRET },
  {
    name: 'dotenv of a public client',
    content: 'FITBIT_CLIENT_ID=23ABCD\nFITBIT_CLIENT_SECRET=\n',
    format: 'dotenv',
    id: '23ABCD',
  },
  {
    name: 'the notebook’s .env, which is JSON, with the tokens it wrote back',
    content: JSON.stringify({
      client_id: '23ABCD',
      client_secret: SECRET,
      access_token: 'a',
      refresh_token: 'r',
      n: 1,
    }),
    format: 'JSON',
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'JSON with a BOM, CRLF and blanks in the values',
    content: `\ufeff{\r\n "client_id": " 23ABCD ",\r\n "client_secret": "${SECRET}\\n"\r\n}\r\n`,
    format: 'JSON',
    id: '23ABCD',
    secret: SECRET,
  },
  ...['installed', 'web'].map((type) => ({
    name: `Google’s download for a client of the type ${type}`,
    content: JSON.stringify({ [type]: { client_id: '1-a.apps.googleusercontent.com', client_secret: SECRET } }),
    format: 'JSON' as const,
    id: '1-a.apps.googleusercontent.com',
    secret: SECRET,
  })),
  { name: 'JSON of a public client', content: '{"client_id":"23ABCD"}', format: 'JSON', id: '23ABCD' },
];

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'empty'],
  ['blanks', ' \r\n\t', 'empty'],
  ['a BOM alone', '\ufeff', 'empty'],
  ['damaged JSON', `{"client_id":"23ABCD","client_secret":"${SECRET}"`, 'damaged'],
  ['JSON whose secret is a number', `{"client_secret":123456789,"client_id":"${SECRET}"}`, 'not a text'],
  ['JSON whose secret is null', '{"client_id":"23ABCD","client_secret":null}', 'not a text'],
  ['JSON of something else', `{"settings":{"client_secret":"${SECRET}"}}`, 'without client_id'],
  ['Google’s download, emptied', '{"installed":{}}', 'without client_id'],
  ['JSON with empty values', '{"client_id":"","client_secret":" "}', 'without client_id'],
  ['dotenv with empty values', 'FITBIT_CLIENT_ID=\nFITBIT_CLIENT_SECRET=""', 'are empty'],
  ['prose', `My secret is ${SECRET}, keep it safe.`, 'neither one word'],
  ['two lines', `23ABCD\n${SECRET}`, 'neither one word'],
  ['bytes', `\u0000\u0001\ufffd${SECRET}`, 'neither one word'],
  ['letters beyond ASCII', `gehéim-${SECRET}`, 'neither one word'],
];

function refusal(content: string): AuthError {
  try {
    parseClientFile(content);
  } catch (thrown) {
    if (thrown instanceof AuthError) return thrown;
    throw thrown;
  }
  throw new Error('It was not refused.');
}

describe('a client file', () => {
  test.each(READ)('is read: $name', ({ content, format, id, secret }) => {
    const found = parseClientFile(content);
    expect({ format: found.format, id: found.id, secret: found.secret?.reveal() }).toEqual({ format, id, secret });
  });

  test.each(REFUSED)('is refused: %s', (_name, content, why) => {
    const error = refusal(content);
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(why);
    expect(error.hint).toContain('client_secret');
  });

  test.each(REFUSED)('is refused without repeating a value of it: %s', (_name, content) => {
    const error = refusal(content);
    const shown = [JSON.stringify(error), error.stack, String(error.cause)].join();
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain('23ABCD');
    expect(shown).not.toContain('123456789');
  });

  test('whatever it holds, is read or refused as USAGE, and any word alone is the secret', () => {
    const content = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.string().map((text) => `{${text}`),
    );
    fc.assert(
      fc.property(content, (text) => {
        try {
          const { id, secret } = parseClientFile(text);
          expect(id || secret?.reveal()).toBeTruthy();
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'AuthError', code: 'USAGE' });
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_~.-]{1,80}$/), (word) => {
        expect(parseClientFile(`${word}\n`).secret?.reveal()).toBe(word);
      }),
    );
  });
});
