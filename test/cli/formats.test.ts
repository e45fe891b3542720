import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { type Credentials, readSignIn } from '../../src/formats/read.ts';
import { FORMATS } from '../../src/formats/write.ts';
import { Secret } from '../../src/secret.ts';
import { longTest, runs, some } from '../extent.ts';
import { type ProgramFixture, programFixture, APP as SANDBOX_APP } from './program.ts';

const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';
const GOOGLE_ID = '1-a.apps.googleusercontent.com';
const GCLOUD_ID = '764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com';
const TOKENS = { access_token: 'acc', refresh_token: 'ref' };
const APP = { client_id: '23ABCD', client_secret: 'sec' };

/** Credentials with their secrets in the open. */
type Plain = { readonly [K in keyof Credentials]?: Credentials[K] | string };
const BOTH: Plain = { accessToken: 'acc', refreshToken: 'ref' };
const ALL: Plain = { clientId: '23ABCD', clientSecret: 'sec', ...BOTH };
const NOON = new Date('2026-11-27T14:00:00Z');

interface Row {
  /** What it is, or who writes it so. */
  readonly what: string;
  /** A text, bytes, or an object that is written as JSON. */
  readonly input: string | Uint8Array | object;
  /** What is read from it, at least; exactly the tokens and the app. */
  readonly right: Plain;
  /** A field that is named since it could not be read. */
  readonly named?: string;
  readonly entry?: string;
}

const HOME_ASSISTANT = {
  version: 1,
  key: 'core.config_entries',
  data: {
    entries: [
      {
        domain: 'spotify',
        created_at: '2025-01-01T00:00:00+00:00',
        data: { token: { access_token: 'x', refresh_token: 'y' } },
      },
      {
        domain: 'fitbit',
        created_at: '2025-01-01T00:00:00+00:00',
        data: {
          auth_implementation: 'fitbit_a',
          token: { ...TOKENS, expires_in: 28800, expires_at: NOON.getTime() / 1000, scope: 'sleep', user_id: 'ABC' },
        },
      },
    ],
  },
};
const RCLONE =
  '{"access_token":"acc","token_type":"Bearer","refresh_token":"ref","expiry":"2026-11-27T23:00:00.5+09:00"}';
const TWO = { ann: TOKENS, bob: { access_token: 'b-acc', refresh_token: 'b-ref' } };

