import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { LoginOptions, RuntimeOptions } from '../../src/auth/index.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from '../browser/browser.ts';
import { begin } from '../browser/browser-fixture.ts';
import { longTest, some } from '../extent.ts';
import { type ClientMetadata, type IssuerOptions, startIssuer } from './issuer.ts';

const SECRET = 'a secret: with $igns & blanks/+';
const BASIC: ClientMetadata = {
  client_id: 'a:note+book',
  client_secret: SECRET,
  token_endpoint_auth_method: 'client_secret_basic',
};
const POST: ClientMetadata = { ...BASIC, token_endpoint_auth_method: 'client_secret_post' };
const PUBLIC: ClientMetadata = { client_id: 'a-notebook', token_endpoint_auth_method: 'none' };

describe.skipIf(skipWithoutBrowser)('oidc-provider, through its own pages', () => {
  let browser: RunningBrowser;
  let home = '';
  let runtimeOptions: RuntimeOptions = {};
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());
  beforeEach(async () => {
    await browser.context.clearCookies();
    home = await mkdtemp(join(tmpdir(), 'interop-'));
    runtimeOptions = { environment: { FITBIT_LOGIN_HOME: home } };
    onTestFinished(() => rm(home, { recursive: true, force: true }));
  });

  const stored = async () => JSON.parse(await readFile(join(home, 'profiles', 'default.json'), 'utf8'));
  const started = (provider: string, { client_id, client_secret }: ClientMetadata, options: LoginOptions = {}) =>
    begin(
      browser.context,
      {
        provider,
        clientId: client_id,
        ...(client_secret === undefined ? {} : { clientFile: JSON.stringify({ client_id, client_secret }) }),
        redirectUris: ['http://127.0.0.1:0/callback'],
        ...options,
      },
      runtimeOptions,
    );

  const WAYS: readonly [string, ClientMetadata, IssuerOptions][] = [
    ['a public client (none)', PUBLIC, {}],
    ['a confidential client (client_secret_basic)', BASIC, {}],
    ['a confidential client (client_secret_post)', POST, { clientAuthMethods: ['client_secret_post', 'none'] }],
    ['metadata at their RFC 8414 address alone', PUBLIC, { wellKnown: 'oauth-authorization-server' }],
    ['ID tokens signed with ES256', PUBLIC, { idTokenAlgorithm: 'ES256' }],
  ];
  test.for(some(WAYS, 1))('§2 §20: signs in with %s', async ([, client, options]) => {
    await using server = await startIssuer({ ...options, clients: [client] });
    const { page, url, done } = await started(server.issuer, client);
    expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256');
    await consentAs(page, 'WALK01');
    expect(await done).toMatchObject({ userId: 'WALK01', provider: 'custom', refreshable: true, missingScopes: [] });
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(server.granted).toEqual(['authorization_code']);
    expect(await stored()).toMatchObject({
      provider: 'custom',
      issuer: server.issuer,
      user_id: 'WALK01',
      scope: 'openid offline_access',
      refresh_token: expect.any(String),
    });
  });

  test('a sign-in that is cancelled on its page is denied', async () => {
    await using server = await startIssuer({ clients: [PUBLIC] });
    const { page, done } = await started(server.issuer, PUBLIC);
    await page.getByRole('link', { name: 'Cancel' }).click();
    await expect(done).rejects.toMatchObject({ code: 'DENIED', exitCode: 4 });
    await page.getByRole('heading', { name: /declined/i }).waitFor();
  });

  longTest('a wrong secret is a configuration error', async () => {
    await using server = await startIssuer({ clients: [BASIC] });
    const { page, done } = await started(server.issuer, { ...BASIC, client_secret: 'another one' });
    await consentAs(page, 'WALK01');
    await expect(done).rejects.toMatchObject({ code: 'CLIENT_REJECTED', exitCode: 2 });
    await page.getByRole('heading', { name: /fail|not signed in|can’t|reject/i }).waitFor();
  });

  longTest('without offline_access nothing is promised that needs a refresh token', async () => {
    await using server = await startIssuer({ clients: [PUBLIC] });
    const { page, done } = await started(server.issuer, PUBLIC, { scopes: ['openid', 'activity'] });
    await consentAs(page, 'SLEEP2');
    expect(await done).toMatchObject({ userId: 'SLEEP2', refreshable: false, scopes: ['openid', 'activity'] });
    expect(await stored()).not.toHaveProperty('refresh_token');
  });

  const OTHER_ISSUERS: readonly [string, (redirect: URL) => void][] = [
    ['without iss', ({ searchParams }) => searchParams.delete('iss')],
    ['with the iss of another provider', ({ searchParams }) => searchParams.set('iss', 'https://other.example')],
    ['with iss twice', ({ searchParams }) => searchParams.append('iss', 'https://other.example')],
  ];
  test.for(some(OTHER_ISSUERS, 1))('§7: a response %s is ignored, and the right one is accepted', async ([, edit]) => {
    const right: URL[] = [];
    await using server = await startIssuer({
      clients: [PUBLIC],
      editAnswer: (redirect) => {
        right.push(new URL(redirect));
        edit(redirect);
      },
    });
    const { page, unexpected, done } = await started(server.issuer, PUBLIC);
    await consentAs(page, 'WALK01');
    await page.getByRole('heading', { name: 'Still waiting' }).waitFor();
    expect(unexpected).toHaveLength(1);
    expect(server.granted).toEqual([]);
    await page.goto(right[0]?.href ?? '');
    expect((await done).userId).toBe('WALK01');
  });
});

/** What a person does on the pages of oidc-provider, which take any name and password. */
async function consentAs(page: Page, login: string): Promise<void> {
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
