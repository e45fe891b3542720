import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { FORMATS, formatNamed, recognise } from '../../src/formats/formats.ts';
import { Secret } from '../../src/secret.ts';

const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';
const TOKENS = { access_token: 'acc', refresh_token: 'ref' };
const SECRETS = { accessToken: new Secret('acc'), refreshToken: new Secret('ref') };
const CLIENT = { client_id: '23ABCD', client_secret: 'sec' };
const REGISTRATION = { clientId: '23ABCD', clientSecret: new Secret('sec') };
const NOON = new Date('2026-01-31T12:00:00Z');
const EVENING = new Date('2026-01-31T20:00:00Z');

/** `[what it is, content, format, credentials]`: files as the other programs write them. */
const KNOWN = [
  ['a notebook, before the first sign-in', CLIENT, 'notebook', REGISTRATION],
  ['a notebook', { ...CLIENT, ...TOKENS }, 'notebook', { ...REGISTRATION, ...SECRETS }],
  [
    'a notebook with fields of its own',
    { ...CLIENT, ...TOKENS, provider: 'me' },
    'notebook',
    { ...REGISTRATION, ...SECRETS },
  ],
  ['a notebook with empty fields', { ...CLIENT, access_token: '', refresh_token: null }, 'notebook', REGISTRATION],
  ['fitbit-grafana’s file, by hand', { refresh_token: 'ref' }, 'notebook', { refreshToken: SECRETS.refreshToken }],
  [
    'dotenv',
    '# mine\r\nexport FITBIT_CLIENT_ID = "23ABCD"\r\nFITBIT_CLIENT_SECRET=\'sec\' # s\r\nFITBIT_USER_ID=ABC123\r\n',
    'dotenv',
    { ...REGISTRATION, userId: 'ABC123' },
  ],
  [
    'dotenv, a name twice',
    'FITBIT_ACCESS_TOKEN=old\nFITBIT_ACCESS_TOKEN=acc',
    'dotenv',
    { accessToken: SECRETS.accessToken },
  ],
  [
    'dotenv beside a value of many lines',
    'NOTE="\nFITBIT_ACCESS_TOKEN=no\n"\nFITBIT_REFRESH_TOKEN=ref\n',
    'dotenv',
    { refreshToken: SECRETS.refreshToken },
  ],
  [
    'python-fitbit',
    {
      ...TOKENS,
      expires_at: 1769889600.25,
      expires_in: 28800,
      scope: ['sleep'],
      token_type: 'Bearer',
      user_id: 'ABC123',
    },
    'python-fitbit',
    {
      ...SECRETS,
      provider: 'fitbit',
      scopes: ['sleep'],
      tokenType: 'Bearer',
      userId: 'ABC123',
      obtainedAt: new Date(NOON.getTime() + 250),
      expiresAt: new Date(EVENING.getTime() + 250),
    },
  ],
  [
    'python-fitbit, with scopes as the server says them',
    { access_token: 'acc', expires_at: 1769889600, scope: 'sleep activity' },
    'python-fitbit',
    { accessToken: SECRETS.accessToken, provider: 'fitbit', scopes: ['sleep', 'activity'], expiresAt: EVENING },
  ],
  [
    'fitbit-grafana for Fitbit',
    { provider: 'fitbit', ...TOKENS, saved_at_utc: '2026-01-31T12:00:00.000999+00:00', expires_in: 28800 },
    'fitbit-grafana',
    { ...SECRETS, provider: 'fitbit', obtainedAt: NOON, expiresAt: EVENING },
  ],
  [
    'fitbit-grafana for Google',
    { provider: 'Google', ...TOKENS, saved_at_utc: '2026-01-31T12:00:00' },
    'fitbit-grafana',
    { ...SECRETS, provider: 'google-health', obtainedAt: NOON },
  ],
  [
    'ghealth',
    { ...TOKENS, token_type: 'Bearer', expiry: '2026-01-31T21:00:00.5+01:00', scopes: ['sleep.readonly', 'openid'] },
    'ghealth',
    {
      ...SECRETS,
      provider: 'google-health',
      tokenType: 'Bearer',
      expiresAt: new Date(EVENING.getTime() + 500),
      scopes: [`${PREFIX}sleep.readonly`, 'openid'],
    },
  ],
  [
    'Go, with nanoseconds',
    { access_token: 'acc', token_type: 'Bearer', refresh_token: 'ref', expiry: '2026-01-31T21:00:00.123456789+01:00' },
    'go-oauth2',
    { ...SECRETS, tokenType: 'Bearer', expiresAt: new Date(EVENING.getTime() + 123) },
  ],
  ['Go, a token that does not end', { ...TOKENS, expiry: '0001-01-01T00:00:00Z' }, 'go-oauth2', SECRETS],
  [
    'authorized_user',
    { type: 'authorized_user', ...CLIENT, refresh_token: 'ref', account: '', quota_project_id: 'p' },
    'authorized-user',
    { ...REGISTRATION, provider: 'google-health', refreshToken: SECRETS.refreshToken },
  ],
  [
    'Python’s token.json, which has no type',
    { token: 'acc', refresh_token: 'ref', ...CLIENT, scopes: ['a', 'b'], expiry: '2026-01-31T20:00:00.000000Z' },
    'authorized-user',
    { ...REGISTRATION, ...SECRETS, provider: 'google-health', scopes: ['a', 'b'], expiresAt: EVENING },
  ],
  [
    'a profile of ours',
    {
      version: 1,
      provider: 'fitbit',
      ...CLIENT,
      redirect_uris: ['http://127.0.0.1:8976/callback'],
      requested_scope: 'sleep',
      ...TOKENS,
      token_type: 'Bearer',
      scope: 'sleep profile',
      user_id: 'ABC123',
      obtained_at: '2026-01-31T12:00:00.000Z',
      expires_at: '2026-01-31T20:00:00.000Z',
    },
    'fitbit-login',
    {
      ...REGISTRATION,
      ...SECRETS,
      provider: 'fitbit',
      tokenType: 'Bearer',
      scopes: ['sleep', 'profile'],
      userId: 'ABC123',
      obtainedAt: NOON,
      expiresAt: EVENING,
    },
  ],
] as const;