const READ: readonly Row[] = [
  // Row 2: values are cleaned.
  {
    what: 'spaces, line breaks and Bearer',
    input: { client_id: ' 23ABCD\n', client_secret: 'sec\n', access_token: 'Bearer acc', refresh_token: 'ref\r\n' },
    right: ALL,
  },
  {
    what: 'quotes within quotes',
    input: { client_id: '"23ABCD"', client_secret: "'sec'", access_token: '“acc”', refresh_token: '`ref`' },
    right: ALL,
  },
  {
    what: 'empty and null fields',
    input: { ...APP, ...TOKENS, scope: null, expires_at: '', user_id: ' ' },
    right: ALL,
  },
  // Row 3: scopes in every spelling.
  {
    what: 'scopes with a comma',
    input: { ...TOKENS, scope: 'activity,sleep' },
    right: { ...BOTH, scopes: ['activity', 'sleep'] },
  },
  {
    what: 'scopes with a plus',
    input: { ...TOKENS, scope: 'activity+sleep' },
    right: { ...BOTH, scopes: ['activity', 'sleep'] },
  },
  {
    what: 'scopes as Python prints a list',
    input: { ...TOKENS, scope: "['activity', u'sleep']" },
    right: { ...BOTH, scopes: ['activity', 'sleep'] },
  },
  {
    what: 'scopes as a list',
    input: { ...TOKENS, scope: ['activity', 'sleep', 'sleep'] },
    right: { ...BOTH, scopes: ['activity', 'sleep'] },
  },
  {
    what: 'the name scopes',
    input: { ...TOKENS, scopes: 'activity sleep' },
    right: { ...BOTH, scopes: ['activity', 'sleep'] },
  },
  {
    what: 'Google’s scopes in short, as ghealth writes them',
    input: { ...TOKENS, scopes: ['sleep.readonly', 'openid'] },
    right: { ...BOTH, provider: 'google-health', scopes: [`${PREFIX}sleep.readonly`, 'openid'] },
  },
  {
    what: 'scopes that are none',
    input: { ...TOKENS, scope: 'sleep \u001b[0m' },
    right: { ...BOTH, scopes: undefined },
    named: 'scope',
  },
  {
    what: 'scopes that are numbers',
    input: { ...TOKENS, scope: [1] },
    right: { ...BOTH, scopes: undefined },
    named: 'scope',
  },
  // Row 4: times in every form, numbers for user IDs.
  ...(
    [
      ['seconds', 'expires_at', 1795788000],
      ['seconds with a fraction, as a text', 'expires_at', '1795788000.0'],
      ['milliseconds', 'expires_at', 1795788000000],
      ['milliseconds as a text, with a fraction', 'expires_at', '1795788000000.5'],
      ['ISO with an offset', 'expires_at', '2026-11-27T23:00:00+09:00'],
      ['ISO without an offset, in UTC', 'expires_at', '2026-11-27 14:00:00'],
      ['ISO with nanoseconds', 'expiry', '2026-11-27T14:00:00.000123456Z'],
      ['HTTP’s form', 'expires_at', 'Fri, 27 Nov 2026 14:00:00 GMT'],
      ['expires', 'expires', 1795788000],
      ['expiry_date of Google’s Node library', 'expiry_date', 1795788000000],
      ['token_expiry of oauth2client', 'token_expiry', '2026-11-27T14:00:00Z'],
      ['expiresAt of JavaScript', 'expiresAt', '2026-11-27T14:00:00.000Z'],
    ] as const
  ).map(([what, field, value]) => ({
    what: `a time: ${what}`,
    input: { ...TOKENS, [field]: value },
    right: { ...BOTH, expiresAt: NOON },
  })),
  {
    what: 'created and expires_in',
    input: { ...TOKENS, created: 1795759200, expires_in: '28800' },
    right: { ...BOTH, obtainedAt: new Date(1795759200000), expiresAt: NOON },
  },
  {
    what: 'simple-oauth2',
    input: {
      access_token: 'acc',
      expires_in: 28800,
      refresh_token: 'ref',
      scope: 'sleep',
      token_type: 'Bearer',
      user_id: 'ABC',
      expires_at: '2026-11-27T14:00:00.000Z',
    },
    right: { ...BOTH, scopes: ['sleep'], userId: 'ABC', tokenType: 'Bearer', expiresAt: NOON },
  },
  {
    what: 'saved_at_utc and expires_in, of fitbit-grafana',
    input: { provider: 'fitbit', ...TOKENS, saved_at_utc: '2026-11-27T06:00:00.000999+00:00', expires_in: 28800 },
    right: { ...BOTH, provider: 'fitbit', expiresAt: NOON },
  },
  {
    what: 'a lifetime without a beginning',
    input: { ...TOKENS, expires_in: 28800 },
    right: { ...BOTH, expiresAt: undefined },
  },
  {
    what: 'the end of Google’s grant',
    input: { ...TOKENS, created: 1795788000, refresh_token_expires_in: 3600 },
    right: { ...BOTH, refreshExpiresAt: new Date('2026-11-27T15:00:00Z') },
  },
  {
    what: 'Go’s zero time',
    input: { ...TOKENS, expiry: '0001-01-01T00:00:00Z' },
    right: { ...BOTH, expiresAt: new Date('0001-01-01T00:00:00Z') },
  },
  {
    what: 'a time that is none',
    input: { ...TOKENS, expires_at: 'soon' },
    right: { ...BOTH, expiresAt: undefined },
    named: 'expires_at',
  },
  {
    what: 'a lifetime where a time belongs',
    input: { ...TOKENS, expires_at: 28800 },
    right: { ...BOTH, expiresAt: undefined },
    named: 'expires_at',
  },
  { what: 'a user ID that is a number', input: { ...TOKENS, user_id: 123456 }, right: { ...BOTH, userId: '123456' } },
  {
    what: 'a user ID with marks that turn the text',
    input: { ...TOKENS, user_id: 'A\u202eB' },
    right: { ...BOTH, userId: undefined },
    named: 'user_id',
  },
  {
    what: 'a user ID with a terminal’s escape',
    input: { ...TOKENS, user_id: 'A\u009b2J' },
    right: { ...BOTH, userId: undefined },
    named: 'user_id',
  },
  // Row 5: the tokens and the client ID decide the provider, not the shape.
  {
    what: 'requests-oauthlib with an app of Google',
    input: {
      client_id: GOOGLE_ID,
      ...TOKENS,
      expires_at: 1795788000.5,
      scope: [`${PREFIX}sleep.readonly`],
      token_type: 'Bearer',
    },
    right: { ...BOTH, clientId: GOOGLE_ID, provider: 'google-health' },
  },
  {
    what: 'a refresh token of Google',
    input: { refresh_token: '1//ref' },
    right: { refreshToken: '1//ref', provider: 'google-health' },
  },
  // Row 6: tokens are found.
  { what: 'a notebook’s .env', input: { ...APP, ...TOKENS, plot: { colour: 'teal' } }, right: ALL },
  {
    what: 'a file from Windows',
    input: `\ufeff${JSON.stringify({ ...APP, ...TOKENS }, null, 4).replaceAll('\n', '\r\n')}`,
    right: ALL,
  },
  { what: 'UTF-16 with a mark', input: Buffer.from(`\ufeff${JSON.stringify(TOKENS)}`, 'utf16le'), right: BOTH },
  {
    what: 'UTF-16 without a mark',
    input: Buffer.from('FITBIT_REFRESH_TOKEN=ref\r\n', 'utf16le'),
    right: { refreshToken: 'ref' },
  },
  {
    what: 'UTF-16, big end first',
    input: Buffer.from('\ufeffFITBIT_REFRESH_TOKEN=ref\r\n', 'utf16le').swap16(),
    right: { refreshToken: 'ref' },
  },
  { what: 'within an object', input: { fitbit: { ...APP, ...TOKENS } }, right: ALL },
  { what: 'token within', input: { token: TOKENS, ...APP }, right: ALL },
  { what: 'the app beside the tokens', input: { app: APP, user: { tokens: TOKENS } }, right: ALL },
  { what: 'a list of one', input: [{ ...APP, ...TOKENS }], right: ALL },
  { what: 'JSON in a text of JSON', input: JSON.stringify(JSON.stringify(TOKENS)), right: BOTH },
  { what: 'JSON line by line', input: `{"event":"login"}\n${JSON.stringify(TOKENS)}\n`, right: BOTH },
  { what: 'JSON within other output', input: `Saved: ${JSON.stringify(TOKENS)}\nDone.\n`, right: BOTH },
  {
    what: 'Home Assistant’s entries: the one of Fitbit',
    input: HOME_ASSISTANT,
    right: { ...BOTH, scopes: ['sleep'], userId: 'ABC', expiresAt: NOON },
  },
  {
    what: 'Home Assistant’s entries: the one that was named',
    input: HOME_ASSISTANT,
    entry: 'Spotify',
    right: { accessToken: 'x', refreshToken: 'y' },
  },
  {
    what: 'rclone config dump',
    input: { health: { type: 'x', ...APP, token: RCLONE } },
    right: { ...ALL, expiresAt: new Date(NOON.getTime() + 500) },
  },
  {
    what: 'rclone.conf',
    input: `[health]\ntype = x\nclient_id = 23ABCD\nclient_secret = sec\ntoken = ${RCLONE}\n`,
    right: { ...ALL, expiresAt: new Date(NOON.getTime() + 500) },
  },
  {
    what: 'INI',
    input: '[fitbit]\nclient_id = 23ABCD ; mine\nclient_secret: sec\naccess_token=acc # old\nrefresh_token = "ref"\n',
    right: ALL,
  },
  {
    what: 'INI with the app in DEFAULT',
    input: '[DEFAULT]\nclient_id=23ABCD\nclient_secret=sec\n\n[tokens]\naccess_token=acc\nrefresh_token=ref\n',
    right: ALL,
  },
  {
    what: 'TOML',
    input:
      '[fitbit]\nclient_id = "23ABCD"\nclient_secret = \'sec\'\naccess_token = "acc"\nrefresh_token = "ref"\nscopes = [\n  "sleep",\n]\nexpires_at = 2026-11-27T14:00:00Z\n',
    right: { ...ALL, scopes: ['sleep'], expiresAt: NOON },
  },
  { what: 'TOML, a table in a line', input: 'token = { access_token = "acc", refresh_token = "ref" }\n', right: BOTH },
  {
    what: 'an ID that TOML takes for a number',
    input: '[fitbit]\nclient_id = 23E456\nrefresh_token = "ref"\n',
    right: { clientId: '23E456', refreshToken: 'ref' },
  },
  {
    what: 'YAML in two levels',
    input: 'fitbit:\n  client_id: 23ABCD\n  refresh_token: "ref"\nspotify:\n  refresh_token: other\n',
    right: { clientId: '23ABCD', refreshToken: 'ref' },
  },
  {
    what: 'dotenv',
    input:
      '# mine\r\nexport FITBIT_CLIENT_ID = "23ABCD"\r\nFITBIT_CLIENT_SECRET=\'sec\' # s\r\nFITBIT_ACCESS_TOKEN=acc\r\nFITBIT_REFRESH_TOKEN=ref',
    right: ALL,
  },
  {
    what: 'dotenv without FITBIT_',
    input: 'CLIENT_ID=23ABCD\nCLIENT_SECRET=sec\nACCESS_TOKEN=acc\nREFRESH_TOKEN=ref\n',
    right: ALL,
  },
  {
    what: 'dotenv of Google Health',
    input: 'GOOGLE_CLIENT_ID=23ABCD\nGOOGLE_CLIENT_SECRET=sec\nGOOGLE_HEALTH_REFRESH_TOKEN=ref\n',
    right: { clientId: '23ABCD', clientSecret: 'sec', refreshToken: 'ref' },
  },
  {
    what: 'dotenv with another program’s token',
    input:
      'GITHUB_ACCESS_TOKEN=no\nCLIENT_SECRET=no\nFITBIT_CLIENT_ID=23ABCD\nFITBIT_CLIENT_SECRET=sec\nFITBIT_REFRESH_TOKEN=ref\n',
    right: { clientId: '23ABCD', clientSecret: 'sec', refreshToken: 'ref' },
  },
  {
    what: 'dotenv, a name twice',
    input: 'FITBIT_ACCESS_TOKEN=old\nFITBIT_ACCESS_TOKEN=acc',
    right: { accessToken: 'acc' },
  },
  {
    what: 'dotenv beside a value of many lines',
    input: 'NOTE="\nFITBIT_ACCESS_TOKEN=no\n"\nFITBIT_REFRESH_TOKEN=ref\n',
    right: { refreshToken: 'ref' },
  },
  { what: 'PowerShell', input: '$env:FITBIT_REFRESH_TOKEN = "ref"\r\n', right: { refreshToken: 'ref' } },
  {
    what: 'a unit of systemd',
    input: '[Service]\nEnvironment="FITBIT_REFRESH_TOKEN=ref"\n',
    right: { refreshToken: 'ref' },
  },
  {
    what: 'JavaScript’s names',
    input: { clientId: '23ABCD', clientSecret: 'sec', accessToken: 'acc', refreshToken: 'ref' },
    right: ALL,
  },
  { what: 'a header', input: 'Authorization: Bearer acc\n', right: { accessToken: 'acc' } },
  { what: 'a refresh token alone', input: 'ref-0123456789\n', right: { refreshToken: 'ref-0123456789' } },
  { what: 'a refresh token alone, in quotes', input: '"ref-0123456789"', right: { refreshToken: 'ref-0123456789' } },
  {
    what: 'an access token alone',
    input: 'Bearer eyJhbGciOi.eyJzdWIi.c2ln',
    right: { accessToken: 'eyJhbGciOi.eyJzdWIi.c2ln' },
  },
  {
    what: 'the address that a browser was led to',
    input:
      'http://127.0.0.1:8080/#access_token=acc&user_id=ABC&scope=sleep+profile&token_type=Bearer&expires_in=31536000',
    right: { accessToken: 'acc', userId: 'ABC', scopes: ['sleep', 'profile'] },
  },
  {
    what: 'authorized_user',
    input: { type: 'authorized_user', ...APP, refresh_token: 'ref', account: '', quota_project_id: 'p' },
    right: { clientId: '23ABCD', clientSecret: 'sec', refreshToken: 'ref' },
  },
  {
    what: 'Python’s token.json',
    input: { token: 'acc', refresh_token: 'ref', ...APP, scopes: ['sleep'], expiry: '2026-11-27T14:00:00.000000Z' },
    right: { ...ALL, scopes: ['sleep'], expiresAt: NOON },
  },
  {
    what: 'a pickle of Google’s library, converted',
    input: {
      token: 'acc',
      expiry: '2026-11-27 14:00:00',
      _scopes: null,
      _refresh_token: 'ref',
      _id_token: null,
      _client_id: '23ABCD',
      _client_secret: 'sec',
    },
    right: { ...ALL, expiresAt: NOON },
  },
  {
    what: 'oauth2client, with the tokens twice',
    input: {
      ...APP,
      ...TOKENS,
      token_expiry: '2026-11-27T14:00:00Z',
      token_response: { access_token: 'acc', refresh_token: 'ref', expires_in: 3599 },
    },
    right: { ...ALL, expiresAt: NOON },
  },
  {
    what: 'a profile of ours',
    input: {
      version: 1,
      provider: 'fitbit',
      ...APP,
      redirect_uris: ['http://127.0.0.1:8976/callback'],
      requested_scope: 'x',
      ...TOKENS,
      token_type: 'Bearer',
      scope: 'sleep profile',
      user_id: 'ABC',
      obtained_at: '2026-11-27T06:00:00.000Z',
      expires_at: '2026-11-27T14:00:00.000Z',
    },
    right: {
      ...ALL,
      provider: 'fitbit',
      tokenType: 'Bearer',
      scopes: ['sleep', 'profile'],
      userId: 'ABC',
      expiresAt: NOON,
    },
  },
  { what: 'two, one of them named', input: TWO, entry: 'bob', right: { accessToken: 'b-acc', refreshToken: 'b-ref' } },
  {
    what: 'two, one of them by its number',
    input: [TOKENS, { access_token: 'b', refresh_token: 'c' }],
    entry: '2',
    right: { accessToken: 'b', refreshToken: 'c' },
  },
  { what: 'the same one twice', input: { now: TOKENS, backup: TOKENS }, right: BOTH },
  { what: 'an app without tokens', input: APP, right: { clientId: '23ABCD', clientSecret: 'sec' } },
];

