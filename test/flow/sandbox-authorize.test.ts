import { expect, onTestFinished, test } from 'vitest';
import { consent, readForm } from '../../src/sandbox/consent.ts';
import { CHALLENGE, type Overrides, type SandboxApp, sandboxApp } from './sandbox-app.ts';

async function started(): Promise<SandboxApp> {
  const app = await sandboxApp();
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

/** What the consent page's form would send, with Allow pressed. */
async function openForm(app: SandboxApp): Promise<URLSearchParams> {
  const form = readForm(await (await fetch(app.authorizeUrl())).text());
  const body = new URLSearchParams({ decision: 'allow' });
  for (const { kind, name, value } of form?.fields ?? []) {
    if (kind === 'hidden' || kind === 'checkbox' || value === 'WALK01') body.append(name, value);
  }
  return body;
}

const decide = (app: SandboxApp, body: URLSearchParams, headers: Record<string, string> = {}) =>
  fetch(`${app.sandbox.origin}/oauth2/authorize`, { method: 'POST', body, headers, redirect: 'manual' });

test('granted: back to the redirect URI with a code of 40 hex digits, the state, and a fragment', async () => {
  const app = await started();
  const answer = await decide(app, await openForm(app));
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/callback\?code=[0-9a-f]{40}&state=the%20state%2F%2B%26#_=_$/,
  );
});

test('consent() plays the person and lands at the app', async () => {
  const app = await started();
  const landed = await consent(app.authorizeUrl(), { untick: ['sleep'], person: 'SLEEP2' });
  expect(await landed.text()).toBe('the app');
  expect(app.visits).toHaveLength(1);
});

test('denied: error, description with %20, and the state', async () => {
  const app = await started();
  await consent(app.authorizeUrl(), { allow: false });
  expect(app.visits).toEqual([
    '/callback?error=access_denied&error_description=The%20user%20denied%20the%20request.&state=the%20state%2F%2B%26',
  ]);
});

test('denied by a server that does not echo the state', async () => {
  const app = await started();
  app.sandbox.faults.add({ at: 'decision', kind: 'drop-state', times: 1 });
  await consent(app.authorizeUrl(), { allow: false });
  expect(app.visits).toEqual(['/callback?error=access_denied&error_description=The%20user%20denied%20the%20request.']);
});

test('without a state none is sent back', async () => {
  const app = await started();
  await consent(app.authorizeUrl({ state: undefined }));
  expect(app.visits[0]).toMatch(/^\/callback\?code=[0-9a-f]{40}$/);
});

test.each<[reason: string, overrides: Overrides, shown: string]>([
  ['no client id', { client_id: undefined }, 'client_id'],
  ['an unknown client id', { client_id: '<script>' }, '&#60;script&#62;'],
  ['no redirect URI', { redirect_uri: undefined }, 'redirect_uri'],
  ['a redirect URI of another path', { redirect_uri: 'http://127.0.0.1:8976/callback/' }, '/callback/'],
  ['a redirect URI of another case', { redirect_uri: 'HTTP://127.0.0.1:8976/callback' }, 'HTTP:'],
  ['no response type', { response_type: undefined }, 'response_type'],
  ['§8 the implicit grant', { response_type: 'token' }, 'token'],
  ['§2 a plain challenge', { code_challenge_method: 'plain' }, 'plain'],
  ['§2 a challenge without a method', { code_challenge_method: undefined }, 'plain'],
  ['§2 a method without a challenge', { code_challenge: undefined }, 'code_challenge'],
  ['§2 a challenge of the wrong length', { code_challenge: CHALLENGE.slice(1) }, '43'],
  [
    '§2 no challenge from an app without a secret',
    { client_id: '23TSTC', code_challenge: undefined, code_challenge_method: undefined },
    'missing',
  ],
  ['no scope', { scope: undefined }, 'scope'],
  ['an unknown scope', { scope: 'profile steps' }, 'steps'],
  ['a scope from the prototype', { scope: 'constructor' }, 'constructor'],
  ['an unknown prompt', { prompt: 'login none' }, 'login none'],
])('never redirected: %s', async (_reason, overrides, shown) => {
  const app = await started();
  const answer = await fetch(app.authorizeUrl(overrides), { redirect: 'manual' });
  expect(answer.status).toBe(400);
  expect(answer.headers.get('location')).toBeNull();
  const page = await answer.text();
  expect(page).toContain(shown);
  expect(page).not.toContain('<script');
});

