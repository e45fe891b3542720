import { describe, expect, test } from 'vitest';
import { type RegistrationOptions, resolveClient, resolveProvider } from '../../src/auth/client.ts';
import { Secret } from '../../src/secret.ts';
import type { Profile } from '../../src/store/profile.ts';

const STORED: Profile = {
  provider: 'fitbit',
  client: { id: 'STORED', secret: new Secret('stored-secret') },
  redirectUris: [],
  requestedScopes: [],
};
const ENVIRONMENT = { FITBIT_CLIENT_ID: 'ENVIR0', FITBIT_CLIENT_SECRET: 'environment-secret' };
const SECRET_ONLY = { FITBIT_CLIENT_SECRET: 'environment-secret' };
const FILE = '{"client_id":"FILE01","client_secret":"file-secret"}';

type Expected = readonly [id: string, secret?: string];
const SOURCES: readonly (readonly [
  string,
  RegistrationOptions,
  Readonly<Record<string, string>>,
  Profile | undefined,
  Expected | undefined,
])[] = [
  ['nothing', {}, {}, undefined, undefined],
  ['empty variables', {}, { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '' }, undefined, undefined],
  ['a secret without an id', {}, SECRET_ONLY, undefined, undefined],
  [
    'variables with spaces, line breaks and quotes around their values',
    {},
    { FITBIT_CLIENT_ID: ' "ENVIR0"\n', FITBIT_CLIENT_SECRET: "'environment-secret'\n" },
    undefined,
    ['ENVIR0', 'environment-secret'],
  ],
  [
    'a custom provider’s secret, of any printable characters',
    { clientId: 'x', provider: 'https://id.example', clientSecret: ' pass phräse ' },
    {},
    undefined,
    ['x', 'pass phräse'],
  ],
  ['an id alone', { clientId: '23ABCD' }, {}, undefined, ['23ABCD']],
  ['the environment', {}, ENVIRONMENT, undefined, ['ENVIR0', 'environment-secret']],
  ['the profile', {}, {}, STORED, ['STORED', 'stored-secret']],
  ['the environment before the profile', {}, ENVIRONMENT, STORED, ['ENVIR0', 'environment-secret']],
  ['a file before both', { clientFile: FILE }, ENVIRONMENT, STORED, ['FILE01', 'file-secret']],
  [
    'an option before all, with the file’s secret',
    { clientId: '23ABCD', clientFile: FILE },
    ENVIRONMENT,
    STORED,
    ['23ABCD', 'file-secret'],
  ],
  [
    'an option never gets the environment’s secret of another app',
    { clientId: '23ABCD' },
    ENVIRONMENT,
    STORED,
    ['23ABCD'],
  ],
  [
    'an option gets the environment’s secret of its own app',
    { clientId: 'ENVIR0' },
    ENVIRONMENT,
    undefined,
    ['ENVIR0', 'environment-secret'],
  ],
  [
    'an option gets a secret that is alone',
    { clientId: '23ABCD' },
    SECRET_ONLY,
    undefined,
    ['23ABCD', 'environment-secret'],
  ],
  ['an id gets the profile’s secret of its own app', { clientId: 'STORED' }, {}, STORED, ['STORED', 'stored-secret']],
  ['an id never gets the profile’s secret of another app', { clientId: '23ABCD' }, {}, STORED, ['23ABCD']],
  [
    'a secret alone in a file belongs to the environment’s id',
    { clientFile: 'file-secret' },
    ENVIRONMENT,
    undefined,
    ['ENVIR0', 'file-secret'],
  ],
];

describe('the client registration', () => {
  test.each(SOURCES)('is known from %s', (_name, options, environment, stored, expected) => {
    const client = resolveClient(options, environment, stored);
    expect(client && [client.id, ...(client.secret ? [client.secret.reveal()] : [])]).toEqual(expected);
  });

  test.each(['two words', 'line\nbreak', 'ünïcode', 'x'.repeat(256)])('cannot have the client ID %j', (clientId) => {
    expect(() => resolveClient({ clientId }, {}, undefined)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

const noWeb = { fetch: () => Promise.reject(new Error('Unexpected request.')) };
const resolved = (id: string | undefined, more: { provider?: string; stored?: Profile; sandbox?: string } = {}) =>
  resolveProvider(
    { client: id === undefined ? undefined : { id }, stored: undefined, sandbox: undefined, ...more },
    noWeb,
  );

describe('the provider', () => {
  test('is inferred from the client ID, without a request', async () => {
    expect((await resolved('23ABCD')).id).toBe('fitbit');
    expect((await resolved(undefined)).id).toBe('fitbit');
    expect((await resolved('odd-id', { provider: 'fitbit' })).id).toBe('fitbit');
    expect((await resolved('odd-id', { stored: { ...STORED, client: { id: 'odd-id' } } })).id).toBe('fitbit');
  });

  test.each<readonly [string, string | undefined, object]>([
    ['an id of no known shape', 'odd-id', {}],
    ['an unknown name', '23ABCD', { provider: 'garmin' }],
    ['a sandbox elsewhere', '23ABCD', { sandbox: 'http://sandbox.example:8977' }],
    ['a sandbox over https', '23ABCD', { sandbox: 'https://127.0.0.1:8977' }],
    ['a sandbox whose name only begins like loopback', '23ABCD', { sandbox: 'http://127.0.0.1.evil.example' }],
    ['a sandbox for an address', '23ABCD', { sandbox: 'http://127.0.0.1:8977', provider: 'https://issuer.example' }],
  ])('is refused: %s', async (_name, id, more) => {
    await expect(resolved(id, more)).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
  });

  test('a sandbox has Fitbit’s paths on its one origin', async () => {
    const { server, sandbox } = await resolved('23ABCD', { sandbox: 'http://127.0.0.1:8977' });
    expect(sandbox).toBe('http://127.0.0.1:8977');
    expect(server).toMatchObject({
      authorizationEndpoint: 'http://127.0.0.1:8977/oauth2/authorize',
      tokenEndpoint: 'http://127.0.0.1:8977/oauth2/token',
      revocationEndpoint: 'http://127.0.0.1:8977/oauth2/revoke',
      introspectionEndpoint: 'http://127.0.0.1:8977/1.1/oauth2/introspect',
    });
  });
});
