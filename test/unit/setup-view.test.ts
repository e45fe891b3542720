import { describe, expect, test } from 'vitest';
import { AuthError, type ErrorCode } from '../../src/errors.ts';
import { FITBIT_CLIENT_ID, fitbit } from '../../src/providers/fitbit.ts';
import { GOOGLE_CLIENT_ID, googleHealth } from '../../src/providers/google-health.ts';
import { Secret } from '../../src/secret.ts';
import type { SetupForm } from '../../src/server/pages/site-view.ts';
import type { Profile } from '../../src/store/profile.ts';
import { type SetupState, setupError, setupView } from '../../src/usecases/setup-view.ts';

const NOTHING: SetupState = {
  providers: [
    { provider: googleHealth(), clientIdPattern: GOOGLE_CLIENT_ID },
    { provider: fitbit(), clientIdPattern: FITBIT_CLIENT_ID },
  ],
  stored: undefined,
  errors: [],
  notices: [],
};
const STORED: Profile = {
  provider: 'fitbit',
  client: { id: '23ABCD', secret: new Secret('marked-client-secret') },
  redirectUris: ['http://127.0.0.1:9000/cb'],
  requestedScopes: ['sleep'],
};
const TYPED: SetupForm = {
  clientId: '23OTHR',
  clientSecret: 'marked-typed-secret',
  clientFile: 'marked-file',
  provider: '',
  scopes: new Map([['fitbit', ['weight']]]),
  redirectUri: 'http://127.0.0.1:9001/cb',
};

function ticked(state: SetupState): readonly string[] {
  const fitbits = setupView(state).providers.find(({ id }) => id === 'fitbit');
  return (fitbits?.scopes ?? []).filter((scope) => scope.ticked).map(({ name }) => name);
}

describe('the setup page', () => {
  test('begins empty, with the usual redirect URI and the usual scopes', () => {
    expect(setupView(NOTHING)).toMatchObject({
      redirectUris: ['http://127.0.0.1:8976/callback'],
      clientId: '',
      hasSecret: false,
    });
    expect(setupView(NOTHING)).not.toHaveProperty('provider');
    expect(ticked(NOTHING)).toEqual(fitbit().defaultScopes);
  });

  test('is filled in with what is stored', () => {
    const state = { ...NOTHING, stored: STORED };
    expect(setupView(state)).toMatchObject({
      redirectUris: STORED.redirectUris,
      clientId: '23ABCD',
      hasSecret: true,
      provider: 'fitbit',
    });
    expect(ticked(state)).toEqual(['sleep']);
  });

  test('shows what was typed over what is stored; the stored secret belongs to the stored app alone', () => {
    const state = { ...NOTHING, stored: STORED, form: TYPED };
    expect(setupView(state)).toMatchObject({ clientId: '23OTHR', hasSecret: false, redirectUri: TYPED.redirectUri });
    expect(ticked(state)).toEqual(['weight']);
  });

  test('shows the redirect URIs that the command was given, which are the ones to register', () => {
    const redirectUris = ['http://127.0.0.1:9002/cb', 'http://localhost:9002/cb'];
    expect(setupView({ ...NOTHING, stored: STORED, redirectUris }).redirectUris).toEqual(redirectUris);
  });

  test('a stored port 0 is nothing that could be registered', () => {
    const stored = { ...STORED, redirectUris: ['http://127.0.0.1:0/callback'] };
    expect(setupView({ ...NOTHING, stored }).redirectUris).toEqual(['http://127.0.0.1:8976/callback']);
  });

  test.each([
    ['23ABCD', 'fitbit'],
    ['1234-abc.apps.googleusercontent.com', 'google-health'],
    ['23abcd', undefined],
    ['', undefined],
  ])('the client id %j is recognised as %s', (clientId, provider) => {
    expect(setupView({ ...NOTHING, form: { ...TYPED, clientId } }).provider).toBe(provider);
  });

  test('has no place for a secret', () => {
    const view = setupView({ ...NOTHING, stored: STORED, form: TYPED });
    expect(JSON.stringify(view)).not.toContain('marked');
  });
});

test.each<[ErrorCode, string]>([
  ['CLIENT_REJECTED', 'clientSecret'],
  ['SCOPE_REJECTED', 'scopes'],
  ['REQUEST_REJECTED', 'redirectUri'],
  ['PORT_BUSY', 'redirectUri'],
  ['UNAVAILABLE', 'form'],
])('%s is said at %s, with what to do', (code, field) => {
  const error = new AuthError(code, 'It was refused.');
  expect(setupError(error)).toEqual({ field, text: `It was refused. ${error.hint}` });
});
