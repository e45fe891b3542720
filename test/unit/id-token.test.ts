import { describe, expect, test } from 'vitest';
import { newAuthorization, validateCallback } from '../../src/oauth/authorization.ts';
import type { AuthorizationServer } from '../../src/oauth/server.ts';
import { exchangeCode, refreshTokens } from '../../src/oauth/token-endpoint.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { Secret } from '../../src/secret.ts';

const { standardError: _, userIdField: __, ...FITBIT } = fitbit().server;
const SERVER: AuthorizationServer = { ...FITBIT, name: 'Example', issuer: 'https://issuer.example' };
const CLIENT = { id: 'client-1' };
/** By a clock that is years from this machine's. */
const NOW = new Date('2020-03-01T12:00:00Z');
const seconds = Math.floor(NOW.getTime() / 1000);

const CLAIMS = { iss: SERVER.issuer, aud: CLIENT.id, sub: 'subject-1', iat: seconds, exp: seconds + 600 };
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const answer = (claims: object, headers: Readonly<Record<string, string>> = { date: NOW.toUTCString() }) =>
  Response.json(
    {
      access_token: 'at',
      token_type: 'Bearer',
      id_token: `${part({ alg: 'RS256' })}.${part({ ...CLAIMS, ...claims })}.${'s'.repeat(43)}`,
    },
    { headers },
  );

const refresh = (claims: object, options: { userId?: string; subject?: string } = {}, server = SERVER) =>
  refreshTokens(server, CLIENT, new Secret('refresh'), { fetch: async () => answer(claims), ...options });

describe('an ID token in the token response', () => {
  test('names their account', async () => {
    const tokens = await refresh({ email: 'a.person@mail.example' });
    expect(tokens).toMatchObject({ userId: 'subject-1', subject: 'subject-1', email: 'a.person@mail.example' });
    expect(await refresh({}, {}, { ...SERVER, subjectIsUserId: false })).toMatchObject({
      userId: undefined,
      subject: 'subject-1',
      email: undefined,
    });
  });

  test.each<readonly [object, string | undefined]>([
    [{ email: 'a@b', email_verified: true }, 'a@b'],
    [{ email: 'a@b', email_verified: false }, undefined],
    [{ email: 'aa@bb' }, 'aa@bb'],
    [{ email: 'ä@ö' }, 'ä@ö'],
    [{ email: '@b' }, undefined],
    [{ email: 'a@' }, undefined],
    [{ email: 'a@b@c' }, undefined],
    [{ email: 'a b@c' }, undefined],
    [{ email: 'a@b c' }, undefined],
    [{ email: 'a\u001b[31m@b' }, undefined],
    [{ email: 'a@b\u202e' }, undefined],
    [{ email: `${'a'.repeat(253)}@b` }, `${'a'.repeat(253)}@b`],
    [{ email: `${'a'.repeat(254)}@b` }, undefined],
    [{ email: 7 }, undefined],
  ])('an email is stored if it is harmless and not unverified: %j', async (claims, email) => {
    expect((await refresh(claims)).email).toBe(email);
  });

  test('of another account is refused', async () => {
    const refused = { code: 'ANSWER_INVALID', message: expect.stringContaining('another account, b@c') };
    await expect(refresh({ email: 'b@c' }, { subject: 'subject-2' })).rejects.toMatchObject(refused);
    await expect(refresh({ email: 'b@c' }, { userId: 'subject-2' })).rejects.toMatchObject(refused);
    await expect(refresh({}, { userId: 'subject-2' })).rejects.toThrow('another account, subject-1');
    expect((await refresh({}, { userId: 'subject-1', subject: 'subject-1' })).subject).toBe('subject-1');
  });

  test('is checked against its response’s Date header, not this machine’s clock, with five minutes of tolerance', async () => {
    expect((await refresh({ exp: seconds - 298 })).subject).toBe('subject-1');
    expect((await refresh({ nbf: seconds + 298 })).subject).toBe('subject-1');
    for (const claims of [{ exp: seconds - 302 }, { nbf: seconds + 302 }])
      await expect(refresh(claims)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });

  test.each<Record<string, string>>([{}, { date: 'yesterday' }])(
    'of a response without a date is compared with this machine’s time: %j',
    async (headers) => {
      const undated = (exp: number) =>
        refreshTokens(SERVER, CLIENT, new Secret('refresh'), { fetch: async () => answer({ exp }, headers) });
      const now = Math.floor(Date.now() / 1000);
      expect((await undated(now + 600)).subject).toBe('subject-1');
      await expect(undated(now - 600)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    },
  );

  test('of an exchange must repeat the nonce, if it has one', async () => {
    const pending = newAuthorization();
    const exchanged = async (response: Response) => {
      const query = new URLSearchParams({ code: 'c', state: pending.state.reveal() });
      const result = validateCallback(SERVER, CLIENT, pending, query);
      const parameters = result.kind === 'granted' ? result.parameters : query;
      const { verifier, nonce } = pending;
      const exchange = { parameters, redirectUri: 'http://127.0.0.1:8976/callback', verifier, nonce };
      return exchangeCode(SERVER, CLIENT, exchange, { fetch: async () => response });
    };
    expect((await exchanged(answer({ nonce: pending.nonce.reveal() }))).subject).toBe('subject-1');
    for (const claims of [{ nonce: 'other' }, {}])
      await expect(exchanged(answer(claims))).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    const without = await exchanged(Response.json({ access_token: 'at', token_type: 'Bearer' }));
    expect(without).toMatchObject({ subject: undefined, userId: undefined });
  });
});