/** `[what it is, content, what the message must say]`. */
const REFUSED = [
  ['nothing', '', /is empty/],
  ['blanks', ' \r\n\t', /is empty/],
  ['only a byte order mark', '\ufeff', /is empty/],
  ['a program', '\u007fELF\u0000\u0001', /is binary/],
  ['a text in another encoding', 'FITBIT_ACCESS_TOKEN=caf\ufffd', /not UTF-8/],
  ['10 MB', `{"access_token":"${'a'.repeat(10_000_000)}"}`, /larger than 1 MiB/],
  ['a list', '[{"access_token":"acc"}]', /JSON, but not an object/],
  ['a text', '"acc"', /JSON, but not an object/],
  ['truncated JSON', '{"access_token":"acc","refr', /begins like JSON, but it is cut off/],
  ['JSON that ends early', '{"access_token":"acc"', /begins like JSON, but it is cut off/],
  ['JSON with a comma missing', '{\n  "access_token":"acc"\n  "x":1}', /damaged at line 3, column 3/],
  ['deep JSON', `{"access_token":"acc","x":${'['.repeat(200)}${']'.repeat(200)}}`, /deeper than 100/],
  ['very deep JSON', `{"x":${'['.repeat(300_000)}${']'.repeat(300_000)}}`, /deeper than 100/],
  ['another object', '{"name":"x"}', /neither access_token, nor refresh_token, nor client_id/],
  ['fields that a prototype has', '{"__proto__":{"access_token":"acc"},"constructor":1}', /neither access_token/],
  ['a text file', 'Dear diary,\nnothing today.\n', /neither JSON nor a dotenv file/],
  ['another dotenv', 'PATH=/bin\nTOKEN=acc\n', /neither JSON nor a dotenv file/],
  ['dotenv with a user id only', 'FITBIT_USER_ID=ABC123', /a dotenv file, but holds neither a token nor a client id/],
  ['a token that is a number', '{"access_token":12}', /notebook.*access_token is not a text/],
  ['a client id that is a list', '{"client_id":["x"],"access_token":"acc"}', /client_id is not a text/],
  [
    'scopes that are no texts',
    '{"access_token":"a","expires_at":1,"scope":[1]}',
    /scope is neither a list of texts nor a text/,
  ],
  [
    'milliseconds',
    '{"access_token":"a","expires_at":1769889600000,"scope":["x"]}',
    /expires_at is not a number of seconds/,
  ],
  ['a negative span', '{"access_token":"a","expires_at":1,"expires_in":-1,"scope":["x"]}', /expires_in is negative/],
  ['a time in words', '{"access_token":"a","expiry":"tomorrow"}', /expiry is not a time such as 2026-01-31T12:00:00Z/],
  ['a month 13', '{"access_token":"a","expiry":"2026-13-01T00:00:00Z"}', /expiry is not a time/],
  [
    'a provider unknown to fitbit-grafana',
    '{"provider":"x","refresh_token":"r"}',
    /provider is neither fitbit nor google/,
  ],
  ['authorized_user without its token', '{"type":"authorized_user","client_id":"c"}', /refresh_token is missing/],
  [
    'a profile of a later version',
    '{"version":2,"redirect_uris":[]}',
    /version is not one that this fitbit-login knows/,
  ],
  [
    'a profile of the sandbox',
    '{"version":1,"provider":"fitbit","sandbox":"http://[::1]:1","client_id":"x","redirect_uris":[]}',
    /sandbox is there: tokens of the sandbox work nowhere else/,
  ],
  ['a Desktop client', '{"installed":{"client_id":"c","client_secret":"s"}}', /client file of a Google app/],
  ['a Web client', '{"web":{"client_id":"c","client_secret":"s"}}', /client file of a Google app/],
  ['a service account', '{"type":"service_account","client_id":"1"}', /of a service, not of a person/],
] as const;

