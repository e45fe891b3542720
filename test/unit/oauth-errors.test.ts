import * as oauth from 'oauth4webapi';
import { describe, expect, test } from 'vitest';
import { AuthError, type ErrorCode } from '../../src/errors.ts';
import { newAuthorization, validateCallback } from '../../src/oauth/authorization.ts';
import { apiError, type RequestKind, tokenRequestError } from '../../src/oauth/errors.ts';
import type { AuthorizationServer } from '../../src/oauth/server.ts';
import { exchangeCode, refreshTokens, revokeToken } from '../../src/oauth/token-endpoint.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { Secret } from '../../src/secret.ts';

const FITBIT = fitbit().server;
const { standardError: _, ...STANDARD } = FITBIT;
const CLIENT = { id: '23ABCD', secret: new Secret('client-secret-c0ffee') };
const REFRESH_TOKEN = new Secret('refresh+token/short');
const NOW = new Date('2026-03-01T12:00:00Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

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

  test('only invalid_grant ends a sign-in: every other response keeps it', async () => {
    for (const [status, errorType, code] of MEANINGS) {
      const { exitCode } = await refreshed(FITBIT, fitbitError(status, errorType));
      expect(exitCode === 3).toBe(code === 'GRANT_DEAD');
    }
  });

  test('a message that repeats the submitted token is redacted', async () => {
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
  ] as const)('never shows a client secret sent by %s, in any form: %s in %j', async (way, secret, text) => {
    let sent = '';
    const server = { ...STANDARD, clientAuthentication: way };
    const fetch = async (_url: string, init?: RequestInit) => {
      sent = new Headers(init?.headers).get('authorization')?.replace('Basic ', '') ?? '';
      const description = text.replace('BASIC', sent);
      return Response.json({ error: 'invalid_client', error_description: description }, { status: 401 });
    };
    const client = { id: '23ABCD', secret: new Secret(secret) };
    const error: AuthError = await refreshTokens(server, client, REFRESH_TOKEN, { fetch }).then(
      () => Promise.reject(new Error('It did not fail.')),
      (thrown) => thrown,
    );
    expect(error.message).toContain('[secret]');
    for (const form of [secret, encodeURIComponent(secret), sent || 'nothing', 'w%C3%B6rd', 'w%c3%b6rd'])
      expect(JSON.stringify(error)).not.toContain(form);
  });

  test.each<readonly [string, string | null]>([
    ['nothing', null],
    ['a page', '<h1>Bad request</h1>'],
    ['an array', '[]'],
    ['no errors in the list', '{"errors":[]}'],
    ['an error without a type', '{"errors":[{"message":"x"}]}'],
    ['an error that is a number', '{"error":7}'],
    ['null', 'null'],
  ])('400 with %s does not end the grant', async (_name, body) => {
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
  ])('429 with %o resets in %s seconds', async (headers, seconds) => {
    const error = await refreshed(FITBIT, new Response(null, { status: 429, headers: new Headers(headers) }));
    expect(error.details.reset_seconds).toBe(seconds);
    if (seconds !== undefined) expect(error.message).toContain(`${seconds} seconds`);
  });

  test('§18: 503 to a revocation means that the token is still valid; 200 is success', async () => {
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
      fetch: async () => Response.json({ ...PAIR, ...fields }),
      now: NOW,
      ...options,
    });

  test.each<readonly [object, object]>([
    [{ scope: null }, { scopes: undefined }],
    [{ scope: [] }, { scopes: undefined }],
    [{ scope: '' }, { scopes: undefined }],
    [{ scope: ['sleep', 'activity'] }, { scopes: ['sleep', 'activity'] }],
    [{ expires_in: null }, { expiresAt: undefined }],
    [{ expires_in: '3600' }, { expiresAt: later(3600) }],
    [{ refresh_token_expires_in: null }, { refreshExpiresAt: undefined }],
    [{ refresh_token: '' }, { refreshToken: undefined }],
    [{ refresh_token: null }, { refreshToken: undefined }],
    [{ user_id: 7 }, { userId: undefined }],
  ])('is accepted with the extra field %j', async (fields, expected) => {
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

  test('of another person is refused; one without an account is accepted', async () => {
    await expect(refresh({ user_id: 'OTHER1' }, { userId: 'WALK01' })).rejects.toMatchObject({
      code: 'ANSWER_INVALID',
    });
    for (const fields of [{ user_id: 'WALK01' }, {}])
      expect((await refresh(fields, { userId: 'WALK01' })).accessToken.reveal()).toBe('at');
    expect((await refresh({ user_id: 'OTHER1' })).userId).toBe('OTHER1');
  });
});

describe('an error of the API', () => {
  const TOKEN = new Secret('odd token');
  const ofApi = (
    status: number,
    body = '',
    headers: Record<string, string> = {},
    server: AuthorizationServer = FITBIT,
  ) => apiError(server, new Response(null, { status, headers }), body, TOKEN);
  const fitbitBody = (errorType: string, message?: string) => JSON.stringify({ errors: [{ errorType, message }] });

  test.each<readonly [number, string, Record<string, string>, ErrorCode]>([
    [401, fitbitBody('invalid_token'), {}, 'GRANT_DEAD'],
    [403, fitbitBody('insufficient_scope'), {}, 'SCOPE_MISSING'],
    [403, fitbitBody('other'), {}, 'USAGE'],
    [404, '<p>', { 'content-type': 'text/html; charset=utf-8' }, 'USAGE'],
    [404, '{}', { 'content-type': 'application/json' }, 'USAGE'],
    [400, 'no JSON', {}, 'USAGE'],
    [409, '', {}, 'UNAVAILABLE'],
    [410, '', {}, 'RETIRED'],
    [429, '', {}, 'RATE_LIMITED'],
    [500, '', {}, 'UNAVAILABLE'],
    [408, '', {}, 'UNAVAILABLE'],
    [407, '', {}, 'USAGE'],
    [499, '', {}, 'USAGE'],
  ])('%i %s %o is %s', (status, body, headers, code) => {
    expect(ofApi(status, body, headers)).toMatchObject({ code, details: { status } });
  });

  test('a page instead of JSON means a wrong path; any other 404 is the API’s own', () => {
    const isPathNamed = (type: string, status = 404) =>
      /no such path/.test(ofApi(status, '', { 'content-type': type }).message);
    expect(isPathNamed('text/html')).toBe(true);
    expect(isPathNamed('TEXT/HTML;charset=utf-8')).toBe(true);
    for (const type of ['text/htmlx', 'application/text/html', 'application/json'])
      expect(isPathNamed(type)).toBe(false);
    expect(isPathNamed('text/html', 400)).toBe(false);
    expect(ofApi(404).message).not.toMatch(/no such path/);
  });

  test('the provider’s words are shown without the token', () => {
    for (const [status, type] of [
      [401, 'invalid_token'],
      [403, 'insufficient_scope'],
      [400, 'validation'],
    ] as const)
      expect(ofApi(status, fitbitBody(type, 'Not with odd token.')).message).toContain('says: "Not with [secret]."');
    expect(ofApi(400, fitbitBody('validation')).message).not.toMatch(/says|undefined/);
    expect(ofApi(400, '', {}, STANDARD).message).not.toMatch(/says|undefined/);
  });

  test('only a rate limit has the provider’s own hint', () => {
    const server = { ...FITBIT, rateLimitHint: 'Wait.' };
    expect(ofApi(429, '', {}, server).hint).toBe('Wait.');
    expect(ofApi(503, '', {}, server).hint).not.toBe('Wait.');
  });

  test('a provider-specific refusal keeps its code and hint', () => {
    const server: AuthorizationServer = {
      ...FITBIT,
      standardError: (_body, { secretSent, status }) => ({
        error: 'x',
        error_description: 'Words.',
        refusal: { code: 'ACCOUNT_NOT_ALLOWED', message: `Refused ${status} ${secretSent}.`, hint: 'Do it.' },
      }),
    };
    expect(ofApi(403, '', {}, server)).toMatchObject({
      code: 'ACCOUNT_NOT_ALLOWED',
      message: 'Refused 403 true. Fitbit says: "Words."',
      hint: 'Do it.',
      details: { status: 403 },
    });
  });
});

describe('a provider-specific refusal of the token endpoint', () => {
  const refusing = (body?: object): AuthorizationServer => ({
    ...FITBIT,
    standardError: (_body, { secretSent }) => ({
      error: 'own_error',
      error_description: 'Not with refresh+token/short.',
      refusal: { code: 'ACCOUNT_NOT_ALLOWED', message: `Refused ${secretSent}.`, hint: 'Do it.' },
      ...body,
    }),
  });

  test('keeps its code, hint and status, without what was sent', async () => {
    const error = await refreshed(refusing(), new Response('{}', { status: 403 }));
    expect(error).toMatchObject({
      code: 'ACCOUNT_NOT_ALLOWED',
      message: 'Refused true. Fitbit says: "Not with [secret]."',
      hint: 'Do it.',
      details: { status: 403, provider_error: 'own_error' },
    });
  });

  test('knows whether a secret was sent', async () => {
    const thrown = refreshTokens(refusing(), { id: '23ABCD' }, REFRESH_TOKEN, {
      fetch: async () => new Response('{}', { status: 403 }),
    });
    await expect(thrown).rejects.toThrow('Refused false.');
  });
});

describe('a request to the token endpoint', () => {
  const EXCHANGE = { redirectUri: 'http://127.0.0.1:8976/callback', verifier: new Secret('v'.repeat(43)) };
  const PAIR = { access_token: 'at', refresh_token: 'rt', token_type: 'Bearer' };
  /** As `validateCallback` makes them: oauth4webapi takes no others. */
  const parameters = () => {
    const pending = newAuthorization();
    const query = new URLSearchParams({ code: 'the-code', state: pending.state.reveal() });
    const result = validateCallback(FITBIT, CLIENT, pending, query);
    return result.kind === 'granted' ? result.parameters : new URLSearchParams();
  };

  test('exchanges the code with verifier and redirect URI', async () => {
    const sent: string[] = [];
    const fetch = async (url: string, init?: RequestInit) => {
      sent.push(`${init?.method} ${url} ${init?.body}`);
      return Response.json({
        ...PAIR,
        expires_in: 60,
        refresh_token_expires_in: 120,
        scope: 'sleep  profile',
        user_id: 'WALK01',
      });
    };
    const tokens = await exchangeCode(FITBIT, CLIENT, { ...EXCHANGE, parameters: parameters() }, { fetch, now: NOW });
    expect(tokens).toEqual({
      accessToken: new Secret('at'),
      refreshToken: new Secret('rt'),
      tokenType: 'Bearer',
      obtainedAt: NOW,
      expiresAt: later(60),
      refreshExpiresAt: later(120),
      scopes: ['sleep', 'profile'],
      userId: 'WALK01',
    });
    expect(sent).toHaveLength(1);
    for (const part of [
      'POST https://api.fitbit.com/oauth2/token',
      'grant_type=authorization_code',
      'code=the-code',
      `code_verifier=${'v'.repeat(43)}`,
      'redirect_uri=http%3A%2F%2F127.0.0.1%3A8976%2Fcallback',
    ])
      expect(sent[0]).toContain(part);
  });

  test.each<readonly [number, string, ErrorCode]>([
    [400, 'invalid_grant', 'SIGN_IN_FAILED'],
    [401, 'invalid_client', 'CLIENT_REJECTED'],
    [503, 'invalid_grant', 'UNAVAILABLE'],
  ])('an exchange that is refused with %i %s is %s, without code and verifier', async (status, type, code) => {
    const message = `Not the-code, not ${'v'.repeat(43)}.`;
    const fetch = async () => fitbitError(status, type, message);
    const error = await exchangeCode(FITBIT, CLIENT, { ...EXCHANGE, parameters: parameters() }, { fetch }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code });
    for (const secret of ['the-code', 'v'.repeat(43)]) expect(JSON.stringify(error)).not.toContain(secret);
  });

  test('is refused if it failed for an unknown reason', async () => {
    const fetch = async () => {
      throw new TypeError('broken');
    };
    await expect(refreshTokens(FITBIT, CLIENT, REFRESH_TOKEN, { fetch })).rejects.toMatchObject({
      code: 'UNEXPECTED',
      message: 'broken',
    });
  });

  test('revokes at the revocation endpoint; a missing endpoint or a dead token is an error', async () => {
    const sent: string[] = [];
    const revoke = (server: AuthorizationServer, response: Response) =>
      revokeToken(server, CLIENT, REFRESH_TOKEN, {
        fetch: async (url, init) => {
          sent.push(`${url} ${init?.body}`);
          return response;
        },
      });
    await revoke(FITBIT, new Response(null));
    expect(sent[0]).toContain(`${FITBIT.revocationEndpoint} `);
    expect(sent[0]).toContain(`token=${encodeURIComponent(REFRESH_TOKEN.reveal())}`);
    const { revocationEndpoint: __, ...without } = FITBIT;
    await expect(revoke(without, new Response(null))).rejects.toMatchObject({ code: 'USAGE' });
    expect(sent).toHaveLength(1);
    await expect(revoke(FITBIT, fitbitError(400, 'invalid_token'))).rejects.toMatchObject({ code: 'GRANT_DEAD' });
  });
});

