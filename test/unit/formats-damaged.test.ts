import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { readClientFile, readSignIn } from '../../src/formats/read.ts';
import { FORMATS, write } from '../../src/formats/write.ts';
import { Secret } from '../../src/secret.ts';
import { runs } from '../extent.ts';

const CANARY = 'canary-7f3a';
const marked = (name: string) => `${name}-${CANARY}`;

/** A file of every format, full of marked secrets. */
const FILES = [
  { client_id: marked('id'), client_secret: marked('s'), access_token: marked('a'), refresh_token: marked('r') },
  {
    access_token: marked('a'),
    refresh_token: marked('r'),
    expires_at: 1769889600,
    expires_in: 28800,
    scope: ['sleep'],
  },
  {
    provider: 'fitbit',
    access_token: marked('a'),
    refresh_token: marked('r'),
    saved_at_utc: '2026-01-31T12:00:00Z',
    expires_in: 1,
  },
  {
    access_token: marked('a'),
    refresh_token: marked('r'),
    token_type: 'B',
    expiry: '2026-01-31T12:00:00Z',
    scopes: ['x'],
  },
  { access_token: marked('a'), token_type: 'Bearer', refresh_token: marked('r'), expiry: '2026-01-31T12:00:00Z' },
  {
    type: 'authorized_user',
    client_id: 'x',
    client_secret: marked('s'),
    refresh_token: marked('r'),
    token: marked('a'),
  },
  {
    version: 1,
    provider: 'fitbit',
    client_id: 'x',
    redirect_uris: ['x'],
    access_token: marked('a'),
    scope: 'x',
    expires_at: '2026-01-31T12:00:00Z',
  },
];
const DOTENV = `# c\nFITBIT_CLIENT_SECRET="${marked('s')}"\nexport FITBIT_ACCESS_TOKEN=${marked('a')} # c\nFITBIT_REFRESH_TOKEN='${marked('r')}'\n`;

const wrongValue = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    1e300,
    1e21,
    '',
    marked('x'),
    [marked('x')],
    [[marked('x')]],
    { x: marked('x') },
    'x'.repeat(9999),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** One field, maybe one that makes it another format's, given a wrong value or taken away. */
const wrongFields = fc
  .tuple(
    fc.constantFrom(...FILES),
    fc.array(
      fc.tuple(
        fc.constantFrom(...new Set(FILES.flatMap(Object.keys)), 'sandbox', '__proto__', 'installed', marked('name')),
        fc.option(wrongValue, { nil: undefined }),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([file, changes]) => {
    const fields = new Map<string, unknown>(Object.entries(file));
    for (const [name, value] of changes) fields.set(name, value);
    return JSON.stringify(Object.fromEntries(fields));
  });

const whole = fc.constantFrom(DOTENV, ...FILES.map((file) => JSON.stringify(file, null, 2)));
const truncated = fc.tuple(whole, fc.nat(400)).map(([text, length]) => text.slice(0, length));
const spliced = fc
  .tuple(
    whole,
    fc.nat(300),
    fc.nat(8),
    fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('"', '{', '}', ',', '\\', '\n', "'", '`', '=')),
  )
  .map(([text, at, gone, put]) => text.slice(0, at) + put + text.slice(at + gone));
const binary = fc.uint8Array({ maxLength: 200 }).map((bytes) => new TextDecoder('latin1').decode(bytes) + marked('x'));
const noise = fc.string({ unit: 'binary', maxLength: 200 });

/** Everything that a person or a log could be shown of an error. */
const shown = (error: AuthError) =>
  [error.message, error.stack, error.hint, JSON.stringify(error), inspect(error, { depth: 9 })].join('\n');

describe('damaged files (security.md: no secret appears in an error)', () => {
  for (const [what, content, numRuns] of [
    ['wrong fields', wrongFields, 1500],
    ['cut off anywhere', truncated, 1000],
    ['a few characters changed', spliced, 1500],
    ['binary', binary, 300],
    ['noise', noise, 300],
  ] as const) {
    test(`${what}: read, or refused with USAGE and without a value of theirs`, () => {
      let refused = 0;
      const check = (text: string) => {
        try {
          const { credentials } = readSignIn(text);
          expect(inspect(credentials, { depth: 9 })).not.toContain('a-canary');
          readClientFile(text);
        } catch (error) {
          if (!(error instanceof AuthError)) throw error;
          refused += 1;
          expect(error.code).toBe('USAGE');
          expect(error.cause).toBeUndefined();
          expect(shown(error)).not.toContain(CANARY);
        }
      };
      fc.assert(fc.property(content, check), { numRuns: runs(numRuns) });
      expect(refused).toBeGreaterThan(runs(numRuns) / 20);
    });

    test(`${what}: written over, or refused with USAGE and without a value of theirs`, () => {
      const credentials = {
        clientId: 'x',
        clientSecret: new Secret(marked('s')),
        accessToken: new Secret(marked('a')),
        refreshToken: new Secret(marked('r')),
        scopes: ['x'],
        expiresAt: new Date(0),
      };
      const check = (text: string) => {
        for (const format of FORMATS) {
          try {
            write(format, credentials, text);
          } catch (error) {
            if (!(error instanceof AuthError)) throw error;
            expect(error.code).toBe('USAGE');
            expect(shown(error)).not.toContain(CANARY);
          }
        }
      };
      fc.assert(fc.property(content, check), { numRuns: runs(numRuns / 10) });
    });
  }

  test('reading a long text takes time linear in its length', () => {
    const length = 128 * 1024;
    const fillers = [...' "\\#{[,\n=]:', 'A=\n', 'A="\n', "A='x\n", 'export ', '[a]\n', 'a:\n', '{},', '] '];
    const texts = fillers.flatMap((filler) => {
      const text = filler.repeat(Math.floor(length / filler.length));
      return [`A=${text}x`, `${text}x`, JSON.stringify({ access_token: 'a', scope: text.slice(0, length / 3) })];
    });
    const copies = `[${'{"access_token":"a"},'.repeat(5_000)}{}]`;
    const others = `[${Array.from({ length: 5_000 }, (_, at) => `{"refresh_token":"${at}"}`).join()}]`;
    for (const content of [...texts, copies, others]) {
      try {
        readSignIn(content);
      } catch (error) {
        if (!(error instanceof AuthError)) throw error;
      }
    }
  });
});
