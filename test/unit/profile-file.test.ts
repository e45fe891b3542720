import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { decodeProfile, encodeProfile } from '../../src/store/codec.ts';
import type { Profile } from '../../src/store/profile.ts';
import { runs } from '../extent.ts';

const PATH = '/home/anna/.config/fitbit-login/profiles/default.json';
const CANARY = 'canary-7f3a';

const read = (text: string | Uint8Array) => decodeProfile(typeof text === 'string' ? Buffer.from(text) : text, PATH);

function refusal(text: string | Uint8Array): AuthError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
  throw new Error('It was read.');
}

/** A file with every field, in the order in which they are written. */
const FULL = {
  version: 1,
  provider: 'custom',
  issuer: 'https://id.example',
  sandbox: 'http://127.0.0.1:4711',
  client_id: '23ABCD',
  client_secret: `secret-${CANARY}`,
  redirect_uris: ['http://127.0.0.1:8976/callback', 'http://localhost:8977/'],
  requested_scope: 'activity sleep',
  access_token: `access-${CANARY}`,
  refresh_token: `refresh-${CANARY}`,
  token_type: 'Bearer',
  scope: 'activity',
  user_id: 'ABC123',
  obtained_at: '2026-01-31T12:00:00.000Z',
  expires_at: '2026-01-31T20:00:00.000Z',
  refresh_expires_at: '2026-07-31T12:00:00.000Z',
  refresh_started_at: '2026-01-31T19:59:00.000Z',
  keep: [{ format: 'notebook', path: '/home/anna/.env' }],
  notified: ['dead 2026-01-31T20:00:00.000Z'],
  pending_login: {
    state: `state-${CANARY}`,
    code_verifier: `verifier-${CANARY}`,
    redirect_uri: 'http://127.0.0.1:8976/callback',
    begun_at: '2026-01-31T12:00:00.000Z',
    expires_at: '2026-01-31T13:00:00.000Z',
    profile: {
      version: 1,
      provider: 'fitbit',
      client_id: '23WXYZ',
      client_secret: `other-${CANARY}`,
      redirect_uris: ['http://127.0.0.1:8976/callback'],
      requested_scope: 'sleep',
    },
  },
};

const token = fc.string({ minLength: 1 });
const secret = token.map((value) => new Secret(value));
const scopes = fc.array(fc.stringMatching(/^[!-~]+$/), { maxLength: 4 });
const time = fc.date({ noInvalidDate: true });
const optional = { requiredKeys: [] as never[] };

const extra = fc
  .dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '1')),
    fc.jsonValue({ maxDepth: 3 }),
    {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    },
  )
  .filter((fields) => !Object.keys(fields).some((name) => Object.hasOwn(FULL, name)))
  // JSON has no -0.
  .map((fields): Record<string, unknown> => JSON.parse(JSON.stringify(fields)));

