import { describe, expect, test } from 'vitest';
import { AuthError, type ErrorCode } from '../../src/errors.ts';
import type { AuthorizationServer } from '../../src/oauth/server.ts';
import { refreshTokens, revokeToken } from '../../src/oauth/token-endpoint.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { Secret } from '../../src/secret.ts';

const FITBIT = fitbit().server;
const { standardError: _, ...STANDARD } = FITBIT;
const CLIENT = { id: '23ABCD', secret: new Secret('client-secret-c0ffee') };
const now = new Date();
const REFRESH_TOKEN = new Secret('refresh+token/short');

/** What a refresh becomes when `server` answers so. */
async function refreshed(server: AuthorizationServer, response: Response): Promise<AuthError> {
  const thrown: unknown = await refreshTokens(server, CLIENT, REFRESH_TOKEN, { now, fetch: async () => response }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof AuthError) return thrown;
  throw new Error(`It did not fail as it should: ${thrown}`);
}

const fitbitError = (status: number, errorType: string, message = 'A message.') =>
  Response.json({ errors: [{ errorType, message }], success: false }, { status });

const MEANINGS: readonly (readonly [number, string, ErrorCode])[] = [
  [400, 'invalid_grant', 'GRANT_DEAD'],
  [400, 'invalid_request', 'REQUEST_REJECTED'],
  [401, 'invalid_client', 'CLIENT_REJECTED'],
  [400, 'unauthorized_client', 'CLIENT_REJECTED'],
  [400, 'unsupported_grant_type', 'REQUEST_REJECTED'],
  [400, 'invalid_scope', 'SCOPE_REJECTED'],
  [403, 'insufficient_scope', 'ANSWER_INVALID'],
  [401, 'expired_token', 'ANSWER_INVALID'],
  [400, 'toString', 'ANSWER_INVALID'],
  // Whatever the body says: these say nothing about the grant.
  [408, 'invalid_grant', 'UNAVAILABLE'],
  [409, 'invalid_grant', 'UNAVAILABLE'],
  [410, 'invalid_grant', 'RETIRED'],
  [429, 'invalid_grant', 'RATE_LIMITED'],
  [500, 'invalid_grant', 'UNAVAILABLE'],
  [502, 'invalid_grant', 'UNAVAILABLE'],
  [503, 'invalid_grant', 'UNAVAILABLE'],
];