describe('an unusual token response', () => {
  const refresh = (fields: object) =>
    refreshTokens(FITBIT, CLIENT, REFRESH_TOKEN, {
      fetch: async () => Response.json({ access_token: 'at', ...fields }),
      now: NOW,
    });
  test.each([
    { token_type: 'mac' },
    { token_type: 'DPoP' },
    { token_type: 'Bearer', expires_in: -1 },
    { token_type: 'Bearer', expires_in: 10 * 366 * 24 * 3600 + 1 },
    { token_type: 'Bearer', refresh_token_expires_in: -1 },
    { token_type: 'Bearer', refresh_token_expires_in: '60' },
  ])('is refused with %j', async (fields) => {
    await expect(refresh(fields)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });

  test.each([
    [{ expires_in: 0 }, { expiresAt: NOW }],
    [{ id_token: '' }, { subject: undefined }],
    [{ refresh_token_expires_in: 10 * 366 * 24 * 3600 }, { refreshExpiresAt: later(10 * 366 * 24 * 3600) }],
    [{ scope: ['sleep', 7, 'a\u001b'] }, { scopes: ['sleep'] }],
    [{ user_id: 'a b' }, { userId: undefined }],
  ])('is accepted with %j', async (fields, expected) => {
    expect(await refresh({ token_type: 'bearer', ...fields })).toMatchObject(expected);
  });
});

describe('any failure of a request', () => {
  const refusal = (error: string, description?: string) =>
    new oauth.ResponseBodyError('refused', {
      cause: { error, ...(description && { error_description: description }) },
      response: new Response(null, { status: 400 }),
    });

  test.each<readonly [RequestKind, string, ErrorCode]>([
    ['exchange', 'invalid_grant', 'SIGN_IN_FAILED'],
    ['refresh', 'invalid_grant', 'GRANT_DEAD'],
    ['refresh', 'invalid_token', 'ANSWER_INVALID'],
    ['exchange', 'invalid_token', 'ANSWER_INVALID'],
    ['revoke', 'invalid_request', 'REQUEST_REJECTED'],
    ['introspect', 'invalid_client', 'CLIENT_REJECTED'],
    ['introspect', 'unauthorized_client', 'CLIENT_REJECTED'],
    ['introspect', 'invalid_request', 'ANSWER_INVALID'],
    ['introspect', 'invalid_grant', 'ANSWER_INVALID'],
    ['introspect', 'invalid_token', 'ANSWER_INVALID'],
    ['introspect', 'new_in_2031', 'ANSWER_INVALID'],
    ['refresh', 'new_in_2031', 'ANSWER_INVALID'],
  ])('%s refused with %s is %s', (request, error, code) => {
    expect(tokenRequestError('Fitbit', request, refusal(error, 'Words.'))).toMatchObject({
      code,
      message: expect.stringContaining('says: "Words."'),
      details: { status: 400, provider_error: error },
    });
  });

  test('revoking a dead token reports a dead grant', () => {
    const [dead, other] = ['invalid_grant', 'invalid_token'].map((error) =>
      tokenRequestError('Fitbit', 'revoke', refusal(error)),
    );
    expect(other?.message).toBe(dead?.message);
    expect(other?.code).toBe(dead?.code);
    expect(tokenRequestError('Fitbit', 'revoke', refusal('invalid_client')).message).not.toBe(dead?.message);
  });

  test.each<readonly [number, ErrorCode, object]>([
    [401, 'CLIENT_REJECTED', { status: 401 }],
    [400, 'ANSWER_INVALID', { status: 400 }],
    [200, 'ANSWER_INVALID', { reason: 'OAUTH_X' }],
  ])('a response with %i that cannot be read is %s', (status, code, details) => {
    const cause = new Response(null, { status });
    const thrown = new oauth.OperationProcessingError('unreadable', { code: 'OAUTH_X', cause });
    const error = tokenRequestError('Fitbit', 'refresh', thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining('Fitbit') });
    expect(error.details).toEqual(details);
    expect(error.cause).toBeUndefined();
  });

  test('anything else is UNEXPECTED, with its own words', () => {
    const thrown = [new TypeError('a'), Object.assign(new Error('b'), { code: 'EPIPE' }), 'c'];
    expect(thrown.map((one) => tokenRequestError('Fitbit', 'refresh', one))).toMatchObject(
      ['a', 'b', 'c'].map((message) => ({ code: 'UNEXPECTED', message })),
    );
    const own = new AuthError('DENIED', 'No.');
    expect(tokenRequestError('Fitbit', 'refresh', own)).toBe(own);
  });

  test('a short secret of the Basic header is redacted, even without its "="', async () => {
    const server = { ...STANDARD, clientAuthentication: 'client_secret_basic' as const };
    const client = { id: '1', secret: new Secret('ab') };
    expect(Buffer.from('1:ab').toString('base64')).toBe('MTphYg==');
    for (const text of ['MTphYg==', 'MTphYg=', 'MTphYg', 'Basic MTphYg=='])
      await expect(
        refreshTokens(server, client, REFRESH_TOKEN, {
          fetch: async () =>
            Response.json({ error: 'invalid_client', error_description: `Not ${text} here.` }, { status: 400 }),
        }),
      ).rejects.toMatchObject({ message: expect.not.stringContaining('MTphYg') });
  });

  test.each(['41x', 'x41', '12345678', ''])('a reset in %j seconds is none', async (given) => {
    const headers = { 'fitbit-rate-limit-reset': given };
    const error = await refreshed(FITBIT, new Response(null, { status: 429, headers }));
    expect(error.details).toEqual({ status: 429 });
  });

  test('a description that is not a string is ignored', async () => {
    for (const description of [7, {}, null]) {
      const response = Response.json({ error: 'invalid_request', error_description: description }, { status: 400 });
      expect(await refreshed(STANDARD, response)).toMatchObject({
        code: 'REQUEST_REJECTED',
        message: expect.not.stringContaining('says'),
      });
    }
  });
});
