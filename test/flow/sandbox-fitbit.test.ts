import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { consent, readForm } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import {
  basic,
  bearer,
  CHALLENGE,
  fitbitApp,
  fitbitRefusal,
  type Overrides,
  type SandboxApp,
  START,
  statusAndBody,
  tokens,
} from './sandbox-app.ts';

const { server, client, personal } = SANDBOX_CLIENTS;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const PROFILE = '/1/user/-/profile.json';
const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined };

let app: SandboxApp;
beforeAll(async () => {
  app = await fitbitApp();
});
afterAll(() => app[Symbol.asyncDispose]());

/** A sandbox of its own, for tests that move its clock or count. */
async function ownApp(): Promise<SandboxApp> {
  const app = await fitbitApp();
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

test('the simulated Fitbit returns a code of 40 hex digits, the state and a fragment', async () => {
  const { status, headers } = await decide(app, await openForm(app));
  expect([status, headers.get('location')]).toEqual([
    302,
    expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback\?code=[0-9a-f]{40}&state=the%20state%2F%2B%26#_=_$/),
  ]);
});

test('the simulated Fitbit returns a denial with a description, its spaces as %20, and the state if there was one', async () => {
  const app = await ownApp();
  await consent(app.authorizeUrl(), { allow: false });
  await consent(app.authorizeUrl({ state: undefined }));
  expect(app.visits).toEqual([
    '/callback?error=access_denied&error_description=The%20user%20denied%20the%20request.&state=the%20state%2F%2B%26',
    expect.stringMatching(/^\/callback\?code=[0-9a-f]{40}$/),
  ]);
});

test('the simulated Fitbit never redirects an invalid authorization request, and shows what is wrong with it', async () => {
  const cases: readonly (readonly [Overrides, shown: string])[] = [
    [{ client_id: undefined }, 'client_id'],
    [{ client_id: '<script>' }, '&#60;script&#62;'],
    [{ redirect_uri: undefined }, 'redirect_uri'],
    [{ redirect_uri: 'http://127.0.0.1:8976/callback/' }, '/callback/'],
    [{ redirect_uri: 'HTTP://127.0.0.1:8976/callback' }, 'HTTP:'],
    [{ response_type: undefined }, 'response_type'],
    [{ response_type: 'token' }, 'token'],
    [{ code_challenge_method: 'plain' }, 'plain'],
    [{ code_challenge_method: undefined }, 'plain'],
    [{ code_challenge: undefined }, 'code_challenge'],
    [{ code_challenge: CHALLENGE.slice(1) }, '43'],
    [{ client_id: client.id, ...NO_PKCE }, 'missing'],
    [{ scope: undefined }, 'scope'],
    [{ scope: 'profile steps' }, 'steps'],
    [{ scope: 'constructor' }, 'constructor'],
    [{ prompt: 'login none' }, 'login none'],
  ];
  for (const [overrides, shown] of cases) {
    const response = await fetch(app.authorizeUrl(overrides), { redirect: 'manual' });
    expect([response.status, response.headers.get('location')], shown).toEqual([400, null]);
    const page = await response.text();
    expect(page).toContain(shown);
    expect(page).not.toContain('<script');
  }
  expect((await fetch(`${app.authorizeUrl()}&scope=sleep`)).status).toBe(400);
});

test('the simulated Fitbit asks for consent at each prompt but none, which returns login_required', async () => {
  for (const prompt of ['consent', 'login', 'login consent'])
    expect(await app.code({}, { prompt })).toMatch(/^[0-9a-f]{40}$/);
  const { headers } = await fetch(app.authorizeUrl({ prompt: 'none' }), { redirect: 'manual' });
  expect(headers.get('location')).toContain('?error=login_required&');
});

test("the simulated Fitbit's consent page names the app, escapes its name, ticks the requested scopes, and has a badge", async () => {
  const app = await ownApp();
  app.sandbox.register({ id: server.id, name: '<img src=x>' });
  const response = await fetch(app.authorizeUrl());
  const page = await response.text();
  for (const text of ['&#60;img', server.id, app.redirectUri, 'Simulated']) expect(page).toContain(text);
  expect(page.match(/type="checkbox"[^>]* checked/g)).toHaveLength(3);
  expect(page).not.toMatch(/<script|<img/);
  const policy = response.headers.get('content-security-policy');
  for (const rule of [
    "default-src 'none'",
    "frame-ancestors 'none'",
    `form-action 'self' ${new URL(app.redirectUri).origin};`,
  ])
    expect(policy).toContain(rule);
  expect(policy).not.toContain('unsafe');
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('consent() with every box unticked gets the page again; what the page does not offer is refused with USAGE', async () => {
  const app = await ownApp();
  const again = await consent(app.authorizeUrl(), { untick: ['profile', 'activity', 'sleep'] });
  expect(again.status).toBe(400);
  expect(readForm(await again.text())?.fields.filter(({ kind }) => kind === 'checkbox')).toHaveLength(3);
  for (const options of [{ untick: ['location'] }, { person: 'NOBODY' }])
    await expect(consent(app.authorizeUrl(), options)).rejects.toMatchObject({ code: 'USAGE' });
  expect((await consent(app.authorizeUrl({ client_id: 'NOSUCH' }))).status).toBe(400);
  expect(app.visits).toEqual([]);
});

test('a scope that was not requested cannot be granted on the simulated consent page', async () => {
  const body = await openForm(app);
  body.append('scope', 'location');
  const location = new URL((await decide(app, body)).headers.get('location') ?? '');
  const { scope } = await tokens(await app.exchange(location.searchParams.get('code') ?? ''));
  expect(scope).not.toContain('location');
});

test('a simulated consent page is answered once, and from itself only', async () => {
  const body = await openForm(app);
  for (const headers of [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[])
    expect((await decide(app, body, headers)).status).toBe(403);
  const own = { origin: app.sandbox.origin, 'sec-fetch-site': 'same-origin' };
  expect((await decide(app, body, own)).status).toBe(302);
  expect((await decide(app, body, own)).status).toBe(403);
  body.set('transaction', '0'.repeat(32));
  expect((await decide(app, body)).status).toBe(403);
});

test("the simulated Fitbit's token response holds what the documentation says, and nothing else", async () => {
  const response: unknown = await (await app.exchange(await app.code({ untick: ['sleep'], person: 'SLEEP2' }))).json();
  expect(response).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    expires_in: 28_800,
    refresh_token: expect.stringMatching(/^[0-9a-f]{64}$/),
    scope: expect.stringMatching(/^(activity profile|profile activity)$/),
    token_type: 'Bearer',
    user_id: 'SLEEP2',
  });
  const [header, claims] = (await app.signIn()).access_token.split('.');
  const read = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  const iat = START.getTime() / 1000;
  expect(read(header)).toEqual({ alg: 'HS256' });
  expect(read(claims)).toEqual({
    aud: server.id,
    sub: 'WALK01',
    iss: 'Fitbit',
    typ: 'access_token',
    scopes: expect.stringMatching(/^r(act|pro|sle) r(act|pro|sle) r(act|pro|sle)$/),
    iat,
    exp: iat + 28_800,
  });
});

test('simulated Fitbit tokens of the same second differ, and their scopes come in changing order', async () => {
  const orders = new Set<string>();
  const seen = new Set<string>();
  let { refresh_token } = await app.signIn();
  for (let round = 0; round < 12; round++) {
    const response = await tokens(await app.refresh(refresh_token));
    ({ refresh_token } = response);
    orders.add(response.scope);
    seen.add(response.access_token);
  }
  expect(seen.size).toBe(12);
  expect(orders.size).toBeGreaterThan(1);
});

test("the simulated Fitbit's authorization codes work once, and expire after ten minutes", async () => {
  const app = await ownApp();
  const [once, late, inTime] = [await app.code(), await app.code(), await app.code()];
  expect((await app.exchange(once)).status).toBe(200);
  const spent = expect.stringContaining(`Authorization code invalid: ${once}.`);
  expect(await statusAndBody(await app.exchange(once))).toEqual(fitbitRefusal(400, 'invalid_grant', spent));
  app.sandbox.clock.step(10 * MINUTE_MS);
  expect((await app.exchange(inTime)).status).toBe(200);
  app.sandbox.clock.step(1);
  const expired = expect.stringContaining(`Authorization code expired: ${late}.`);
  expect(await statusAndBody(await app.exchange(late))).toEqual(fitbitRefusal(400, 'invalid_grant', expired));
});

test("the simulated Fitbit's token endpoint refuses an invalid exchange in Fitbit's words", async () => {
  const cases: readonly (readonly [Overrides, errorType: string, message: string])[] = [
    [{ redirect_uri: 'http://127.0.0.1:8976/callback' }, 'invalid_request', 'Redirect_uri mismatch: http'],
    [{ code_verifier: 'x'.repeat(43) }, 'invalid_grant', 'Authorization code invalid: '],
    [{ code_verifier: undefined }, 'invalid_grant', 'Authorization code invalid: '],
    [{ redirect_uri: undefined }, 'invalid_request', 'Missing parameters: redirect_uri'],
    [{ code: undefined }, 'invalid_request', 'Missing parameters: code'],
    [{ code: 'f'.repeat(40) }, 'invalid_grant', `Authorization code invalid: ${'f'.repeat(40)}`],
    [{ grant_type: undefined }, 'invalid_request', "Missing 'grant_type' parameter value"],
    [{ grant_type: 'password' }, 'unsupported_grant_type', 'Unsupported grant_type: password'],
  ];
  for (const [overrides, errorType, message] of cases) {
    const words = expect.stringMatching(new RegExp(`^${message}`));
    const response = await app.exchange(await app.code(), overrides);
    expect(await statusAndBody(response)).toEqual(fitbitRefusal(400, errorType, words));
  }
  // PKCE may be left out by an app with a secret; then a verifier is refused.
  const code = () => app.code({}, NO_PKCE);
  expect((await app.exchange(await code(), { code_verifier: undefined })).status).toBe(200);
  expect((await app.exchange(await code())).status).toBe(400);
});

test("the simulated Fitbit's token endpoint refuses repeated parameters, and reads forms only", async () => {
  const send = (body: string, type: string) => {
    const headers = { ...basic(server.id, server.secret), 'content-type': type };
    return fetch(`${app.sandbox.origin}/oauth2/token`, { method: 'POST', body, headers });
  };
  const repeated = 'grant_type=refresh_token&refresh_token=a&refresh_token=b';
  expect((await send(repeated, 'application/x-www-form-urlencoded')).status).toBe(400);
  expect((await send('{"grant_type":"refresh_token","refresh_token":"x"}', 'application/json')).status).toBe(415);
});

test.each([
  ['a server app with its secret', server.id, basic(server.id, server.secret), undefined, 200],
  ['a server app that also names itself', server.id, basic(server.id, server.secret), server.id, 200],
  ['a server app that names another', server.id, basic(server.id, server.secret), personal.id, 401],
  ['a server app with a wrong secret', server.id, basic(server.id, 'wrong'), undefined, 401],
  ['a server app without a header', server.id, {}, server.id, 401],
  ['a client app by its id', client.id, {}, client.id, 200],
  ['a client app with a header', client.id, basic(client.id, ''), client.id, 401],
  ['a personal app with its secret', personal.id, basic(personal.id, personal.secret), undefined, 200],
  ['a personal app by its id', personal.id, {}, personal.id, 200],
  ['an unknown app', server.id, basic('NOSUCH', 'x'), undefined, 401],
  ['no app', server.id, {}, undefined, 401],
  ['a header that is not Basic', server.id, { authorization: 'Bearer x' }, undefined, 401],
  ['a header that is not base64', server.id, { authorization: 'Basic ?' }, undefined, 401],
])("the simulated Fitbit's client authentication: %s", async (_title, id, headers, clientId, status) => {
  const response = await app.exchange(await app.code({}, { client_id: id }), { client_id: clientId }, headers);
  expect(response.status).toBe(status);
  if (status === 401) expect(await statusAndBody(response)).toEqual(fitbitRefusal(401, 'invalid_client'));
});

test('a simulated Fitbit refresh token works once; a repeat within two minutes gets the same bytes, later ones invalid_grant', async () => {
  const app = await ownApp();
  const { refresh_token: first } = await app.signIn();
  const responses = await Promise.all(Array.from({ length: 20 }, async () => (await app.refresh(first)).text()));
  expect(new Set(responses).size).toBe(1);
  expect(app.sandbox.isLive(first)).toBe(false);

  app.sandbox.clock.step(2 * MINUTE_MS);
  expect(await (await app.refresh(first)).text()).toBe(responses[0]);
  app.sandbox.clock.step(1);
  const invalid = expect.stringContaining(`Refresh token invalid: ${first}.`);
  expect(await statusAndBody(await app.refresh(first))).toEqual(fitbitRefusal(400, 'invalid_grant', invalid));
  expect(app.sandbox.state().users.WALK01).toMatchObject({
    exchanges: 1,
    refreshes: 1,
    repeats: 20,
    invalidGrants: 1,
  });
  // The late repeat does not harm the new refresh token.
  const { refresh_token: second } = JSON.parse(responses[0] ?? '');
  expect((await app.refresh(second)).status).toBe(200);
});

test('the simulated Fitbit has one grant for each person and app: a second sign-in ends the refresh token of the first', async () => {
  const { refresh_token: first } = await app.signIn();
  const { refresh_token: successor } = await tokens(await app.refresh(first));
  await app.signIn({ person: 'SLEEP2' });
  await app.exchange(await app.code({}, { client_id: client.id }), { client_id: client.id }, {});
  expect((await app.refresh(successor, {}, basic(personal.id, personal.secret))).status).toBe(400);
  expect(app.sandbox.isLive(successor)).toBe(true);
  const { refresh_token: other } = await app.signIn();
  for (const ended of [first, successor]) expect((await app.refresh(ended)).status).toBe(400);
  expect((await app.refresh(other)).status).toBe(200);
});

test("revocation at the simulated Fitbit ends all of a person's tokens for the app, and needs client authentication", async () => {
  for (const which of ['access_token', 'refresh_token'] as const) {
    const app = await ownApp();
    const first = await app.signIn();
    const second = await tokens(await app.refresh(first.refresh_token));
    const other = await app.signIn({ person: 'SLEEP2' });
    const revoke = (token: string, headers = {}, more = {}) => app.post('/oauth2/revoke', { token, ...more }, headers);

    expect((await revoke(first[which])).status).toBe(401);
    expect((await revoke(first[which], {}, { client_id: client.id })).status).toBe(200);
    expect((await revoke('unknown', basic(server.id, server.secret))).status).toBe(200);
    expect(app.sandbox.isLive(second.refresh_token)).toBe(true);

    const response = await revoke(first[which], basic(server.id, server.secret));
    expect([response.status, await response.text()]).toEqual([200, '']);
    for (const { access_token, refresh_token } of [first, second]) {
      expect(await statusAndBody(await app.get(PROFILE, access_token))).toEqual(fitbitRefusal(401, 'invalid_token'));
      expect((await app.refresh(refresh_token)).status).toBe(400);
    }
    expect((await app.get(PROFILE, other.access_token)).status).toBe(200);
    expect(app.sandbox.state().users.WALK01?.revocations).toBe(1);
  }
});

test('introspection at the simulated Fitbit has times in milliseconds and a scope that is not JSON; an expired token is refused', async () => {
  const app = await ownApp();
  const { access_token: token, refresh_token } = await app.signIn({ untick: ['sleep'] });
  const introspect = (about: string, by: string) => app.post('/1.1/oauth2/introspect', { token: about }, bearer(by));
  expect(await (await introspect(token, token)).json()).toEqual({
    active: true,
    scope: expect.stringMatching(/^\{(PROFILE=READ, ACTIVITY=READ|ACTIVITY=READ, PROFILE=READ)\}$/),
    client_id: server.id,
    user_id: 'WALK01',
    token_type: 'access_token',
    exp: START.getTime() + 8 * HOUR_MS,
    iat: START.getTime(),
  });
  expect(await (await introspect('unknown', token)).json()).toEqual({ active: false });
  app.sandbox.clock.step(8 * HOUR_MS);
  expect(await statusAndBody(await introspect(token, token))).toEqual(fitbitRefusal(401, 'expired_token'));
  const { access_token: fresh } = await tokens(await app.refresh(refresh_token));
  expect(await (await introspect(token, fresh)).json()).toEqual({ active: false });
});

test('the simulated Fitbit API needs an access token of this person in the header, not expired and with the scope', async () => {
  const app = await ownApp();
  const { access_token } = await app.signIn();
  for (const user of ['-', 'WALK01']) {
    const response = await app.get(`/1/user/${user}/profile.json`, access_token);
    expect(await response.json()).toMatchObject({ user: { encodedId: 'WALK01', displayName: 'Morning Walker' } });
  }
  expect((await app.get('/1/user/SLEEP2/profile.json', access_token)).status).toBe(403);
  expect((await fetch(`${app.sandbox.origin}${PROFILE}?access_token=${access_token}`)).status).toBe(401);
  app.sandbox.clock.step(8 * HOUR_MS - 1);
  expect((await app.get(PROFILE, access_token)).status).toBe(200);
  app.sandbox.clock.step(1);
  const expired = expect.stringContaining(access_token);
  expect(await statusAndBody(await app.get(PROFILE, access_token))).toEqual(
    fitbitRefusal(401, 'expired_token', expired),
  );

  const { access_token: narrow } = await app.signIn({ untick: ['profile'] });
  const words = expect.stringMatching(/^This application does not have permission to /);
  expect(await statusAndBody(await app.get(PROFILE, narrow))).toEqual(fitbitRefusal(403, 'insufficient_scope', words));
  expect((await app.get('/1/user/-/activities/date/2026-01-31.json', narrow)).status).toBe(200);
  expect((await app.get('/1/user/-/activities/date/today.json', narrow)).status).toBe(404);
});

test('the simulated Fitbit API echoes what is posted', async () => {
  const { access_token } = await app.signIn({}, { scope: 'weight' });
  const sent = { weight: '72.5', date: '2026-03-01' };
  const response = await app.post('/1/user/-/body/log/weight.json', sent, bearer(access_token));
  expect(await statusAndBody(response)).toEqual([201, { weightLog: { ...sent, source: 'API' } }]);
});

test('the simulated Fitbit API limits requests to 150 an hour for each person and app', async () => {
  const app = await ownApp();
  const { access_token } = await app.signIn();
  const other = await app.signIn({ person: 'SLEEP2' });
  app.sandbox.clock.step(20 * MINUTE_MS);
  const first = await app.get(PROFILE, access_token);
  expect(Object.fromEntries([...first.headers].filter(([name]) => name.startsWith('fitbit-')))).toEqual({
    'fitbit-rate-limit-limit': '150',
    'fitbit-rate-limit-remaining': '149',
    'fitbit-rate-limit-reset': '2400',
  });
  await Promise.all(Array.from({ length: 148 }, () => app.get(PROFILE, access_token)));
  expect((await app.get(PROFILE, access_token)).status).toBe(200);
  const refused = await app.get(PROFILE, access_token);
  expect([refused.status, refused.headers.get('fitbit-rate-limit-remaining')]).toEqual([429, '0']);
  expect((await app.get(PROFILE, other.access_token)).status).toBe(200);
  app.sandbox.clock.step(40 * MINUTE_MS);
  expect((await app.get(PROFILE, access_token)).status).toBe(200);
});