describe('an error of the token endpoint', () => {
  test.each(MEANINGS)('Fitbit’s own shape: %i %s is %3$s', async (status, errorType, code) => {
    expect((await refreshed(FITBIT, fitbitError(status, errorType))).code).toBe(code);
  });

  test.each(MEANINGS)('RFC 6749’s shape: %i %s is %3$s', async (status, error, code) => {
    const answer = Response.json({ error, error_description: 'A message.' }, { status });
    expect((await refreshed(STANDARD, answer)).code).toBe(code);
  });

  test('Fitbit is understood in the standard’s shape too', async () => {
    expect((await refreshed(FITBIT, Response.json({ error: 'invalid_grant' }, { status: 400 }))).code).toBe(
      'GRANT_DEAD',
    );
  });

  test('Fitbit’s first error counts', async () => {
    const errors = [
      { errorType: 'invalid_client', message: 'a' },
      { errorType: 'invalid_grant', message: 'b' },
    ];
    expect((await refreshed(FITBIT, Response.json({ errors }, { status: 400 }))).code).toBe('CLIENT_REJECTED');
  });

  test('only invalid_grant ends a sign-in: every other answer keeps it', async () => {
    for (const [status, errorType, code] of MEANINGS) {
      const { exitCode } = await refreshed(FITBIT, fitbitError(status, errorType));
      expect(exitCode === 3).toBe(code === 'GRANT_DEAD');
    }
  });

  test('a text that repeats the submitted token does not show it', async () => {
    const token = REFRESH_TOKEN.reveal();
    for (const [type, message] of [
      ['invalid_grant', `Refresh token invalid: ${token}. Visit https://dev.fitbit.com`],
      [`invalid ${token}`, 'A message.'],
    ] as const) {
      const error = await refreshed(FITBIT, fitbitError(400, type, message));
      const shown = [error.message, JSON.stringify(error), error.stack, String(error.cause)].join();
      expect(shown).not.toContain(token);
      expect(error.message).toContain('[secret]');
    }
  });

  test.each([
    ['client_secret_basic', 'abcdef12', 'abcdef12'],
    ['client_secret_basic', 'abcdef12', 'Basic BASIC'],
    ['client_secret_basic', 'p+ss wörd/1', 'Basic BASIC'],
    ['client_secret_basic', 'p+ss wörd/1', 'credentials BASIC rejected'],
    ['client_secret_post', 'p+ss wörd/1', 'p+ss wörd/1'],
    ['client_secret_post', 'p+ss wörd/1', 'client_secret=p%2Bss+w%C3%B6rd%2F1'],
    ['client_secret_post', 'p+ss wörd/1', 'client_secret=p%2bss%20w%c3%b6rd%2f1'],
  ] as const)(
    'issue-14: never shows a client secret sent by %s, in whatever form: %s in %j',
    async (way, secret, text) => {
      let sent = '';
      const server = { ...STANDARD, clientAuthentication: way };
      const fetch = async (_url: string, init?: RequestInit) => {
        sent = new Headers(init?.headers).get('authorization')?.replace('Basic ', '') ?? '';
        const description = text.replace('BASIC', sent);
        return Response.json({ error: 'invalid_client', error_description: description }, { status: 401 });
      };
      const client = { id: '23ABCD', secret: new Secret(secret) };
      const error: AuthError = await refreshTokens(server, client, REFRESH_TOKEN, { now, fetch }).then(
        () => Promise.reject(new Error('It did not fail.')),
        (thrown) => thrown,
      );
      expect(error.message).toContain('[secret]');
      for (const form of [secret, encodeURIComponent(secret), sent || 'nothing', 'w%C3%B6rd', 'w%c3%b6rd'])
        expect(JSON.stringify(error)).not.toContain(form);
    },
  );

  test.each<readonly [string, string | null]>([
    ['nothing', null],
    ['a page', '<h1>Bad request</h1>'],
    ['an array', '[]'],
    ['no errors in the list', '{"errors":[]}'],
    ['an error without a type', '{"errors":[{"message":"x"}]}'],
    ['an error that is a number', '{"error":7}'],
    ['null', 'null'],
  ])('400 with %s is no verdict on the grant', async (_name, body) => {
    expect((await refreshed(FITBIT, new Response(body, { status: 400 }))).code).toBe('ANSWER_INVALID');
  });

  test('401 with a challenge and no body is about the client (RFC 6749 §5.2)', async () => {
    const headers = { 'www-authenticate': 'Basic realm="x"' };
    expect((await refreshed(FITBIT, new Response(null, { status: 401, headers }))).code).toBe('CLIENT_REJECTED');
  });

  test.each([
    [{ 'fitbit-rate-limit-reset': '41' }, 41],
    [{ 'retry-after': '7' }, 7],
    [{ 'fitbit-rate-limit-reset': '41', 'retry-after': '7' }, 41],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{}, undefined],
  ])('429 with %o is reset in %s seconds', async (headers, seconds) => {
    const error = await refreshed(FITBIT, new Response(null, { status: 429, headers: new Headers(headers) }));
    expect(error.details.reset_seconds).toBe(seconds);
    if (seconds !== undefined) expect(error.message).toContain(`${seconds} seconds`);
  });

  test('§18: 503 to a revocation means that the token still lives; 200 is success', async () => {
    const revoked = (status: number) =>
      revokeToken(FITBIT, CLIENT, REFRESH_TOKEN, { fetch: async () => new Response(null, { status }) });
    await expect(revoked(503)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(revoked(200)).resolves.toBeUndefined();
  });
});

describe('a token response', () => {
  const PAIR = { access_token: 'at', refresh_token: 'rt', token_type: 'Bearer' };
  const refresh = (fields: object, options: { userId?: string } = {}) =>
    refreshTokens(FITBIT, CLIENT, REFRESH_TOKEN, {
      now,
      fetch: async () => Response.json({ ...PAIR, ...fields }),
      ...options,
    });

  test.each<readonly [object, object]>([
    [{ scope: null }, { scopes: undefined }],
    [{ scope: [] }, { scopes: undefined }],
    [{ scope: '' }, { scopes: undefined }],
    [{ scope: ['sleep', 'activity'] }, { scopes: ['sleep', 'activity'] }],
    [{ expires_in: null }, { expiresInSeconds: undefined }],
    [{ expires_in: '3600' }, { expiresInSeconds: 3600 }],
    [{ refresh_token_expires_in: null }, { refreshExpiresInSeconds: undefined }],
    [{ refresh_token: '' }, { refreshToken: undefined }],
    [{ refresh_token: null }, { refreshToken: undefined }],
    [{ user_id: 7 }, { userId: undefined }],
  ])('issue-14: is taken with the side field %j', async (fields, expected) => {
    expect(await refresh(fields)).toMatchObject({ accessToken: new Secret('at'), ...expected });
  });

  test.each([
    { access_token: 'a\u001b[31m' },
    { access_token: 'a\r\nx: y' },
    { access_token: 'a b' },
    { refresh_token: 'r\u0000' },
    { refresh_token: 'ü' },
  ])('is refused with characters that no token has: %j', async (fields) => {
    await expect(refresh(fields)).rejects.toMatchObject({
      code: 'ANSWER_INVALID',
      message: expect.stringContaining('malformed token'),
    });
  });

  test('issue-16: of another person is refused; one that names nobody is taken', async () => {
    await expect(refresh({ user_id: 'OTHER1' }, { userId: 'WALK01' })).rejects.toMatchObject({
      code: 'ANSWER_INVALID',
    });
    for (const fields of [{ user_id: 'WALK01' }, {}])
      expect((await refresh(fields, { userId: 'WALK01' })).accessToken.reveal()).toBe('at');
    expect((await refresh({ user_id: 'OTHER1' })).userId).toBe('OTHER1');
  });
});
