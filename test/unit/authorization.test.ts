import fc from 'fast-check';
import { calculatePKCECodeChallenge } from 'oauth4webapi';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import {
  authorizationUrl,
  newAuthorization,
  type PendingAuthorization,
  validateCallback,
} from '../../src/oauth/authorization.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { Secret } from '../../src/secret.ts';

const { server } = fitbit();
const ALWAYS_ISS = { ...server, issuer: 'https://issuer.example', issAlwaysSent: true };
const CLIENT = { id: '23ABCD' };
const REDIRECT_URI = 'http://127.0.0.1:8976/callback';

const STATE = 'aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_aBcDe';
const pending: PendingAuthorization = {
  state: new Secret(STATE),
  verifier: new Secret(STATE.replace('a', 'v')),
  challenge: 'the-challenge',
  nonce: new Secret(STATE.replace('a', 'n')),
};

/** `STATE` stands for the right one. */
const judged = (query: string, as = server) =>
  validateCallback(as, CLIENT, pending, new URLSearchParams(query.replaceAll('STATE', STATE)));

const addressOf = (
  parameters: Readonly<Record<string, string>> = {},
  scopes: readonly string[] = ['sleep', 'profile'],
) => new URL(authorizationUrl(server, { clientId: CLIENT.id, redirectUri: REDIRECT_URI, scopes, pending, parameters }));

