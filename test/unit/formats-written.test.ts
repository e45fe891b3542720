import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { type Credentials, readSignIn } from '../../src/formats/read.ts';
import { FORMATS, formatNamed, write as writeFormat } from '../../src/formats/write.ts';
import { Secret } from '../../src/secret.ts';
import { runs } from '../extent.ts';

const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

const FITBIT = {
  provider: 'fitbit',
  clientId: '23ABCD',
  clientSecret: new Secret('sec'),
  accessToken: new Secret('acc'),
  refreshToken: new Secret('ref'),
  tokenType: 'Bearer',
  scopes: ['sleep', 'profile'],
  userId: 'ABC123',
  obtainedAt: new Date('2026-01-31T12:00:00.000Z'),
  expiresAt: new Date('2026-01-31T20:00:00.000Z'),
} as const satisfies Credentials;

const GOOGLE = {
  ...FITBIT,
  provider: 'google-health',
  clientId: '1-x.apps.googleusercontent.com',
  scopes: [`${PREFIX}sleep.readonly`, `${PREFIX}profile.readonly`],
} as const satisfies Credentials;

/** New files, to the byte: the field lists of the other programs, in their order, and nothing else. */
const FRESH = {
  notebook: [
    FITBIT,
    `{
  "client_id": "23ABCD",
  "client_secret": "sec",
  "access_token": "acc",
  "refresh_token": "ref"
}
`,
  ],
  dotenv: [
    FITBIT,
    `FITBIT_CLIENT_ID=23ABCD
FITBIT_CLIENT_SECRET=sec
FITBIT_ACCESS_TOKEN=acc
FITBIT_REFRESH_TOKEN=ref
FITBIT_USER_ID=ABC123
`,
  ],
  'python-fitbit': [
    FITBIT,
    `{
  "access_token": "acc",
  "refresh_token": "ref",
  "expires_at": 1769889600,
  "expires_in": 28800,
  "scope": [
    "sleep",
    "profile"
  ],
  "token_type": "Bearer",
  "user_id": "ABC123"
}
`,
  ],
  'fitbit-grafana': [
    GOOGLE,
    `{
  "provider": "google",
  "access_token": "acc",
  "refresh_token": "ref",
  "saved_at_utc": "2026-01-31T12:00:00.000+00:00",
  "expires_in": 28800
}
`,
  ],
  ghealth: [
    GOOGLE,
    `{
  "access_token": "acc",
  "refresh_token": "ref",
  "token_type": "Bearer",
  "expiry": "2026-01-31T20:00:00.000Z",
  "scopes": [
    "sleep.readonly",
    "profile.readonly"
  ]
}
`,
  ],
  'go-oauth2': [
    FITBIT,
    `{
  "access_token": "acc",
  "token_type": "Bearer",
  "refresh_token": "ref",
  "expiry": "2026-01-31T20:00:00.000Z"
}
`,
  ],
  'authorized-user': [
    GOOGLE,
    `{
  "type": "authorized_user",
  "client_id": "1-x.apps.googleusercontent.com",
  "client_secret": "sec",
  "refresh_token": "ref",
  "token": "acc",
  "expiry": "2026-01-31T20:00:00Z",
  "scopes": [
    "${PREFIX}sleep.readonly",
    "${PREFIX}profile.readonly"
  ]
}
`,
  ],
} as const;

const write = (id: string, credentials: Credentials, previous?: string) =>
  writeFormat(formatNamed(id), credentials, previous);

const plain = (credentials: object) =>
  Object.fromEntries(
    Object.entries(credentials).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]),
  );