/** `[what, input, what the message must say, and the hint]`. */
const REFUSED: readonly (readonly [string, string | Uint8Array | object, RegExp, RegExp?])[] = [
  ['a placeholder', { access_token: '<your access token>', ...APP }, /access token.*\(access_token\).*placeholder/],
  ['a token with a space', { access_token: 'a b' }, /access token.*spaces/],
  ['a token with a terminal’s escape', { refresh_token: 'a\u001b[31m' }, /refresh token.*control/],
  ['a token with an 8-bit escape', { refresh_token: 'a\u009b31m' }, /refresh token.*control/],
  ['a token with a mark that turns the text', { refresh_token: 'a\u202eb' }, /refresh token.*control/],
  ['a token beyond ASCII', { access_token: 'tökén' }, /access token.*ASCII/],
  ['a client ID with a space', { ...TOKENS, client_id: 'my app' }, /client ID.*spaces/],
  [
    'a client secret with a line break in it',
    'FITBIT_CLIENT_ID=23ABCD\nFITBIT_CLIENT_SECRET="a\nb"',
    /client secret.*FITBIT_CLIENT_SECRET/,
  ],
  ['a token that is a number', { access_token: 12 }, /access_token must be a string/],
  ['two', TWO, /2 sign-ins: ann, bob/, /--entry/],
  ['an entry that is not there', { ...TWO, missing: 1 }, /2 sign-ins/],
  ['a Python dict', "{'access_token': 'acc', 'refresh_token': 'ref'}", /Python dict/, /ast\.literal_eval/],
  ['a Python dict with None', '{"access_token": "acc", "scope": None}', /invalid JSON|Python dict/],
  ['a pickle', Buffer.from([0x80, 4, 0x95, 0x1f, 0, 0]), /pickle/, /pickle\.load/],
  ['an old pickle', "(dp0\nS'access_token'\np1\nS'acc'\np2\ns.", /pickle/, /pickle\.load/],
  ['a file of R', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), /R's/, /readRDS/],
  ['a database', 'SQLite format 3\0', /database/],
  ['nothing', '', /empty/],
  ['spaces', ' \r\n\t', /empty/],
  ['only a byte order mark', '\ufeff', /empty/],
  ['a program', '\u007fELF\u0000\u0001', /isn't UTF-8/],
  ['another encoding', Buffer.from([0x46, 0x3d, 0xe9, 0x0a]), /isn't UTF-8/],
  ['10 MB', `{"access_token":"${'a'.repeat(10_000_000)}"}`, /larger than 1 MiB/],
  ['truncated JSON', '{"access_token":"acc","refr', /truncated/],
  ['JSON with a comma missing', '{\n  "access_token":"acc"\n  "x":1}', /invalid JSON.*line 3, column 3/],
  ['deep JSON', `{"access_token":"acc","x":${'['.repeat(200)}${']'.repeat(200)}}`, /deeper than 100/],
  ['very deep JSON', `{"x":${'['.repeat(300_000)}${']'.repeat(300_000)}}`, /deeper than 100/],
  ['brackets', '['.repeat(100_000), /JSON/],
  ['another object', { name: 'x', version: '1.0.0' }, /no access token/],
  ['null', 'null', /no access token/],
  ['a list of texts', ['abc'], /no access token/],
  ['fields that a prototype has', '{"__proto__":1,"constructor":1}', /no access token/],
  ['a text', 'Dear diary,\nnothing today.\n', /no access token/],
  ['a page', '<!doctype html><title>Sign in</title>', /no access token/],
  ['an address', 'https://www.fitbit.com/oauth2/authorize', /no access token/],
  ['a name without a value', 'CLIENT_ID=', /empty/],
  ['another program’s TOKEN', 'PATH=/bin\nTOKEN=acc\n', /no access token/],
  [
    'a service account',
    { type: 'service_account', client_id: '1234', private_key: 'x' },
    /service-account/,
    /Desktop app/,
  ],
  [
    'gcloud’s own sign-in',
    { type: 'authorized_user', client_id: GCLOUD_ID, client_secret: 'x', refresh_token: '1//r' },
    /gcloud/,
    /setup/,
  ],
  ['a profile of a later version', { version: 2, redirect_uris: [], ...TOKENS }, /newer fitbit-login/],
  [
    'a profile of the sandbox',
    { version: 1, provider: 'fitbit', sandbox: 'http://[::1]:1', redirect_uris: [], ...TOKENS },
    /sandbox/,
  ],
  ['a profile of another server', { version: 1, provider: 'custom', redirect_uris: [], ...TOKENS }, /custom provider/],
];

const contentOf = (input: string | Uint8Array | object) =>
  typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input);

/** Secrets compared by value, absent fields left out. */
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
  throw new Error('It was taken.');
}

