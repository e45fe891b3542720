import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { login } from '../../src/auth/index.ts';
import { some } from '../extent.ts';
import { type IssuerOptions, startIssuer } from './issuer.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'interop-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
});

/** A sign-in that must not come as far as waiting, which would end at once. */
function signIn(provider: string): Promise<unknown> {
  const environment = { FITBIT_LOGIN_HOME: home };
  const redirectUris = ['http://127.0.0.1:0/callback'];
  return login({ provider, clientId: 'a-notebook', redirectUris, browser: false, timeoutMs: 1 }, { environment });
}

const UNUSABLE: readonly [string, NonNullable<IssuerOptions['editMetadata']>, RegExp][] = [
  [
    'another issuer',
    (metadata) => set(metadata, { issuer: 'https://other.example' }),
    /another issuer, https:\/\/other/,
  ],
  [
    'a token endpoint on plain http',
    (metadata) => set(metadata, { token_endpoint: 'http://other.example/token' }),
    /https/,
  ],
  [
    'an authorization endpoint that is a script',
    (metadata) => set(metadata, { authorization_endpoint: 'javascript:1' }),
    /https/,
  ],
  ['no token endpoint', (metadata) => delete metadata.token_endpoint, /token endpoint/],
  ['plain PKCE alone', (metadata) => set(metadata, { code_challenge_methods_supported: ['plain'] }), /S256/],
  ['the implicit grant alone', (metadata) => set(metadata, { response_types_supported: ['token'] }), /code/],
];
test.for(some(UNUSABLE, 3))(
  '§20: metadata with %s are refused before the browser opens',
  async ([, editMetadata, why]) => {
    await using server = await startIssuer({ editMetadata });
    const refused = expect(signIn(server.issuer)).rejects;
    await refused.toMatchObject({ code: 'METADATA_INVALID', exitCode: 2, message: expect.stringMatching(why) });
    expect((await readdir(home)).filter((name) => name !== 'log')).toEqual([]);
  },
);

test.for([
  'http://provider.example',
  'http://127.0.0.1.example',
  'http://0.0.0.0:1',
  'ftp://127.0.0.1',
  'http://somebody@127.0.0.1',
])('§20: %s cannot be a provider: https, or http on loopback', async (address) => {
  await expect(signIn(address)).rejects.toMatchObject({ code: 'METADATA_INVALID', exitCode: 2 });
});

test('a URL without metadata is named, with every URL that was tried', async () => {
  await using server = await startIssuer();
  const message = expect.stringMatching(/other-tenant.*oauth-authorization-server\/other-tenant/s);
  await expect(signIn(`${server.issuer}/other-tenant`)).rejects.toMatchObject({ code: 'METADATA_INVALID', message });
});

function set(metadata: Record<string, unknown>, values: Readonly<Record<string, unknown>>): void {
  Object.assign(metadata, values);
}