function refusalOf(run: () => unknown): AuthError {
  try {
    run();
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
  throw new Error('It was written.');
}

describe('a new file has the fields of the other program, in its order, and no other', () => {
  for (const [id, [credentials, text]] of Object.entries(FRESH)) {
    test(id, () => expect(write(id, credentials)).toBe(text));
    test(`${id} over an empty file`, () => expect(write(id, credentials, ' \n').trimStart()).toBe(text));
  }

  test('the formats tried here are all there are', () => {
    expect(Object.keys(FRESH).sort()).toEqual(FORMATS.map(({ id }) => id).sort());
  });

  test('missing credentials are left out', () => {
    const { clientSecret: _, refreshToken: __, userId: ___, ...rest } = FITBIT;
    expect(Object.keys(JSON.parse(write('notebook', rest)))).toEqual(['client_id', 'access_token']);
    expect(write('dotenv', rest)).toBe('FITBIT_CLIENT_ID=23ABCD\nFITBIT_ACCESS_TOKEN=acc\n');
  });

  test('go-oauth2: a token without an expiry has Go’s zero time', () => {
    const { expiresAt: _, ...endless } = FITBIT;
    expect(JSON.parse(write('go-oauth2', endless)).expiry).toBe('0001-01-01T00:00:00Z');
  });
});

describe('what a format cannot hold is refused', () => {
  for (const { id, providers } of FORMATS) {
    const other = (['fitbit', 'google-health'] as const).find((provider) => !providers.includes(provider));
    if (other === undefined) continue;
    test(`${id}: a sign-in of ${other}`, () => {
      const refusal = refusalOf(() => write(id, other === 'fitbit' ? FITBIT : GOOGLE));
      expect(refusal.code).toBe('USAGE');
      expect(refusal.message).toContain(`doesn't support ${other}`);
    });
  }

  for (const [id, field, words] of [
    ['notebook', 'accessToken', 'access token'],
    ['dotenv', 'accessToken', 'access token'],
    ['python-fitbit', 'expiresAt', 'expiry time'],
    ['fitbit-grafana', 'refreshToken', 'refresh token'],
    ['ghealth', 'scopes', 'scopes'],
    ['go-oauth2', 'accessToken', 'access token'],
    ['authorized-user', 'clientSecret', 'client secret'],
  ] as const) {
    test(`${id} without ${words}`, () => {
      const { [field]: _, ...rest } = FRESH[id][0];
      const refusal = refusalOf(() => write(id, rest));
      expect(refusal.code).toBe('USAGE');
      expect(refusal.message).toContain(words);
    });
  }

  for (const [value, written] of [
    ['1//0aB-c_d.e+f=', '1//0aB-c_d.e+f='],
    ['a b', "'a b'"],
    ['a#b', "'a#b'"],
    ['$(touch x)', "'$(touch x)'"],
    ['`touch x`', "'`touch x`'"],
    ["it's", `"it's"`],
  ] as const) {
    test(`dotenv: quotes for ${value}, so that neither Node nor a shell interprets it`, () => {
      const text = write('dotenv', { ...FITBIT, userId: value });
      expect(text).toContain(`\nFITBIT_USER_ID=${written}\n`);
      expect(parseEnv(text).FITBIT_USER_ID).toBe(value);
    });
  }

  for (const value of ["it's $HOME", `'"`, `'\\`, 'a\tb', 'a\0b']) {
    test(`dotenv: no quotes hold ${JSON.stringify(value)}`, () => {
      expect(refusalOf(() => write('dotenv', { ...FITBIT, userId: value })).message).toContain('FITBIT_USER_ID');
    });
  }

  test('dotenv: a value with a line break, which would start a line of its own', () => {
    const refusal = refusalOf(() => write('dotenv', { ...FITBIT, userId: 'x\nFITBIT_CLIENT_ID=canary-7f3a' }));
    expect(refusal.message).toContain('FITBIT_USER_ID');
    expect(refusal.message).not.toContain('canary');
  });
});

describe('what is exported is read back the same', () => {
  const word = fc.stringMatching(/^[\w.~+/=-]{1,60}$/).filter((text) => !/^bearer|^1\/\/|^ya29/i.test(text));
  const time = fc.integer({ min: 100_000_000, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000));
  const scope = { fitbit: ['activity', 'sleep', 'oxygen_saturation'], 'google-health': GOOGLE.scopes } as const;
  const credentialsOf = (provider: 'fitbit' | 'google-health'): fc.Arbitrary<Credentials> =>
    fc
      .record({
        provider: fc.constant(provider),
        clientId: word,
        clientSecret: word.map((text) => new Secret(text)),
        accessToken: word.map((text) => new Secret(text)),
        refreshToken: word.map((text) => new Secret(text)),
        tokenType: fc.constantFrom('Bearer', 'bearer'),
        userId: word,
        scopes: fc.uniqueArray(fc.constantFrom(...scope[provider]), { minLength: 1 }),
        obtainedAt: time,
        lifetime: fc.integer({ min: 0, max: 31_536_000 }),
      })
      .map(({ lifetime, ...rest }) => ({ ...rest, expiresAt: new Date(rest.obtainedAt.getTime() + lifetime * 1000) }));

  const HOLDS = {
    notebook: ['clientId', 'clientSecret', 'accessToken', 'refreshToken'],
    'python-fitbit': ['accessToken', 'refreshToken', 'expiresAt', 'scopes', 'tokenType', 'userId'],
    'fitbit-grafana': ['provider', 'accessToken', 'refreshToken', 'obtainedAt'],
    ghealth: ['provider', 'accessToken', 'refreshToken', 'tokenType', 'expiresAt', 'scopes'],
    'go-oauth2': ['accessToken', 'refreshToken', 'tokenType', 'expiresAt'],
    'authorized-user': ['provider', 'clientId', 'clientSecret', 'accessToken', 'refreshToken', 'expiresAt', 'scopes'],
    dotenv: ['clientId', 'clientSecret', 'accessToken', 'refreshToken', 'userId'],
  } as const satisfies Record<keyof typeof FRESH, readonly (keyof Credentials)[]>;

  for (const [id, fields] of Object.entries(HOLDS)) {
    for (const provider of formatNamed(id).providers) {
      test(`${id}, a sign-in of ${provider}`, () => {
        const check = (credentials: Credentials) => {
          const found = readSignIn(write(id, credentials));
          const pick = (from: Credentials) => Object.fromEntries(fields.map((field) => [field, from[field]]));
          expect(plain(pick(found.credentials))).toEqual(plain(pick(credentials)));
          expect(found.notices).toEqual([]);
        };
        fc.assert(fc.property(credentialsOf(provider), check), { numRuns: runs(200) });
      });
    }
  }

  test('dotenv, by Node’s own reader', () => {
    const check = (credentials: Credentials) => {
      const { FITBIT_ACCESS_TOKEN, FITBIT_USER_ID } = parseEnv(write('dotenv', credentials));
      expect(FITBIT_ACCESS_TOKEN).toBe(credentials.accessToken?.reveal());
      expect(FITBIT_USER_ID).toBe(credentials.userId);
    };
    fc.assert(fc.property(credentialsOf('fitbit'), check), { numRuns: runs(200) });
  });
});