describe('a sign-in is found in (issue 14)', () => {
  test.each(READ)('$what', ({ input, right, named, entry }) => {
    const { credentials, notices } = readSignIn(contentOf(input), { entry });
    const { clientId, clientSecret, accessToken, refreshToken } = credentials;
    // The four are compared whole, so that nothing comes from anywhere else; of the rest, what the row names.
    const found = { ...credentials, clientId, clientSecret, accessToken, refreshToken };
    const pick = [...new Set([...Object.keys(right), 'clientId', 'clientSecret', 'accessToken', 'refreshToken'])];
    expect(plain(Object.fromEntries(pick.map((key) => [key, Reflect.get(found, key)])))).toEqual(
      Object.fromEntries(pick.map((key) => [key, Reflect.get(right, key)])),
    );
    expect(notices).toEqual(named === undefined ? [] : [expect.stringContaining(named)]);
    expect(JSON.stringify(credentials)).not.toContain('"acc"');
  });
});

describe('what cannot be used is refused with its reason (issue 14)', () => {
  for (const [what, input, message, hint = /./] of REFUSED) {
    test(what, () => {
      const refusal = refusalOf(() => readSignIn(contentOf(input)));
      expect(refusal.code).toBe('USAGE');
      expect(refusal.message).toMatch(message);
      expect(refusal.hint).toMatch(hint);
      expect(refusal.cause).toBeUndefined();
    });
  }

  test('a missing entry lists the existing ones', () => {
    const refusal = refusalOf(() => readSignIn(JSON.stringify(TWO), { entry: 'eve' }));
    expect(refusal.hint).toContain('ann, bob');
  });

  test('a key that looks like a secret is not repeated in the list', () => {
    const key = '0123456789abcdef0123456789abcdef';
    const refusal = refusalOf(() => readSignIn(JSON.stringify({ [key]: TOKENS, bob: { refresh_token: 'x' } })));
    expect(refusal.message).toContain('1, bob');
  });
});