const contentOf = (value: string | object) => (typeof value === 'string' ? value : JSON.stringify(value));

function refusalOf(run: () => unknown): AuthError {
  try {
    run();
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
  throw new Error('It was taken.');
}

/** Secrets compared by value. */
const plain = (credentials: object) =>
  Object.fromEntries(
    Object.entries(credentials).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]),
  );

describe('a file is known by its content', () => {
  for (const [name, content, id, credentials] of KNOWN) {
    test(name, () => {
      const found = recognise(contentOf(content));
      expect(found.format.id).toBe(id);
      expect(plain(found.credentials)).toEqual(plain(credentials));
    });

    test(`${name}, from Windows`, () => {
      const lines = typeof content === 'string' ? content : JSON.stringify(content, null, 4);
      const found = recognise(`\ufeff${lines.replaceAll(/\r?\n/g, '\r\n')}`);
      expect(found.format.id).toBe(id);
      expect(plain(found.credentials)).toEqual(plain(credentials));
    });
  }

  test('no secret prints by accident', () => {
    const { credentials } = recognise(contentOf({ ...CLIENT, access_token: 'canary-7f3a' }));
    expect(JSON.stringify(credentials)).not.toContain('canary-7f3a');
  });
});

describe('what is not of any format is refused, and the message says why', () => {
  for (const [name, content, message] of REFUSED) {
    test(name, () => {
      const refusal = refusalOf(() => recognise(content));
      expect(refusal.code).toBe('USAGE');
      expect(refusal.message).toMatch(message);
      expect(refusal.preserved).toBe('Nothing was changed.');
      expect(refusal.cause).toBeUndefined();
    });
  }

  test('a client file is answered with the command that takes it', () => {
    expect(refusalOf(() => recognise('{"installed":{}}')).hint).toContain('login --client-secret-file');
  });
});

describe('a format has a name', () => {
  test('each is found by its own, and no two share one', () => {
    for (const format of FORMATS) expect(formatNamed(format.id)).toBe(format);
    expect(new Set(FORMATS.map(({ id }) => id)).size).toBe(FORMATS.length);
  });

  test('another name is refused with the names that exist', () => {
    const refusal = refusalOf(() => formatNamed('netrc'));
    expect(refusal.code).toBe('USAGE');
    for (const { id } of FORMATS) expect(refusal.hint).toContain(id);
  });

  test('whose program refreshes by itself', () => {
    expect(FORMATS.filter(({ refreshesByItself }) => !refreshesByItself).map(({ id }) => id)).toEqual([
      'notebook',
      'dotenv',
    ]);
  });
});
