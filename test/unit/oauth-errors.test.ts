import { describe, expect, test } from 'vitest';
import { AuthError, type ErrorCode } from '../../src/errors.ts';
import type { AuthorizationServer } from '../../src/oauth/server.ts';
import { refreshTokens, revokeToken } from '../../src/oauth/token-endpoint.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { Secret } from '../../src/secret.ts';

const FITBIT = fitbit().server;
const { standardError: _, ...STANDARD } = FITBIT;
const CLIENT = { id: '23ABCD', secret: new Secret('client-secret-c0ffee') };
const REFRESH_TOKEN = new Secret('refresh+token/short');

/** What a refresh becomes when `server` answers so. */
async function refreshed(server: AuthorizationServer, response: Response): Promise<AuthError> {
  const thrown: unknown = await refreshTokens(server, CLIENT, REFRESH_TOKEN, { fetch: async () => response }).then(
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

describe('the border', () => {
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
