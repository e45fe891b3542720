import { describe, expect, test } from 'vitest';
import { GOOGLE_CLIENT_ID, GOOGLE_SCOPE_PREFIX, googleHealth } from '../../src/providers/google-health.ts';
import { Secret } from '../../src/secret.ts';

const { standardError } = googleHealth().server;

describe('Google Health as data', () => {
  const { server, apiOrigin, scopes, defaultScopes, defaultRedirectUris, authorizationParameters, prompts } =
    googleHealth();

  test('§20 its endpoints are Google’s own, over https', () => {
    expect({ ...server, apiOrigin }).toMatchObject({
      issuer: 'https://accounts.google.com',
      authorizationEndpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
      tokenEndpoint: 'https://oauth2.googleapis.com/token',
      revocationEndpoint: 'https://oauth2.googleapis.com/revoke',
      introspectionEndpoint: 'https://oauth2.googleapis.com/tokeninfo',
      clientAuthentication: 'client_secret_post',
      apiOrigin: 'https://health.googleapis.com',
    });
  });

  test('it requests offline access and consent, on any free port, to read only', () => {
    expect(authorizationParameters).toEqual({ access_type: 'offline' });
    expect(prompts[0]).toBe('consent');
    expect(defaultRedirectUris).toEqual(['http://127.0.0.1:0/callback']);
    expect(defaultScopes.every((scope) => scope.endsWith('.readonly'))).toBe(true);
  });

  test('nine scopes read and six write; each has words of its own', () => {
    const names = scopes.map(({ name }) => name);
    expect(names.every((name) => name.startsWith(GOOGLE_SCOPE_PREFIX))).toBe(true);
    expect(names.filter((name) => name.endsWith('.readonly'))).toHaveLength(9);
    expect(names.filter((name) => name.endsWith('.writeonly'))).toHaveLength(6);
    expect(names).not.toContain(`${GOOGLE_SCOPE_PREFIX}ecg.writeonly`);
    expect(new Set(scopes.map(({ words }) => words)).size).toBe(15);
  });

  test.each([
    ['100000000001-desktop.apps.googleusercontent.com', true],
    ['23ABCD', false],
    ['100.apps.googleusercontent.com.evil.example', false],
    ['.apps.googleusercontent.com', false],
    ['two words.apps.googleusercontent.com', false],
  ])('%s is a Google client ID: %s', (id, known) => {
    expect(GOOGLE_CLIENT_ID.test(id)).toBe(known);
  });
});

describe('token information', () => {
  const { introspection } = googleHealth();

  test('accepts strings for numbers, and names no account', () => {
    const answer = { aud: 'app', scope: 'a b', exp: '1772370000', expires_in: '3599', access_type: 'offline' };
    expect(introspection?.read(answer)).toEqual({ scopes: ['a', 'b'], expiresAt: new Date('2026-03-01T13:00:00Z') });
  });

  test.each([{ exp: 'soon' }, { exp: -1 }, { exp: '1e99' }, { scope: 7 }])('%o has no verdict', (answer) => {
    expect(introspection?.read(answer)).toEqual({});
  });
});

const refusal = (reason?: string, metadata?: object) => ({
  error: {
    code: 403,
    message: 'In Google’s words.',
    status: 'PERMISSION_DENIED',
    details: [{ '@type': 'another' }, { reason, metadata }],
  },
});
const CONTEXT = { status: 403, secretSent: true };
const read = (body: unknown) => standardError?.(body, CONTEXT);

// Every row of the table is tried in test/flow/google-refusals.test.ts.
describe('a refusal of a Google API', () => {
  test.each(['toString', '__proto__', 'SOMETHING_NEW', undefined])(
    'the reason %s is its status, and no advice',
    (reason) => {
      expect(read(refusal(reason))).toEqual({
        error: 'PERMISSION_DENIED',
        error_description: 'In Google’s words.',
      });
    },
  );

  test('a URL in it is used only if it is https, and cannot control a terminal', () => {
    const hint = (redirect_uri: unknown) => read(refusal('ACCOUNT_NOT_LINKED', { redirect_uri }))?.refusal?.hint;
    expect(hint('https://fitbit.google.com/elsewhere')).toContain('https://fitbit.google.com/elsewhere ');
    for (const wrong of ['javascript:alert(1)', 'http://plain.example', 'not an address', 7])
      expect(hint(wrong)).toContain('https://fitbit.google.com/auth/signup');
    expect(hint('https://a.example/\u001b]0;title\u0007')).not.toContain('\u001b');
    const project = (consumer: string) => read(refusal('SERVICE_DISABLED', { consumer }))?.refusal?.hint;
    expect(project('projects/7')).toContain('?project=7,');
    expect(project('projects/7\u001b[31m')).not.toContain('?project');
  });

  test.each([null, 'text', [], { error: 7 }])('%o is none', (body) => {
    expect(read(body)).toBeUndefined();
  });
});

describe('the identity', () => {
  const asked = (body: unknown, status = 200) =>
    googleHealth().identify?.(new Secret('t'), async () => Response.json(body, { status })) ??
    Promise.reject(new Error());

  test.each([
    [
      { healthUserId: '1', legacyUserId: 'WALK01' },
      { userId: '1', legacyUserId: 'WALK01' },
    ],
    [{ healthUserId: '1' }, { userId: '1' }],
  ])('%o is %o', async (body, identity) => {
    expect(await asked(body)).toEqual(identity);
  });

  test.each([{}, { healthUserId: 'with\u001b[31m' }, { healthUserId: 7 }])('%o names no account', async (body) => {
    await expect(asked(body)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });
});