const tokens = fc
  .tuple(
    fc.record({ accessToken: secret, tokenType: token, scopes, obtainedAt: time }),
    fc.record({ refreshToken: secret, userId: token, expiresAt: time, refreshExpiresAt: time }, optional),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

const request = fc.record({
  provider: fc.constantFrom('fitbit' as const, 'google-health' as const, 'custom' as const),
  client: fc.record({ id: token, secret }, { requiredKeys: ['id'] }),
  redirectUris: fc.array(token, { maxLength: 3 }),
  requestedScopes: scopes,
});

const profile: fc.Arbitrary<Profile> = fc
  .tuple(
    request,
    fc.record(
      {
        issuer: token,
        sandbox: fc.integer({ min: 1, max: 65535 }).map((port) => `http://[::1]:${port}`),
        tokens,
        refreshStartedAt: time,
        keep: fc.array(fc.record({ format: token, path: token.map((name) => `/${name}`) }), { maxLength: 2 }),
        notified: fc.array(token, { maxLength: 2 }),
        pendingLogin: fc.record({
          ...{ state: secret, verifier: secret, redirectUri: token, begunAt: time, expiresAt: time },
          profile: request,
        }),
        extra,
      },
      optional,
    ),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

/** With secrets as text, without undefined fields, and fields in the order of their names, so that two profiles can be compared. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, revealed(field)]);
}

describe('the profile file', () => {
  test('property: any written profile is read back', () => {
    fc.assert(
      fc.property(profile, (one) => {
        expect(revealed(read(encodeProfile(one)))).toEqual(revealed(one));
      }),
      { numRuns: runs(2000) },
    );
  });

  test('property: any bytes are read, or refused with an AuthError', () => {
    const mangled = fc
      .tuple(profile, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([one, at, bytes]) => {
        const file = Buffer.from(encodeProfile(one));
        file.set(bytes, at % Math.max(1, file.length - bytes.length));
        return file;
      });
    const shaped = fc
      .dictionary(fc.constantFrom(...Object.keys(FULL)), fc.oneof(fc.jsonValue(), fc.constant('2026-01-31T12:00:00Z')))
      .map((fields) => Buffer.from(JSON.stringify({ ...FULL, ...fields })));
    const damage = fc.oneof(
      fc.uint8Array(),
      mangled,
      shaped,
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(damage, (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AuthError);
          expect(String(error)).not.toContain(CANARY);
        }
      }),
      { numRuns: runs(2000) },
    );
  });

  test('is flat, pretty-printed and in a fixed order, whatever the order it was read in', () => {
    const shuffled = Object.fromEntries(Object.entries(FULL).reverse());
    expect(encodeProfile(read(JSON.stringify(shuffled)))).toBe(`${JSON.stringify(FULL, null, 2)}\n`);
  });

  test('keeps unknown fields, even one named __proto__, and changes no prototype', () => {
    const text = `${JSON.stringify(FULL).slice(0, -1)},"__proto__":{"polluted":true},"constructor":1,"note":{"__proto__":2}}`;
    const one = read(text);
    expect(Object.keys(one.extra ?? {})).toEqual(['__proto__', 'constructor', 'note']);
    expect(JSON.stringify(JSON.parse(encodeProfile(one)))).toBe(text);
    expect('polluted' in one || 'polluted' in {} || 'polluted' in (one.extra ?? {})).toBe(false);
  });

  test('a known field in extra is ignored', () => {
    const { tokens: _, ...signedOut } = read(JSON.stringify(FULL));
    expect(read(encodeProfile({ ...signedOut, extra: { access_token: 'x', version: 2 } })).tokens).toBeUndefined();
  });

  test('accepts what editors leave: a byte order mark, other line breaks, times with an offset', () => {
    const text = JSON.stringify({ ...FULL, expires_at: '2026-01-31T21:00:00+01:00' }, null, '\t').replaceAll(
      '\n',
      '\r\n',
    );
    expect(read(`\ufeff${text}`).tokens?.expiresAt).toEqual(new Date('2026-01-31T20:00:00Z'));
  });

  /** `[what is wrong, the fields that differ, what the message must name]`: `undefined` takes a field out. */
  const DAMAGES: readonly [string, Readonly<Record<string, unknown>>, string][] = [
    ['no version', { version: undefined }, 'version is missing'],
    ['a version that is no number', { version: '1' }, 'version is not a number'],
    ['no provider', { provider: undefined }, 'provider is missing'],
    ['an unknown provider', { provider: CANARY }, 'provider is not a provider'],
    ['no client', { client_id: undefined }, 'client_id is missing'],
    ['an empty client', { client_id: '' }, 'client_id is empty'],
    ['a secret that is no text', { client_secret: [CANARY] }, 'client_secret must be a string'],
    ['null for absent', { refresh_token: null }, 'refresh_token must be a string'],
    ['redirect URIs that are no list', { redirect_uris: CANARY }, 'redirect_uris is not a list'],
    [
      'a redirect URI that is not a string',
      { redirect_uris: [{ CANARY }] },
      'redirect_uris has an entry that must be a string',
    ],
    ['no requested scope', { requested_scope: undefined }, 'requested_scope is missing'],
    ['a scope that is a list', { scope: [CANARY] }, 'scope must be a string'],
    ['a token without its type', { token_type: undefined }, 'token_type is missing'],
    ['a token without its scope', { scope: undefined }, 'scope is missing'],
    ['a token without its time', { obtained_at: undefined }, 'obtained_at is missing'],
    ['a refresh token alone', { access_token: undefined }, 'access_token is missing although refresh_token'],
    ['a time that is a number', { expires_at: 1769889600 }, 'expires_at is not a time'],
    ['a time without a zone', { expires_at: '2026-01-31T12:00:00' }, 'expires_at is not a time'],
    ['a time that cannot be', { obtained_at: '2026-13-31T12:00:00Z' }, 'obtained_at is not a time'],
    ['a sandbox elsewhere', { sandbox: `http://${CANARY}.example` }, 'sandbox is not an http origin on loopback'],
    ['a sandbox that looks like loopback', { sandbox: 'http://127.0.0.1@evil.example' }, 'sandbox is not'],
    ['a sandbox at no port', { sandbox: 'http://127.0.0.1:99999' }, 'sandbox is not'],
    [
      'an export at a relative path',
      { keep: [{ format: 'notebook', path: '.env' }] },
      'keep has an entry that is not an absolute',
    ],
    ['a pending login without a state', { pending_login: { ...FULL.pending_login, state: '' } }, 'pending_login has'],
    ['an export with more to it', { keep: [{ format: 'x', path: '/x', [CANARY]: 1 }] }, 'keep has an entry that'],
  ];

  test.each(DAMAGES)('with %s is damaged: the message names the field and no value', (_, fields, named) => {
    const error = refusal(JSON.stringify({ ...FULL, ...fields }));
    expect(error.code).toBe('STORE_DAMAGED');
    expect(error.message).toContain(PATH);
    expect(error.message).toContain(named);
    expect(JSON.stringify(error) + String(error.cause)).not.toContain(CANARY);
  });

  test.each([
    ['nothing', ''],
    ['half a file', JSON.stringify(FULL).slice(0, 300)],
    ['no object', '[1]'],
    ['null', 'null'],
    ['a text', `"${CANARY}"`],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(JSON.stringify(FULL)), Buffer.from([0xff])])],
    ['brackets without end', '['.repeat(100_000)],
  ])('that holds %s is damaged', (_, content) => {
    const error = refusal(content);
    expect(error.code).toBe('STORE_DAMAGED');
    expect(error.message + String(error.cause)).not.toContain(CANARY);
  });

  test.each([0, 2, 1.5, 99])('of version %d is refused before anything else is validated', (version) => {
    expect(refusal(JSON.stringify({ version, client_id: 7 })).code).toBe('STORE_VERSION');
  });
});
