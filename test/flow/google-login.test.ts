import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LoginEvent, type LoginOptions, login } from '../../src/auth/index.ts';
import { consent } from '../../src/sandbox/consent.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { authorizeUrlAt } from '../cli/program.ts';
import { clientFile, DESKTOP, GOOGLE, PREFIX, WEB } from './google.ts';
import { signInFixture } from './sign-in.ts';
import { failure } from './signed-in.ts';

/** A sign-in to a sandbox with nothing but `options`; consent is given. */
async function signIn(options: LoginOptions, environment: Readonly<Record<string, string>> = {}) {
  const home = await mkdtemp(join(tmpdir(), 'google-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await using sandbox = await startSandbox({
    clients: [{ id: WEB.id, secret: WEB.secret, type: 'web', redirectUris: options.redirectUris ?? [] }],
  });
  let url = new URL('about:blank');
  const done = await login(
    { sandbox: sandbox.origin, profile: 'default', ...options },
    {
      environment: { FITBIT_LOGIN_HOME: home, ...environment },
      openBrowser: async (address) => {
        url = await authorizeUrlAt(address);
        await consent(address);
      },
    },
  );
  return { done, url, stored: JSON.parse(await readFile(join(home, 'profiles/default.json'), 'utf8')) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('a downloaded client file', () => {
  test('of a Desktop app: recognised by its top-level key, on any free port of 127.0.0.1', async () => {
    const { done, url, stored } = await signIn({ clientFile: clientFile('installed', ['http://localhost']) });
    expect(done).toMatchObject({ provider: 'google-health', clientId: DESKTOP.id, missingScopes: [] });
    const redirectUri = new URL(url.searchParams.get('redirect_uri') ?? '');
    expect(redirectUri.hostname).toBe('127.0.0.1');
    expect(Number(redirectUri.port)).toBeGreaterThan(0);
    expect(stored).toMatchObject({ client_secret: DESKTOP.secret, redirect_uris: ['http://127.0.0.1:0/callback'] });
  });

  test('of a Web app: at a redirect URI that is registered, to the byte; those elsewhere are passed over', async () => {
    const redirectUri = `http://localhost:${await freePort()}/signed/in`;
    const file = clientFile('web', ['https://example.com/callback', redirectUri]);
    await using at = await signInFixture();
    at.sandbox.register({ id: WEB.id, redirectUris: [redirectUri] });
    const events: LoginEvent[] = [];
    const done = await login(
      { sandbox: at.sandbox.origin, profile: 'default', clientFile: file, notify: (event) => events.push(event) },
      {
        environment: { FITBIT_LOGIN_HOME: at.home },
        openBrowser: async (address) => {
          expect((await authorizeUrlAt(address)).searchParams.get('redirect_uri')).toBe(redirectUri);
          await consent(address);
        },
      },
    );
    expect(done).toMatchObject({ provider: 'google-health', clientId: WEB.id });
    expect(events[0]).toMatchObject({ redirectUri });
    expect(JSON.parse(await at.stored())).toMatchObject({ redirect_uris: [redirectUri] });
  });

  test('of a Web app without a loopback redirect URI is refused, with a hint', async () => {
    const refused = failure(signIn({ clientFile: clientFile('web', ['https://example.com/callback']) }));
    expect(await refused).toMatchObject({
      code: 'USAGE',
      hint: expect.stringMatching(/http:\/\/127\.0\.0\.1:8976\/callback.*Desktop app/),
    });
  });

  test('that is newer than the profile replaces its redirect URIs', async () => {
    await using at = await signInFixture();
    const [old, newer] = [`http://127.0.0.1:${await freePort()}/old`, `http://127.0.0.1:${await freePort()}/new`];
    at.sandbox.register({ id: WEB.id, redirectUris: [old, newer] });
    const runtimeOptions = {
      environment: { FITBIT_LOGIN_HOME: at.home },
      openBrowser: async (address: string) => void (await consent(address)),
    };
    for (const uri of [old, newer]) {
      await login(
        { sandbox: at.sandbox.origin, profile: 'default', clientFile: clientFile('web', [uri]) },
        runtimeOptions,
      );
      expect(JSON.parse(await at.stored())).toMatchObject({ redirect_uris: [uri] });
    }
    await login({}, runtimeOptions);
    expect(JSON.parse(await at.stored())).toMatchObject({ client_id: WEB.id, redirect_uris: [newer] });
  });

  test('is never mixed with the Fitbit app of the environment', async () => {
    const { done, stored } = await signIn(
      { clientFile: clientFile('installed') },
      { FITBIT_CLIENT_ID: '23TSTS', FITBIT_CLIENT_SECRET: 'of-fitbit' },
    );
    expect(done.clientId).toBe(DESKTOP.id);
    expect(stored.client_secret).toBe(DESKTOP.secret);
  });
});

describe('the request', () => {
  test('asks for offline access and for consent, so that there is a refresh token; by default for a few scopes that read', async () => {
    const { url, done } = await signIn({ clientId: DESKTOP.id, clientSecret: DESKTOP.secret });
    expect(url.pathname).toBe('/o/oauth2/v2/auth');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ access_type: 'offline', prompt: 'consent' });
    expect(url.searchParams.has('login_hint')).toBe(false);
    expect(done).toMatchObject({ provider: 'google-health', refreshable: true });
    const asked = url.searchParams.get('scope')?.split(' ') ?? [];
    expect(asked.slice(-2)).toEqual(['openid', 'email']);
    expect(asked.slice(0, -2)).toEqual(done.scopes);
    expect(asked.length).toBeLessThan(8);
    for (const scope of done.scopes)
      expect(scope).toMatch(/^https:\/\/www\.googleapis\.com\/auth\/googlehealth\.\w+\.readonly$/);
  });

  test('signing in again returns a refresh token again, prompt=select_account does not', async () => {
    await using at = await signInFixture();
    for (const [prompt, refreshable] of [
      ['consent', true],
      ['consent', true],
      ['select_account', false],
    ] as const) {
      expect(await at.signIn({ ...GOOGLE, prompt })).toMatchObject({ refreshable });
    }
  });

  test('login_hint is remembered and sent again until it is replaced', async () => {
    await using at = await signInFixture();
    const hinted = async (options: LoginOptions) => {
      const waiting = await at.begin(options);
      await waiting.consent();
      return [waiting.url.searchParams.get('login_hint'), (await waiting.result).legacyUserId];
    };
    expect(await hinted({ ...GOOGLE, loginHint: 'sleeper@example.com' })).toEqual(['sleeper@example.com', 'SLEEP2']);
    expect(await hinted(GOOGLE)).toEqual(['sleeper@example.com', 'SLEEP2']);
    expect(await hinted({ ...GOOGLE, loginHint: 'walker@example.com' })).toEqual(['walker@example.com', 'WALK01']);
    expect(await hinted(GOOGLE)).toEqual(['walker@example.com', 'WALK01']);
  });

  test('scopes are accepted by their short and full names', async () => {
    const scopes = ['sleep.readonly', `${PREFIX}ecg.readonly`, `${PREFIX}sleep.readonly`];
    const { url, stored } = await signIn({ ...GOOGLE, scopes, email: false });
    const asked = `${PREFIX}sleep.readonly ${PREFIX}ecg.readonly`;
    expect(url.searchParams.get('scope')).toBe(asked);
    expect(stored).toMatchObject({ requested_scope: asked, scope: asked });
  });

  test.each([
    ['sleep', 'sleep.readonly or sleep.writeonly'],
    [`${PREFIX}nutrition`, 'nutrition.readonly or nutrition.writeonly'],
    ['ecg', 'ecg.readonly'],
    ['heartrate', 'Its scopes are: activity_and_fitness.readonly'],
    ['https://www.googleapis.com/auth/cloud-platform', 'Its scopes are:'],
  ])('the scope %s is refused before any request, with its replacement', async (scope, hint) => {
    const refused = await failure(signIn({ ...GOOGLE, scopes: [scope] }));
    expect(refused).toMatchObject({ code: 'USAGE', exitCode: 2, hint: expect.stringContaining(hint) });
  });
});