describe('the built program accepts and refuses the same files (issue 14)', () => {
  const TAKEN = [
    ...['spaces, line breaks and Bearer', 'scopes as Python prints a list', 'UTF-16 with a mark'],
    ...['Home Assistant’s entries: the one of Fitbit', 'rclone.conf', 'TOML', 'INI', 'two, one of them named'],
    ...['a user ID that is a number', 'a user ID with a terminal’s escape', 'dotenv without FITBIT_'],
  ];
  const TURNED_AWAY = [
    ...['a placeholder', 'a token with a terminal’s escape', 'two', 'a Python dict', 'a pickle', 'a service account'],
    ...['a name without a value'],
  ];
  let at: ProgramFixture;
  beforeAll(async () => {
    at = await programFixture();
  });
  afterAll(() => at[Symbol.asyncDispose]());

  const run = async (input: Row['input'], profile: string, entry?: string) => {
    const file = join(at.home, 'tokens.txt');
    await writeFile(file, contentOf(input));
    const which = entry === undefined ? [] : ['--entry', entry];
    return at.run(['import', file, '--profile', profile, '--sandbox', at.sandbox.origin, ...which]);
  };

  test.each(some(TAKEN, 2).map((what, index) => ({ what, profile: `taken-${index}` })))(
    '$what',
    async ({ what, profile }) => {
      const row = READ.find((candidate) => candidate.what === what);
      const { exit, stderr } = await run(row?.input ?? '', profile, row?.entry);
      expect(exit).toBe(0);
      expect(stderr).toContain(row?.named ?? '');
      expect(stderr).not.toContain('\u009b');
      const stored = JSON.parse(await readFile(join(at.home, 'profiles', `${profile}.json`), 'utf8'));
      const { accessToken, refreshToken, clientId = SANDBOX_APP.id, scopes, userId } = row?.right ?? {};
      expect(stored).toMatchObject({ access_token: accessToken, refresh_token: refreshToken, client_id: clientId });
      if (scopes !== undefined) expect(stored.scope).toBe([scopes].flat().join(' '));
      expect(stored.user_id).toBe(userId);
    },
  );

  test.each(some(TURNED_AWAY, 2))('%s: exit 2, and nothing is stored', async (what) => {
    const row = REFUSED.find(([name]) => name === what);
    const before = await readdir(join(at.home, 'profiles'));
    const { exit, stdout, stderr } = await run(row?.[1] ?? '', 'refused');
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(row?.[2] ?? /^$/);
    expect(await readdir(join(at.home, 'profiles'))).toEqual(before);
  });

  test.each(
    some(
      [
        ['FITBIT_CLIENT_SECRET', { FITBIT_CLIENT_SECRET: 'my secret' }],
        ['FITBIT_CLIENT_SECRET', { FITBIT_CLIENT_SECRET: '[{"installed":{}}]' }],
        ['FITBIT_CLIENT_ID', { FITBIT_CLIENT_ID: 'my app' }],
      ] as const,
      1,
    ),
  )('login with a wrong %s is refused before a browser is opened, with its name', async (name, environment) => {
    const { exit, stderr } = await at.run(at.login('--profile', 'new'), { environment });
    expect(exit).toBe(2);
    expect(stderr).toContain(name);
    expect(stderr).not.toContain('my secret');
  });

  longTest('import and export list their formats', async () => {
    const [imports, exports] = await Promise.all([at.run(['import', '--help']), at.run(['export', '--help'])]);
    const words = (text: string) => text.replace(/\s+/g, ' ');
    for (const { id, title } of FORMATS) {
      expect(words(imports.stdout)).toContain(title);
      expect(words(exports.stdout)).toContain(id);
    }
  });
});

