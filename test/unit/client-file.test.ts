import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { readClientFile } from '../../src/formats/read.ts';
import { runs } from '../extent.ts';

const SECRET = 'c0ffee00c0ffee00c0ffee00c0ffee00';

interface Case {
  readonly name: string;
  readonly content: string;
  readonly id?: string;
  readonly secret?: string;
}

const READ: readonly Case[] = [
  { name: 'the secret alone', content: SECRET, secret: SECRET },
  { name: 'the secret with a line break', content: `${SECRET}\n`, secret: SECRET },
  { name: 'the secret with CRLF and a BOM', content: `\ufeff${SECRET}\r\n`, secret: SECRET },
  { name: 'a secret with = in it', content: 'GOCSPX-a=b=', secret: 'GOCSPX-a=b=' },
  {
    name: 'dotenv',
    content: `FITBIT_CLIENT_ID=23ABCD\nFITBIT_CLIENT_SECRET=${SECRET}\n`,
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv with quotes, export, comments and blank lines',
    content: `# my app\n\nexport FITBIT_CLIENT_ID="23ABCD" # the id\nexport FITBIT_CLIENT_SECRET='${SECRET}'\nOTHER=1\n`,
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv with CRLF, a BOM and spaces around =',
    content: `\ufeffFITBIT_CLIENT_ID = 23ABCD\r\nFITBIT_CLIENT_SECRET = ${SECRET}\r\n`,
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv with the shorter names, in small letters',
    content: `client_id=23ABCD\nclient_secret=${SECRET}`,
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'dotenv whose FITBIT_ names go before others',
    content: `CLIENT_SECRET=of-something-else\nFITBIT_CLIENT_SECRET=${SECRET}`,
    secret: SECRET,
  },
  { name: 'dotenv with the secret alone', content: `CLIENT_SECRET=${SECRET}`, secret: SECRET },
  {
    name: 'dotenv of a public client',
    content: 'FITBIT_CLIENT_ID=23ABCD\nFITBIT_CLIENT_SECRET=\n',
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
    id: '23ABCD',
    secret: SECRET,
  },
  {
    name: 'JSON with a BOM, CRLF and spaces in the values',
    content: `\ufeff{\r\n "client_id": " 23ABCD ",\r\n "client_secret": "${SECRET}\\n"\r\n}\r\n`,
    id: '23ABCD',
    secret: SECRET,
  },
  ...['installed', 'web'].map((type) => ({
    name: `Google’s download for a client of the type ${type}`,
    content: JSON.stringify({ [type]: { client_id: '1-a.apps.googleusercontent.com', client_secret: SECRET } }),
    id: '1-a.apps.googleusercontent.com',
    secret: SECRET,
  })),
  {
    name: 'a list of one',
    content: JSON.stringify([{ installed: { client_id: '1-a.apps.googleusercontent.com', client_secret: SECRET } }]),
    id: '1-a.apps.googleusercontent.com',
    secret: SECRET,
  },
  { name: 'INI', content: `[fitbit]\nclient_id = 23ABCD\nclient_secret = ${SECRET}\n`, id: '23ABCD', secret: SECRET },
  { name: 'TOML', content: `[app]\nclient_id = "23ABCD"\nclient_secret = "${SECRET}"\n`, id: '23ABCD', secret: SECRET },
  { name: 'a secret in quotes', content: `"${SECRET}"\n`, secret: SECRET },
  { name: 'JSON without a secret in it', content: '{"client_id":"23ABCD","client_secret":null}', id: '23ABCD' },
  { name: 'JSON of a public client', content: '{"client_id":"23ABCD"}', id: '23ABCD' },
];

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'empty'],
  ['a BOM alone', '\ufeff', 'empty'],
  ['damaged JSON', `{"client_id":"23ABCD","client_secret":"${SECRET}"`, 'truncated'],
  ['JSON whose secret is a number', '{"client_secret":123456789,"client_id":"23ABCD"}', 'must be a string'],
  ['Google’s download, emptied', '{"installed":{}}', 'no client ID'],
  ['JSON with empty values', '{"client_id":"","client_secret":" "}', 'empty'],
  ['dotenv with empty values', 'FITBIT_CLIENT_ID=\nFITBIT_CLIENT_SECRET=""', 'empty'],
  ['one name without a value', 'FITBIT_CLIENT_SECRET=', 'empty'],
  ['prose', `My secret is ${SECRET}, keep it safe.`, 'not one word'],
  ['two lines', `23ABCD\n${SECRET}`, 'not one word'],
  ['bytes', `\u0000\u0001\ufffd${SECRET}`, "isn't UTF-8"],
  ['letters beyond ASCII', `gehéim-${SECRET}`, 'not one word'],
  ['JSON cut short, in quotes', `"[${SECRET}"`, 'not one word'],
  ['a service account', `{"type":"service_account","client_id":"1234","private_key":"${SECRET}"}`, 'service-account'],
  ['gcloud’s own', `{"client_id":"32555940559.apps.googleusercontent.com","client_secret":"${SECRET}"}`, 'gcloud'],
  ['a secret with a space', `{"client_id":"23ABCD","client_secret":"${SECRET} x"}`, 'spaces'],
  ['a placeholder', '{"client_id":"23ABCD","client_secret":"<your secret>"}', 'placeholder'],
  ['two apps', `{"one":{"client_id":"1"},"two":{"client_id":"2"}}`, '2 apps: one, two'],
];

function refusal(content: string): AuthError {
  try {
    readClientFile(content);
  } catch (thrown) {
    if (thrown instanceof AuthError) return thrown;
    throw thrown;
  }
  throw new Error('It was not refused.');
}

describe('a client file', () => {
  test.each(READ)('is read: $name', ({ content, id, secret }) => {
    const found = readClientFile(content);
    expect({ id: found.id, secret: found.secret?.reveal() }).toEqual({ id, secret });
  });

  test.each(REFUSED)('is refused: %s', (_name, content, why) => {
    const error = refusal(content);
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(why);
    expect(error.hint).not.toBe('');
  });

  test.each(REFUSED)('is refused without repeating a value of it: %s', (_name, content) => {
    const error = refusal(content);
    const shown = [JSON.stringify(error), error.stack, String(error.cause)].join();
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain('23ABCD');
    expect(shown).not.toContain('123456789');
  });

  test('of a custom provider may have a secret of any printable characters, but no control characters', () => {
    const any = { anyPrintable: true };
    expect(readClientFile('my sécret phrase\n', any).secret?.reveal()).toBe('my sécret phrase');
    expect(readClientFile('{"client_id":"x","client_secret":"a é"}', any).secret?.reveal()).toBe('a é');
    expect(() => readClientFile('{"client_id":"x","client_secret":"a\\u001bé"}', any)).toThrow('control');
  });

  test('with any content is read or refused as USAGE, and a single word is the secret', () => {
    const content = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.string().map((text) => `{${text}`),
    );
    fc.assert(
      fc.property(content, (text) => {
        try {
          const { id, secret } = readClientFile(text);
          expect(id || secret?.reveal()).toBeTruthy();
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'AuthError', code: 'USAGE' });
        }
      }),
      { numRuns: runs(500) },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_~.-]{8,80}$/), (word) => {
        expect(readClientFile(`${word}\n`).secret?.reveal()).toBe(word);
      }),
    );
  });
});