test('§11 a repeated parameter is refused', async () => {
  const app = await started();
  const answer = await fetch(`${app.authorizeUrl()}&scope=sleep`, { redirect: 'manual' });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('is repeated');
});

test('PKCE may be left out by an app with a secret', async () => {
  const app = await started();
  const code = await app.code({}, { code_challenge: undefined, code_challenge_method: undefined });
  expect((await app.exchange(code, { code_verifier: undefined })).status).toBe(200);
});

test.each(['consent', 'login', 'login consent'])('prompt=%s asks', async (prompt) => {
  const app = await started();
  expect(await app.code({}, { prompt })).toMatch(/^[0-9a-f]{40}$/);
});

test('prompt=none has nobody to go by, and says so to the app', async () => {
  const app = await started();
  const answer = await fetch(app.authorizeUrl({ prompt: 'none' }), { redirect: 'manual' });
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toContain('?error=login_required&');
});

test('the page names the app, its id and where it goes back to, and ticks every scope that was asked', async () => {
  const app = await started();
  const page = await (await fetch(app.authorizeUrl())).text();
  for (const text of ['Sandbox Server App', '23TSTS', app.redirectUri, 'Simulated']) expect(page).toContain(text);
  expect(page.match(/type="checkbox"[^>]* checked/g)).toHaveLength(3);
  expect(page).not.toContain('<script');
});

test('an app whose name is markup is shown, not obeyed', async () => {
  const app = await started();
  app.sandbox.register({ id: '23TSTS', name: '<img src=x onerror=alert(1)>' });
  expect(await (await fetch(app.authorizeUrl())).text()).not.toContain('<img');
});

test('all boxes unticked: asked again, with a page that works', async () => {
  const app = await started();
  const answer = await consent(app.authorizeUrl(), { untick: ['profile', 'activity', 'sleep'] });
  expect(answer.status).toBe(400);
  expect(readForm(await answer.text())?.fields.filter(({ kind }) => kind === 'checkbox')).toHaveLength(3);
  expect(app.visits).toEqual([]);
});

test('a scope that was not asked for cannot be ticked', async () => {
  const app = await started();
  const body = await openForm(app);
  body.append('scope', 'location');
  const location = (await decide(app, body)).headers.get('location') ?? '';
  const answer = await app.exchange(new URL(location).searchParams.get('code') ?? '');
  expect(await answer.json()).toMatchObject({ scope: expect.not.stringContaining('location') });
});

test('a web page: a decision is taken once, and only with the id of a page that was served', async () => {
  const app = await started();
  const body = await openForm(app);
  expect((await decide(app, body)).status).toBe(302);
  expect((await decide(app, body)).status).toBe(403);
  body.set('transaction', '0'.repeat(32));
  expect((await decide(app, body)).status).toBe(403);
  body.delete('transaction');
  expect((await decide(app, body)).status).toBe(403);
});

test.each<Record<string, string>>([
  { origin: 'http://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
])('a web page: cross-site POST with %o decides nothing', async (headers) => {
  const app = await started();
  const body = await openForm(app);
  expect((await decide(app, body, headers)).status).toBe(403);
  expect((await decide(app, body, { origin: app.sandbox.origin, 'sec-fetch-site': 'same-origin' })).status).toBe(302);
});

test('a web page: the consent page cannot be framed, loads nothing, and its form may lead to the app only', async () => {
  const app = await started();
  const { headers } = await fetch(app.authorizeUrl());
  const policy = headers.get('content-security-policy') ?? '';
  for (const rule of [
    "default-src 'none'",
    "frame-ancestors 'none'",
    `form-action 'self' ${new URL(app.redirectUri).origin};`,
  ]) {
    expect(policy).toContain(rule);
  }
  expect(policy).not.toContain('unsafe');
  expect(headers.get('cache-control')).toBe('no-store');
});

test('consent() says what the page does not offer', async () => {
  const app = await started();
  await expect(consent(app.authorizeUrl(), { untick: ['location'] })).rejects.toMatchObject({ code: 'USAGE' });
  await expect(consent(app.authorizeUrl(), { person: 'NOBODY' })).rejects.toMatchObject({ code: 'USAGE' });
  expect((await consent(app.authorizeUrl({ client_id: 'NOSUCH' }))).status).toBe(400);
});