describe('any text', () => {
  const snippet = fc.constantFrom(
    ...['{', '}', '[', ']', '"', "'", ':', '=', ',', '\n', ' ', '[fitbit]\n', 'access_token', 'FITBIT_REFRESH_TOKEN='],
    ...[
      '"refresh_token":',
      '\u001b[31m',
      '\u009b',
      '\u202e',
      'Bearer ',
      'expires_at',
      '1e999',
      '-',
      'client_id',
      '\\u001b',
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(snippet, fc.string({ maxLength: 4 })), { maxLength: 40 }).map((parts) => parts.join('')),
    fc.json().map((json) => json.replaceAll('"a', '"access_token')),
    fc
      .record({
        access_token: fc.string({ unit: 'binary' }),
        user_id: fc.string(),
        scope: fc.string(),
        expires_at: fc.anything(),
      })
      .map((fields) => JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? String(value) : value)) ?? ''),
  );

  test('it is read or refused as USAGE, and no token, ID or scope contains a control character or a space', () => {
    const check = (content: string | Uint8Array) => {
      try {
        const { credentials, notices } = readSignIn(content);
        const { clientId, accessToken, refreshToken, scopes = [], userId, tokenType } = credentials;
        for (const value of [clientId, accessToken?.reveal(), refreshToken?.reveal(), userId, tokenType, ...scopes])
          if (value !== undefined) expect(value).toMatch(/^[\x21-\x7e]+$/);
        for (const notice of notices) expect(notice).toMatch(/^[\x20-\x7e]+$/);
      } catch (error) {
        if (!(error instanceof AuthError)) throw error;
        expect(error.code).toBe('USAGE');
        expect(error.message).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
      }
    };
    fc.assert(fc.property(text, check), { numRuns: runs(3000) });
    fc.assert(fc.property(fc.uint8Array(), check), { numRuns: runs(500) });
  });
});