describe('a pending authorization', () => {
  test('§2: has a verifier of 32 random bytes, a new one each time, with its S256 as challenge', async () => {
    const attempts = Array.from({ length: 200 }, newAuthorization);
    for (const { verifier, challenge } of attempts) {
      expect(Buffer.from(verifier.reveal(), 'base64url')).toHaveLength(32);
      expect(verifier.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(challenge).toBe(await calculatePKCECodeChallenge(verifier.reveal()));
    }
    expect(new Set(attempts.map(({ verifier }) => verifier.reveal())).size).toBe(200);
  });

  test('§4: has a state of at least 128 random bits, a new one each time, which is not the verifier', async () => {
    const attempts = Array.from({ length: 200 }, newAuthorization);
    for (const { state, verifier } of attempts) {
      expect(Buffer.from(state.reveal(), 'base64url').length).toBeGreaterThanOrEqual(16);
      expect(state.reveal()).not.toBe(verifier.reveal());
    }
    expect(new Set(attempts.map(({ state }) => state.reveal())).size).toBe(200);
  });

  test('prints neither state nor verifier', () => {
    expect(JSON.stringify(pending)).not.toContain(STATE);
    expect(JSON.stringify(pending)).not.toContain(pending.verifier.reveal());
  });
});

describe('the authorization request', () => {
  test('§2, §8: asks for a code with PKCE S256, and holds everything once', () => {
    const { origin, pathname, searchParams } = addressOf({ prompt: 'consent' });
    expect(origin + pathname).toBe('https://www.fitbit.com/oauth2/authorize');
    expect([...searchParams]).toEqual([
      ['prompt', 'consent'],
      ['response_type', 'code'],
      ['client_id', CLIENT.id],
      ['redirect_uri', REDIRECT_URI],
      ['scope', 'sleep profile'],
      ['state', STATE],
      ['code_challenge', pending.challenge],
      ['code_challenge_method', 'S256'],
    ]);
  });

  test('§2, §8: no parameter of a provider can make it an implicit grant or remove PKCE or state', () => {
    const { searchParams } = addressOf({
      response_type: 'token',
      code_challenge_method: 'plain',
      code_challenge: pending.verifier.reveal(),
      state: '',
    });
    expect(searchParams.getAll('response_type')).toEqual(['code']);
    expect(searchParams.getAll('code_challenge_method')).toEqual(['S256']);
    expect(searchParams.getAll('code_challenge')).toEqual([pending.challenge]);
    expect(searchParams.getAll('state')).toEqual([STATE]);
  });

  test('never holds the verifier, and no empty scope', () => {
    expect(addressOf().href).not.toContain(pending.verifier.reveal());
    expect(addressOf({}, []).searchParams.has('scope')).toBe(false);
  });

  test('has the nonce if an ID token is requested', () => {
    expect(addressOf({}, ['openid', 'sleep']).searchParams.get('nonce')).toBe(pending.nonce.reveal());
  });

  test('keeps what the authorization endpoint has in its query already (RFC 6749 §3.1)', () => {
    const endpoint = { ...server, authorizationEndpoint: 'https://issuer.example/authorize?tenant=7' };
    const request = { clientId: CLIENT.id, redirectUri: REDIRECT_URI, scopes: [], pending };
    expect(new URL(authorizationUrl(endpoint, request)).searchParams.get('tenant')).toBe('7');
  });
});

// Each row would be judged otherwise if a later rule came first.
const UNEXPECTED = [
  ['§11: a repeated parameter comes before a wrong state', 'code=a&code=b&state=wrong', 'repeated-parameter'],
  ['§11: a repeated parameter comes before an error', 'error=access_denied&error=x&state=STATE', 'repeated-parameter'],
  ['§11: the right state twice', 'code=a&state=STATE&state=STATE', 'repeated-parameter'],
  ['§11: an unknown parameter, repeated', 'code=a&state=STATE&x=1&x=1', 'repeated-parameter'],
  ['§4: no state', 'code=a', 'no-state'],
  ['§4: an empty state', 'code=a&state=', 'no-state'],
  ['§4: no state comes before an error', 'error=access_denied', 'no-state'],
  ['§4: a wrong state', 'code=a&state=wrong', 'wrong-state'],
  ['§4: a wrong state comes before an error', 'error=access_denied&state=wrong', 'wrong-state'],
  ['§4: a wrong state comes before a wrong issuer', 'code=a&state=wrong&iss=https%3A%2F%2Fevil.example', 'wrong-state'],
  ['§4: the state with a letter more', 'code=a&state=STATEx', 'wrong-state'],
  ['§4: the state with an extra space', 'code=a&state=STATE%20', 'wrong-state'],
  ['§7: another issuer', 'code=a&state=STATE&iss=https%3A%2F%2Fevil.example', 'other-issuer'],
  ['§7: another issuer comes before an error', 'error=access_denied&state=STATE&iss=x', 'other-issuer'],
  ['§7: the issuer with a slash more', 'code=a&state=STATE&iss=https%3A%2F%2Fwww.fitbit.com%2F', 'other-issuer'],
  ['neither code nor error', 'state=STATE', 'no-answer'],
  ['an empty code', 'code=&state=STATE', 'no-answer'],
  ['§8: an access token in the place of a code', 'access_token=a&token_type=bearer&state=STATE', 'no-answer'],
  ['§8: an access token in the place of a code, as response', 'response=a&state=STATE', 'no-answer'],
  ['§8: an ID token beside the code', 'code=a&id_token=b&state=STATE', 'no-answer'],
  ['§8: the same of the right issuer', 'code=a&id_token=b&state=STATE&iss=https%3A%2F%2Fwww.fitbit.com', 'no-answer'],
] as const;

describe('a request at the redirect URI', () => {
  test.each(UNEXPECTED)('%s: unexpected', (_name, query, reason) => {
    expect(judged(query)).toEqual({ kind: 'unexpected', reason });
  });

  test('with the right state and a code is accepted', () => {
    const result = judged('code=the-code&state=STATE&scope=sleep&something=else');
    expect(result.kind === 'granted' && result.parameters.get('code')).toBe('the-code');
  });

  test('§7: with the right issuer is accepted', () => {
    expect(judged('code=a&state=STATE&iss=https%3A%2F%2Fwww.fitbit.com').kind).toBe('granted');
  });

  test('§7: with an empty issuer counts as without one (RFC 6749 §3.1)', () => {
    expect(judged('code=a&state=STATE&iss=').kind).toBe('granted');
    expect(judged('code=a&state=STATE&iss=', ALWAYS_ISS).kind).toBe('unexpected');
  });

  test('§7: without an issuer is unexpected if the metadata promises one', () => {
    expect(judged('code=a&state=STATE', ALWAYS_ISS)).toEqual({ kind: 'unexpected', reason: 'other-issuer' });
    expect(judged('error=access_denied&state=STATE', ALWAYS_ISS)).toEqual({
      kind: 'unexpected',
      reason: 'other-issuer',
    });
    expect(judged('code=a&state=STATE&iss=https%3A%2F%2Fissuer.example', ALWAYS_ISS).kind).toBe('granted');
  });

  test('with an error and a code is refused: the error comes first', () => {
    expect(judged('code=a&error=access_denied&state=STATE').kind).toBe('refused');
  });

  test('§4: no state but the right one passes', () => {
    const nearly = fc
      .nat({ max: STATE.length - 1 })
      .chain((at) =>
        fc.string({ minLength: 1, maxLength: 1 }).map((letter) => STATE.slice(0, at) + letter + STATE.slice(at + 1)),
      );
    fc.assert(
      fc.property(
        fc.oneof(nearly, fc.string(), fc.constant(STATE.toLowerCase()), fc.constant(STATE.slice(1))),
        (state) => {
          fc.pre(state !== STATE);
          const parameters = new URLSearchParams({ code: 'a', state });
          expect(validateCallback(server, CLIENT, pending, parameters).kind).toBe('unexpected');
        },
      ),
    );
  });

  test('§4: the state of another authorization is unexpected', async () => {
    const parameters = new URLSearchParams({ code: 'a', state: newAuthorization().state.reveal() });
    expect(validateCallback(server, CLIENT, pending, parameters)).toEqual({
      kind: 'unexpected',
      reason: 'wrong-state',
    });
  });
});

// RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6.
const REGISTERED: readonly (readonly [string, ErrorCode])[] = [
  ['access_denied', 'DENIED'],
  ['invalid_request', 'REQUEST_REJECTED'],
  ['unauthorized_client', 'CLIENT_REJECTED'],
  ['unsupported_response_type', 'REQUEST_REJECTED'],
  ['invalid_scope', 'SCOPE_REJECTED'],
  ['server_error', 'UNAVAILABLE'],
  ['temporarily_unavailable', 'UNAVAILABLE'],
  ['interaction_required', 'SIGN_IN_FAILED'],
  ['login_required', 'SIGN_IN_FAILED'],
  ['account_selection_required', 'SIGN_IN_FAILED'],
  ['consent_required', 'SIGN_IN_FAILED'],
];

const refused = (parameters: Readonly<Record<string, string>>) => {
  const result = validateCallback(server, CLIENT, pending, new URLSearchParams({ ...parameters, state: STATE }));
  if (result.kind !== 'refused') throw new Error(`It was not refused: ${result.kind}`);
  return result.error;
};

describe('§12: an error at the redirect URI', () => {
  test.each(REGISTERED)('%s has its own message', (error, code) => {
    const { message, code: found } = refused({ error });
    expect(found).toBe(code);
    expect(message).toContain('Fitbit');
    expect(message).not.toContain(error);
  });

  test('registered codes have messages that differ', () => {
    expect(new Set(REGISTERED.map(([error]) => refused({ error }).message)).size).toBe(REGISTERED.length);
  });

  test.each(['new_in_2031', 'toString', '__proto__', 'constructor'])(
    '%s, which is not registered, is shown',
    (error) => {
      const { code, message } = refused({ error });
      expect(code).toBe('SIGN_IN_FAILED');
      expect(message).toContain(`"${error}"`);
    },
  );

  test('the provider’s words are shown, without control characters, long texts and secrets', () => {
    const nasty = `\u001b[31mred\u202e\r\nForged: line ${'long '.repeat(500)}`;
    const { message } = refused({ error: `odd\u001b[2J`, error_description: nasty });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(message).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(message).toContain('red');
    expect(message.length).toBeLessThan(800);
  });

  test('state and verifier, repeated by the provider, are redacted', () => {
    for (const secret of [STATE, pending.verifier.reveal()]) {
      expect(refused({ error: 'x', error_description: `You sent ${secret}.` }).message).toContain('You sent [secret]');
      expect(refused({ error: secret }).message).not.toContain(secret);
    }
  });

  test('state and verifier are redacted in any form, in the error’s code too', () => {
    const odd = { ...newAuthorization(), state: new Secret('odd state'), verifier: new Secret('odd verifier') };
    const answer = { error: 'odd verifier', error_description: 'odd state, odd verifier', state: 'odd state' };
    const result = validateCallback(server, CLIENT, odd, new URLSearchParams(answer));
    expect(result).toMatchObject({
      kind: 'refused',
      error: { message: expect.stringMatching(/"\[secret\]".*"\[secret\], \[secret\]"/) },
    });
  });

  test('without words of the provider holds none', () => {
    expect(refused({ error: 'access_denied' }).message).not.toMatch(/says|undefined/);
  });
});
