import { expect, onTestFinished, test } from 'vitest';
import { consent, readForm } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Overrides } from './sandbox-app.ts';
import { ASKED, type GoogleApp, googleApp, scopes, tokens } from './sandbox-google-app.ts';

const { desktop, web } = SANDBOX_CLIENTS;
const FIRST = scopes('sleep.readonly');

async function started(options?: SandboxOptions): Promise<GoogleApp> {
  const app = await googleApp(options);
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

test('granted: state, code, scope and issuer, in Google’s order and with its slashes', async () => {
  const app = await started();
  expect(await (await consent(app.authorizeUrl({ scope: FIRST }))).text()).toBe('the app');
  const [visit = ''] = app.visits;
  expect(visit).toMatch(
    /^\/any\/path\?state=the%20state\/%2B%26&code=4\/0A[\w-]+&scope=https:\/\/www\.googleapis\.com\//,
  );
  expect(visit.endsWith(`/auth/googlehealth.sleep.readonly&iss=${app.sandbox.origin}`)).toBe(true);
});

test('denied: the error and the state, and nothing else', async () => {
  const app = await started();
  await consent(app.authorizeUrl(), { allow: false });
  expect(app.visits).toEqual(['/any/path?error=access_denied&state=the%20state/%2B%26']);
});

test.each([
  [null, null],
  ['https://issuer.example', 'https://issuer.example'],
])('§7 the issuer is left out or another where that is wanted: %s', async (issuer, iss) => {
  const app = await started({ issuer });
  const answer = await app.answer();
  expect(answer.get('iss')).toBe(iss);
  expect(answer.get('code')).toMatch(/^4\/0A/);
});

test('a server that does not echo the state; one that was given none', async () => {
  const app = await started();
  app.sandbox.faults.add({ at: 'google-decision', kind: 'drop-state', times: 2 });
  await consent(app.authorizeUrl(), { allow: false });
  await consent(app.authorizeUrl());
  await consent(app.authorizeUrl({ state: undefined }));
  const [denied, dropped, none] = app.visits;
  expect(denied).toBe('/any/path?error=access_denied');
  for (const visit of [dropped, none]) expect(visit).toMatch(/^\/any\/path\?code=4\/0A/);
});

test('granular consent: what was unticked is neither in the answer nor in the token’s', async () => {
  const app = await started();
  const answer = await app.answer({ untick: [FIRST] });
  const granted = scopes('activity_and_fitness.readonly', 'profile.writeonly');
  expect(answer.get('scope')).toBe(granted);
  expect((await tokens(await app.exchange(answer.get('code')))).scope).toBe(granted);
  expect(app.sandbox.state().grants).toEqual([
    { service: 'google', clientId: desktop.id, userId: 'WALK01', scopes: granted.split(' ') },
  ]);
});

test('all boxes unticked: asked again, with a page that works', async () => {
  const app = await started();
  const answer = await consent(app.authorizeUrl(), { untick: scopes(...ASKED).split(' ') });
  expect(answer.status).toBe(400);
  expect(readForm(await answer.text())?.fields.filter(({ kind }) => kind === 'checkbox')).toHaveLength(3);
  expect(app.visits).toEqual([]);
});

test.each([
  ['sleeper@example.com', 'SLEEP2'],
  ['walker@example.com', 'WALK01'],
  ['nobody@example.com', 'WALK01'],
])('login_hint=%s preselects %s', async (login_hint, userId) => {
  const app = await started();
  await app.signIn({}, { login_hint });
  expect(app.sandbox.state().grants.map((grant) => grant.userId)).toEqual([userId]);
});

test('login_hint may be the subject, and does not keep another person from signing in', async () => {
  const app = await started();
  const login_hint = app.sandbox.state().people.find(({ userId }) => userId === 'SLEEP2')?.subject;
  expect(login_hint).toMatch(/^1\d{20}$/);
  await app.signIn({}, { login_hint });
  await app.signIn({ person: 'FRESH3' }, { login_hint });
  expect(Object.keys(app.sandbox.state().users)).toEqual(['SLEEP2', 'FRESH3']);
});

test('the page tells the app, where it goes back to, and each scope in plain words', async () => {
  const app = await started();
  const page = await (await fetch(app.authorizeUrl())).text();
  for (const text of [
    desktop.name,
    desktop.id,
    app.redirectUri,
    'See your sleep',
    'Add to your profile',
    'not Google:',
  ])
    expect(page).toContain(text);
  expect(page).not.toContain('<script');
});

test.each<[reason: string, overrides: Overrides, status: number, error: string, shown: string]>([
  ['no client id', { client_id: undefined }, 400, 'invalid_request', 'client_id'],
  ['an unknown client', { client_id: '1-x.apps.googleusercontent.com' }, 401, 'invalid_client', 'not found'],
  ['a client of Fitbit', { client_id: '23TSTS' }, 401, 'invalid_client', 'not found'],
  ['no redirect URI', { redirect_uri: undefined }, 400, 'invalid_request', 'redirect_uri'],
  ['§3 a redirect URI elsewhere', { redirect_uri: 'http://evil.example/' }, 400, 'redirect_uri_mismatch', 'evil'],
  [
    'a name that only begins well',
    { redirect_uri: 'http://127.0.0.1.evil.example/' },
    400,
    'redirect_uri_mismatch',
    'evil',
  ],
  [
    'a user before the host',
    { redirect_uri: 'http://127.0.0.1:80@evil.example/' },
    400,
    'redirect_uri_mismatch',
    'evil',
  ],
  ['a fragment', { redirect_uri: 'http://127.0.0.1:9/#f' }, 400, 'redirect_uri_mismatch', '#f'],
  ['a port that cannot be', { redirect_uri: 'http://127.0.0.1:99999/' }, 400, 'redirect_uri_mismatch', '99999'],
  ['https on loopback', { redirect_uri: 'https://127.0.0.1:9/' }, 400, 'redirect_uri_mismatch', 'https'],
  ['any port, of a web app', { client_id: web.id }, 400, 'redirect_uri_mismatch', '/any/path'],
  ['no response type', { response_type: undefined }, 400, 'invalid_request', 'response_type'],
  ['§8 the implicit grant', { response_type: 'token' }, 400, 'unsupported_response_type', 'token'],
  ['§2 a plain challenge', { code_challenge_method: 'plain' }, 400, 'invalid_request', 'plain'],
  ['no scope', { scope: undefined }, 400, 'invalid_request', 'scope'],
  ['an unknown scope', { scope: 'sleep' }, 400, 'invalid_scope', 'sleep'],
  ['a scope from the prototype', { scope: scopes('constructor') }, 400, 'invalid_scope', 'constructor'],
  ['a retired scope', { scope: scopes('sleep') }, 400, 'invalid_scope', '2026-05-26'],
  ['a scope that can only be read', { scope: scopes('ecg.writeonly') }, 400, 'invalid_scope', 'ecg.writeonly'],
  [
    'cloud-platform mixed in',
    { scope: `${FIRST} https://www.googleapis.com/auth/cloud-platform` },
    403,
    'invalid_scope',
    'cloud-platform',
  ],
  ['an unknown access type', { access_type: 'always' }, 400, 'invalid_request', 'always'],
  ['an unknown prompt', { prompt: 'consent login' }, 400, 'invalid_request', 'consent login'],
])('never redirected: %s', async (_reason, overrides, status, error, shown) => {
  const app = await started();
  const answer = await fetch(app.authorizeUrl(overrides), { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([status, null]);
  const page = await answer.text();
  expect(page).toContain(`Error ${status}: ${error}`);
  expect(page).toContain(shown);
});

test('§11 a repeated parameter is refused', async () => {
  const app = await started();
  const page = await (await fetch(`${app.authorizeUrl()}&scope=x`)).text();
  expect(page).toContain('OAuth 2 parameters can only have a single value');
});

test.each([
  'http://127.0.0.1:1/',
  'http://127.0.0.1:65535/a/b?c=d',
  'http://localhost:8976',
  'http://[::1]:8976/callback',
])('§3 a desktop app goes back to %s, which nobody registered', async (redirect_uri) => {
  const app = await started();
  const form = readForm(await (await fetch(app.authorizeUrl({ redirect_uri }))).text());
  expect(form?.action).toBe('/o/oauth2/v2/auth');
});

test('§13 a web app goes back to what it registered, to the byte', async () => {
  const app = await started();
  app.sandbox.register({ id: web.id, redirectUris: [app.redirectUri] });
  const { id: client_id, secret: client_secret } = web;
  const code = (await app.answer({}, { client_id })).get('code');
  expect((await app.exchange(code, { client_id, client_secret })).status).toBe(200);
  expect((await fetch(app.authorizeUrl({ client_id, redirect_uri: `${app.redirectUri}/` }))).status).toBe(400);
});

test('prompt=none has nobody to go by, and says so to the app', async () => {
  const app = await started();
  const { headers } = await fetch(app.authorizeUrl({ prompt: 'none' }), { redirect: 'manual' });
  expect(headers.get('location')).toBe(`${app.redirectUri}?error=login_required&state=the%20state/%2B%26`);
});

test('a web page: a decision is taken once, on the own page only, and not at the other service', async () => {
  const app = await started();
  const page = async () => readForm(await (await fetch(app.authorizeUrl())).text())?.fields ?? [];
  const decide = (fields: Awaited<ReturnType<typeof page>>, path: string, headers: Record<string, string> = {}) => {
    const body = new URLSearchParams({ decision: 'allow', person: 'WALK01', scope: FIRST });
    body.set('transaction', fields.find(({ name }) => name === 'transaction')?.value ?? '');
    return fetch(app.sandbox.origin + path, { method: 'POST', body, headers, redirect: 'manual' });
  };
  const fields = await page();
  expect((await decide(fields, '/oauth2/authorize')).status).toBe(403);
  expect((await decide(fields, '/o/oauth2/v2/auth', { origin: 'http://evil.example' })).status).toBe(403);
  expect((await decide(fields, '/o/oauth2/v2/auth')).status).toBe(302);
  expect((await decide(fields, '/o/oauth2/v2/auth')).status).toBe(403);
});

test('who has no Health profile never had a Fitbit account, but can sign in to Google', async () => {
  const app = await started();
  const offered = async (url: URL) =>
    readForm(await (await fetch(url)).text())?.fields.flatMap(({ name, value }) => (name === 'person' ? [value] : []));
  expect(await offered(app.authorizeUrl())).toEqual(['WALK01', 'SLEEP2', 'FRESH3', 'STUCK4']);
  const fitbit = new URL('/oauth2/authorize', app.sandbox.origin);
  const [redirect_uri] = SANDBOX_CLIENTS.personal.redirectUris;
  const asked = { client_id: SANDBOX_CLIENTS.personal.id, redirect_uri, response_type: 'code', scope: 'sleep' };
  fitbit.search = new URLSearchParams(asked).toString();
  expect(await offered(fitbit)).toEqual(['WALK01', 'SLEEP2', 'STUCK4']);
});
