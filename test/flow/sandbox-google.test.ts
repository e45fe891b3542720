import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { consent, readForm } from '../../src/sandbox/consent.ts';
import { GoogleTokens } from '../../src/sandbox/google-tokens.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { Counters } from '../../src/sandbox/tokens.ts';
import {
  ASKED,
  basic,
  googleApp,
  googleScopes,
  type Overrides,
  type SandboxApp,
  START,
  statusAndBody,
  tokens,
} from './sandbox-app.ts';

const { desktop, web, server, personal } = SANDBOX_CLIENTS;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const IDENTITY = '/v4/users/me/identity';
const STEPS = '/v4/users/me/dataTypes/steps/dataPoints';
const SLEEP = googleScopes('sleep.readonly');
const EMAIL = 'https://www.googleapis.com/auth/userinfo.email';
const TESTING: SandboxOptions = { clients: [{ id: desktop.id, publishing: 'testing' }] };
const EXPIRED = [400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }];
const BY_HEADER: Overrides = { client_id: undefined, client_secret: undefined };

let app: SandboxApp;
beforeAll(async () => {
  app = await googleApp();
});
afterAll(() => app[Symbol.asyncDispose]());

/** A sandbox of its own, for tests that move its clock or count. */
async function ownApp(options?: SandboxOptions): Promise<SandboxApp> {
  const app = await googleApp(options);
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

test("the simulated Google returns state, code, scope and issuer, in Google's order and with its slashes", async () => {
  const app = await ownApp();
  expect(await (await consent(app.authorizeUrl({ scope: SLEEP }))).text()).toBe('the app');
  const [visit = ''] = app.visits;
  expect(visit).toMatch(
    /^\/any\/path\?state=the%20state\/%2B%26&code=4\/0A[\w-]+&scope=https:\/\/www\.googleapis\.com\//,
  );
  expect(visit.endsWith(`/auth/googlehealth.sleep.readonly&iss=${app.sandbox.origin}`)).toBe(true);
});

test('the simulated Google returns a denial with the error and the state, and nothing else', async () => {
  const app = await ownApp();
  await consent(app.authorizeUrl(), { allow: false });
  expect(app.visits).toEqual(['/any/path?error=access_denied&state=the%20state/%2B%26']);
});

test.each([
  [null, null],
  ['https://issuer.example', 'https://issuer.example'],
])('startSandbox with issuer %s: the iss of the callback is %s', async (issuer, iss) => {
  const app = await ownApp({ issuer });
  const callback = await app.callback();
  expect([callback.get('iss'), callback.get('code')]).toEqual([iss, expect.stringMatching(/^4\/0A/)]);
});

test("unticked scopes are neither in the simulated Google's callback nor in its token response", async () => {
  const app = await ownApp();
  const callback = await app.callback({ untick: [SLEEP] });
  const granted = googleScopes('activity_and_fitness.readonly', 'profile.writeonly');
  expect(callback.get('scope')).toBe(granted);
  expect((await tokens(await app.exchange(callback.get('code') ?? ''))).scope).toBe(granted);
  expect(app.sandbox.state().grants).toEqual([
    { service: 'google', clientId: desktop.id, userId: 'WALK01', scopes: granted.split(' ') },
  ]);
});

test('at the simulated Google, login_hint preselects an account by address or number, and another can still sign in', async () => {
  const subject = app.sandbox.state().people.find(({ userId }) => userId === 'SLEEP2')?.subject;
  expect(subject).toMatch(/^1\d{20}$/);
  const signedIn = async (login_hint: string | undefined, person?: string) => {
    const { access_token } = await app.signIn({ person }, { login_hint });
    const { legacyUserId } = JSON.parse(await (await app.get(IDENTITY, access_token)).text());
    return legacyUserId;
  };
  expect(await signedIn('sleeper@example.com')).toBe('SLEEP2');
  expect(await signedIn(subject)).toBe('SLEEP2');
  expect(await signedIn('nobody@example.com')).toBe('WALK01');
  expect(await signedIn(subject, 'WALK01')).toBe('WALK01');
});

test("the simulated Google's consent page names app, redirect URI and scopes in plain words, and who can sign in", async () => {
  const page = await (await fetch(app.authorizeUrl())).text();
  for (const text of [desktop.name, desktop.id, app.redirectUri, 'See your sleep', 'Add to your profile', 'Simulated'])
    expect(page).toContain(text);
  expect(page).not.toContain('<script');
  const offered = (html: string) =>
    readForm(html)?.fields.flatMap(({ name, value }) => (name === 'person' ? [value] : []));
  expect(offered(page)).toEqual(['WALK01', 'SLEEP2', 'FRESH3', 'STUCK4']);
  // Without a Health profile there never was a Fitbit account.
  const fitbit = new URL('/oauth2/authorize', app.sandbox.origin);
  const [redirect_uri] = personal.redirectUris;
  const asked = { client_id: personal.id, redirect_uri, response_type: 'code', scope: 'sleep' };
  fitbit.search = new URLSearchParams(asked).toString();
  expect(offered(await (await fetch(fitbit)).text())).toEqual(['WALK01', 'SLEEP2', 'STUCK4']);
});

test("the simulated Google never redirects an invalid authorization request, and shows Google's error line", async () => {
  const mismatch = 'redirect_uri_mismatch';
  const cases: readonly (readonly [Overrides, status: number, error: string, shown: string])[] = [
    [{ client_id: undefined }, 400, 'invalid_request', 'client_id'],
    [{ client_id: '1-x.apps.googleusercontent.com' }, 401, 'invalid_client', 'not found'],
    [{ client_id: server.id }, 401, 'invalid_client', 'not found'],
    [{ redirect_uri: undefined }, 400, 'invalid_request', 'redirect_uri'],
    [{ redirect_uri: 'http://evil.example/' }, 400, mismatch, 'evil'],
    [{ redirect_uri: 'http://127.0.0.1.evil.example/' }, 400, mismatch, 'evil'],
    [{ redirect_uri: 'http://127.0.0.1:80@evil.example/' }, 400, mismatch, 'evil'],
    [{ redirect_uri: 'http://127.0.0.1:9/#f' }, 400, mismatch, '#f'],
    [{ redirect_uri: 'http://127.0.0.1:99999/' }, 400, mismatch, '99999'],
    [{ redirect_uri: 'https://127.0.0.1:9/' }, 400, mismatch, 'https'],
    [{ client_id: web.id }, 400, mismatch, '/any/path'],
    [{ response_type: undefined }, 400, 'invalid_request', 'response_type'],
    [{ response_type: 'token' }, 400, 'unsupported_response_type', 'token'],
    [{ code_challenge_method: 'plain' }, 400, 'invalid_request', 'plain'],
    [{ scope: undefined }, 400, 'invalid_request', 'scope'],
    [{ scope: 'sleep' }, 400, 'invalid_scope', 'sleep'],
    [{ scope: googleScopes('constructor') }, 400, 'invalid_scope', 'constructor'],
    [{ scope: googleScopes('sleep') }, 400, 'invalid_scope', '2026-05-26'],
    [{ scope: googleScopes('ecg.writeonly') }, 400, 'invalid_scope', 'ecg.writeonly'],
    [{ scope: `${SLEEP} https://www.googleapis.com/auth/cloud-platform` }, 403, 'invalid_scope', 'cloud-platform'],
    [{ access_type: 'always' }, 400, 'invalid_request', 'always'],
    [{ prompt: 'consent login' }, 400, 'invalid_request', 'consent login'],
  ];
  for (const [overrides, status, error, shown] of cases) {
    const response = await fetch(app.authorizeUrl(overrides), { redirect: 'manual' });
    expect([response.status, response.headers.get('location')], shown).toEqual([status, null]);
    const page = await response.text();
    for (const text of [`Error ${status}: ${error}`, shown]) expect(page).toContain(text);
  }
  expect((await fetch(`${app.authorizeUrl()}&scope=x`)).status).toBe(400);
});

test('the simulated Google redirects a desktop app to any loopback port and path, a web app to its registered redirect URIs only', async () => {
  const app = await ownApp();
  for (const redirect_uri of [
    'http://127.0.0.1:1/',
    'http://127.0.0.1:65535/a/b?c=d',
    'http://localhost:8976',
    'http://[::1]:8976/callback',
  ])
    expect((await fetch(app.authorizeUrl({ redirect_uri }))).status).toBe(200);
  app.sandbox.register({ id: web.id, redirectUris: [app.redirectUri] });
  const { id: client_id, secret: client_secret } = web;
  expect((await app.exchange(await app.code({}, { client_id }), { client_id, client_secret })).status).toBe(200);
  expect((await fetch(app.authorizeUrl({ client_id, redirect_uri: `${app.redirectUri}/` }))).status).toBe(400);
});

test('the simulated Google returns login_required for prompt=none; its consent page cannot be answered at Fitbit', async () => {
  const { headers } = await fetch(app.authorizeUrl({ prompt: 'none' }), { redirect: 'manual' });
  expect(headers.get('location')).toBe(`${app.redirectUri}?error=login_required&state=the%20state/%2B%26`);
  const fields = readForm(await (await fetch(app.authorizeUrl())).text())?.fields ?? [];
  const body = new URLSearchParams({ decision: 'allow', person: 'WALK01', scope: SLEEP });
  body.set('transaction', fields.find(({ name }) => name === 'transaction')?.value ?? '');
  const decide = (path: string) => fetch(app.sandbox.origin + path, { method: 'POST', body, redirect: 'manual' });
  expect((await decide('/oauth2/authorize')).status).toBe(403);
  expect((await decide('/o/oauth2/v2/auth')).status).toBe(302);
});

test("the simulated Google's token response holds what the documentation says; that of a refresh has no refresh token", async () => {
  const app = await ownApp();
  const [status, first] = await statusAndBody(await app.exchange(await app.code()));
  expect([status, first]).toEqual([
    200,
    {
      access_token: expect.stringMatching(/^ya29\.[\w-]{100,}$/),
      expires_in: 3_599,
      refresh_token: expect.stringMatching(/^1\/\/[\w-]{40,}$/),
      scope: googleScopes(...ASKED),
      token_type: 'Bearer',
    },
  ]);
  const { refresh_token } = first as { refresh_token: string };
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const response = await app.refresh(refresh_token);
    const body: unknown = await response.clone().json();
    const { access_token } = await tokens(response);
    expect(body).toEqual({ access_token, expires_in: 3_599, scope: googleScopes(...ASKED), token_type: 'Bearer' });
    seen.add(access_token);
  }
  expect([seen.size, app.sandbox.isLive(refresh_token)]).toEqual([3, true]);
  expect(app.sandbox.state().services).toMatchObject({
    fitbit: { exchanges: 0, refreshes: 0 },
    google: { exchanges: 1, refreshes: 3, repeats: 0 },
  });
});

test.each<[access_type: string | undefined, prompt: string | undefined, again: boolean, given: boolean]>([
  ['offline', 'consent', false, true],
  ['offline', 'consent', true, true],
  ['offline', undefined, false, true],
  ['offline', undefined, true, false],
  ['offline', 'select_account', true, false],
  ['online', 'consent', false, false],
  [undefined, 'consent', false, false],
])(
  'the simulated Google, access_type=%s, prompt=%s, consented before: %s → a refresh token: %s',
  async (access_type, prompt, again, given) => {
    const app = await ownApp();
    if (again) await app.signIn();
    expect((await app.signIn({}, { access_type, prompt })).refresh_token !== '').toBe(given);
  },
);

test("the simulated Google's ID token comes with openid, passes oauth4webapi's validation, and keeps its subject in a refresh", async () => {
  const scope = `openid email ${SLEEP}`;
  const code = await app.code({}, { scope, nonce: 'the nonce' });
  const response = await app.exchange(code);
  const as = { issuer: app.sandbox.origin };
  const client = { client_id: desktop.id };
  // The sandbox's clock stands in the past.
  const dated = { ...client, [oauth.clockSkew]: Math.floor((START.getTime() - Date.now()) / 1000) };
  const result = await oauth.processAuthorizationCodeResponse(as, dated, response, { expectedNonce: 'the nonce' });
  expect(result.scope).toBe(`openid ${EMAIL} ${SLEEP}`);
  const { subject } = app.sandbox.state().people[0] ?? {};
  expect(oauth.getValidatedIdTokenClaims(result)).toMatchObject({
    sub: subject,
    azp: desktop.id,
    email: 'walker@example.com',
    email_verified: true,
    at_hash: expect.stringMatching(/^[\w-]{22}$/),
  });
  const again = await app.refresh(result.refresh_token ?? '');
  const refreshed = await oauth.processRefreshTokenResponse(as, dated, again);
  const claims = oauth.getValidatedIdTokenClaims(refreshed);
  expect([claims?.sub, claims?.nonce]).toEqual([subject, undefined]);
  expect(await (await app.post('/tokeninfo', { access_token: result.access_token })).json()).toMatchObject({
    sub: subject,
    email: 'walker@example.com',
  });
  const unticked = await app.signIn({ untick: [EMAIL] }, { scope });
  expect(Buffer.from(unticked.id_token ?? '', 'base64').toString()).not.toContain('walker');
});

test("the simulated Google's authorization codes work once, and expire after ten minutes", async () => {
  const app = await ownApp();
  const [once, late, inTime] = [await app.code(), await app.code(), await app.code()];
  expect((await app.exchange(once)).status).toBe(200);
  const refused = [400, { error: 'invalid_grant', error_description: 'Bad Request' }];
  expect(await statusAndBody(await app.exchange(once))).toEqual(refused);
  app.sandbox.clock.step(600_000);
  expect((await app.exchange(inTime)).status).toBe(200);
  app.sandbox.clock.step(1);
  expect(await statusAndBody(await app.exchange(late))).toEqual(refused);
});

test("the simulated Google's token endpoint refuses an invalid exchange in Google's words", async () => {
  const cases: readonly (readonly [Overrides, status: number, error: string, description: string])[] = [
    [{ redirect_uri: 'http://127.0.0.1:1/' }, 400, 'redirect_uri_mismatch', 'Bad Request'],
    [{ code_verifier: 'x'.repeat(43) }, 400, 'invalid_grant', 'Invalid code verifier.'],
    [{ code_verifier: undefined }, 400, 'invalid_grant', 'Missing code verifier.'],
    [{ code: 'nonsense' }, 400, 'invalid_grant', 'Malformed auth code.'],
    [{ code: undefined }, 400, 'invalid_request', 'Missing required parameter: code'],
    [{ grant_type: undefined }, 400, 'invalid_request', 'Missing required parameter: grant_type'],
    [{ grant_type: 'password' }, 400, 'unsupported_grant_type', 'Invalid grant_type: password'],
    [BY_HEADER, 400, 'invalid_request', 'Could not determine client ID from request.'],
    [{ client_id: server.id }, 401, 'invalid_client', 'The OAuth client was not found.'],
    [{ client_secret: undefined }, 400, 'invalid_request', 'client_secret is missing.'],
    [{ client_secret: 'x' }, 401, 'invalid_client', 'The provided client secret is invalid.'],
    [{ client_id: web.id, client_secret: web.secret }, 400, 'invalid_grant', 'Bad Request'],
  ];
  for (const [overrides, status, error, error_description] of cases)
    expect(await statusAndBody(await app.exchange(await app.code(), overrides))).toEqual([
      status,
      { error, error_description },
    ]);
  for (const [secret, status] of [
    [desktop.secret, 200],
    [desktop.secret.replaceAll('-', '%2D'), 200],
    [`${desktop.secret}%`, 401],
  ] as const)
    expect((await app.exchange(await app.code(), BY_HEADER, basic(desktop.id, secret))).status).toBe(status);
  const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
  expect(await statusAndBody(await fetch(`${app.sandbox.origin}/token`, json))).toMatchObject([
    415,
    { error: 'invalid_request' },
  ]);
});

test("a simulated Google refresh token is for its own app, and neither service accepts the other's apps or tokens", async () => {
  const { refresh_token, access_token } = await app.signIn();
  const other = await app.refresh(refresh_token, { client_id: web.id, client_secret: web.secret });
  expect(await statusAndBody(other)).toEqual([
    401,
    { error: 'unauthorized_client', error_description: 'Unauthorized' },
  ]);
  const unknown = await app.refresh('1//0unknown');
  expect(await statusAndBody(unknown)).toEqual([400, { error: 'invalid_grant', error_description: 'Bad Request' }]);
  const form = { grant_type: 'refresh_token', refresh_token };
  expect((await app.post('/oauth2/token', form, basic(server.id, server.secret))).status).toBe(400);
  expect((await app.post('/oauth2/token', form, basic(desktop.id, desktop.secret))).status).toBe(401);
  expect((await app.get('/1/user/-/profile.json', access_token)).status).toBe(401);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
});

test('a simulated Google app in testing: its refresh token expires seven days after the sign-in, whether used or published', async () => {
  const app = await ownApp(TESTING);
  const { refresh_token, refresh_token_expires_in } = await app.signIn();
  expect(refresh_token_expires_in).toBe(604_799);
  const online = await app.exchange(await app.code({}, { access_type: 'online' }));
  expect(await online.text()).not.toContain('refresh_token');
  app.sandbox.register({ id: desktop.id, publishing: 'production' });
  const { refresh_token: after } = await app.signIn();
  app.sandbox.clock.step(6 * DAY_MS);
  expect((await tokens(await app.refresh(refresh_token))).refresh_token_expires_in).toBe(604_799 - 6 * 86_400);
  app.sandbox.clock.step(DAY_MS - 1_001);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
  app.sandbox.clock.step(1);
  expect([refresh_token, after].map((token) => app.sandbox.isLive(token))).toEqual([false, true]);
  expect(await statusAndBody(await app.refresh(refresh_token))).toEqual(EXPIRED);
});

test('a simulated Google refresh token expires after six months without use', async () => {
  const app = await ownApp();
  const { refresh_token } = await app.signIn();
  // From the first of March to the first of September, and on to the first of March.
  app.sandbox.clock.step(184 * DAY_MS);
  expect((await app.refresh(refresh_token)).status).toBe(200);
  app.sandbox.clock.step(181 * DAY_MS);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
  app.sandbox.clock.step(1);
  expect(await statusAndBody(await app.refresh(refresh_token))).toEqual(EXPIRED);
});

test('the simulated Google has a hundred refresh tokens for each person and app: the next one ends the oldest', () => {
  const store = new GoogleTokens(() => START, new Counters());
  const signIn = (userId: string) => {
    const [clientId, redirectUri] = [desktop.id, 'http://127.0.0.1:1/'];
    const asked = { clientId, userId, redirectUri, scopes: [], offline: true, anew: true, testing: false };
    const result = store.exchange({ code: store.issueCode(asked), clientId, redirectUri });
    return (result.kind === 'granted' && result.response.refresh_token) || '';
  };
  const other = signIn('SLEEP2');
  const issued = Array.from({ length: 101 }, () => signIn('WALK01'));
  expect(issued.map((token) => store.isLive(token)).indexOf(true)).toBe(1);
  expect(store.refresh(issued[0] ?? '', desktop.id)).toEqual({ kind: 'refused', reason: 'refresh-token-expired' });
  expect(store.isLive(other)).toBe(true);
});

test.each(['access_token', 'refresh_token'] as const)(
  "revoking the %s at the simulated Google ends the person's consent to every app of the project, and to no other project",
  async (which) => {
    const sibling = {
      id: '100000000001-web.apps.googleusercontent.com',
      secret: 'GOCSPX-sibling',
      type: 'web' as const,
    };
    const app = await ownApp();
    for (const id of [sibling, { id: web.id }]) app.sandbox.register({ ...id, redirectUris: [app.redirectUri] });
    const signIn = async ({ id: client_id, secret: client_secret }: { id: string; secret: string }) =>
      tokens(await app.exchange(await app.code({}, { client_id }), { client_id, client_secret }));
    const mine = [await app.signIn(), await app.signIn(), await signIn(sibling)] as const;
    const others = [await app.signIn({ person: 'SLEEP2' }), await signIn(web)];

    const revoked = { token: mine[0][which] };
    expect(await statusAndBody(await app.post('/revoke', revoked))).toEqual([200, {}]);
    for (const { access_token, refresh_token } of mine) {
      expect((await app.get(IDENTITY, access_token)).status).toBe(401);
      expect(app.sandbox.isLive(refresh_token)).toBe(false);
    }
    expect(await statusAndBody(await app.refresh(mine[0].refresh_token))).toEqual(EXPIRED);
    for (const { access_token } of others) expect((await app.get(IDENTITY, access_token)).status).toBe(200);
    expect(app.sandbox.state().grants.map(({ userId, clientId }) => [userId, clientId])).toEqual([
      ['SLEEP2', desktop.id],
      ['WALK01', web.id],
    ]);
    expect(await statusAndBody(await app.post('/revoke', revoked))).toEqual([
      400,
      { error: 'invalid_token', error_description: 'Token expired or revoked' },
    ]);
    // Consent that was revoked counts as never given.
    expect((await app.signIn({}, { prompt: undefined })).refresh_token).not.toBe('');
  },
);

test.each(['POST', 'GET'])('/tokeninfo of the simulated Google by %s: every value is a string', async (method) => {
  const app = await ownApp();
  const { access_token } = await app.signIn();
  app.sandbox.clock.step(9_500);
  const ask = (token: string) =>
    method === 'POST'
      ? app.post('/tokeninfo', { access_token: token })
      : fetch(`${app.sandbox.origin}/tokeninfo?access_token=${token}`);
  expect(await statusAndBody(await ask(access_token))).toEqual([
    200,
    {
      azp: desktop.id,
      aud: desktop.id,
      scope: googleScopes(...ASKED),
      exp: String(START.getTime() / 1000 + 3_599),
      expires_in: '3589',
      access_type: 'offline',
    },
  ]);
  app.sandbox.clock.step(HOUR_MS);
  for (const token of ['nonsense', access_token])
    expect(await statusAndBody(await ask(token))).toEqual([
      400,
      { error: 'invalid_token', error_description: 'Invalid Value' },
    ]);
});

test('the simulated Google Health identity holds the Fitbit ID and the new ID, as options or derived', async () => {
  const app = await ownApp({
    people: [
      { userId: 'WALK01', displayName: 'Walker', legacyUserId: 'OTHER9', healthUserId: '77' },
      { userId: 'SLEEP2', displayName: 'Sleeper' },
    ],
  });
  const { access_token } = await app.signIn();
  const identity = { name: 'users/77/identity', legacyUserId: 'OTHER9', healthUserId: '77' };
  for (const user of ['me', '77'])
    expect(await statusAndBody(await app.get(IDENTITY.replace('me', user), access_token))).toEqual([200, identity]);
  expect((await app.get(IDENTITY.replace('me', '1234'), access_token)).status).toBe(403);
  const sleeper = await app.signIn({ person: 'SLEEP2' });
  expect(await (await app.get(IDENTITY, sleeper.access_token)).json()).toMatchObject({
    legacyUserId: 'SLEEP2',
    healthUserId: expect.stringMatching(/^\d{19}$/),
  });
});

test.each([
  ['not-linked', 400, { status: 'FAILED_PRECONDITION', details: [{ reason: 'ACCOUNT_NOT_LINKED' }] }],
  ['setup-unfinished', 412, { message: 'Precondition check failed.' }],
  ['permission-denied', 403, { details: [{ reason: 'RESOURCE_PERMISSION_DENIED' }] }],
  ['legacy-login', 403, { message: expect.stringContaining('Could not mint UberMint from GaiaMint') }],
] as const)(
  'a simulated person whose account is %s can sign in, but every API request gets %i',
  async (link, status, error) => {
    const app = await ownApp({ people: [{ userId: 'WALK01', displayName: 'Walker', link }] });
    const { access_token, refresh_token } = await app.signIn();
    for (const path of [IDENTITY, STEPS])
      expect(await statusAndBody(await app.get(path, access_token))).toMatchObject([
        status,
        { error: { code: status, ...error } },
      ]);
    expect((await app.refresh(refresh_token)).status).toBe(200);
  },
);

test('the simulated Google Health API needs an access token with the scope, and JSON; an unknown path is an HTML page', async () => {
  const app = await ownApp();
  const insufficient = [403, { error: { details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] } }];
  const { access_token: writing } = await app.signIn({}, { scope: googleScopes('sleep.writeonly') });
  expect(await statusAndBody(await app.get(IDENTITY, writing))).toMatchObject(insufficient);
  const { access_token: reading } = await app.signIn({}, { scope: SLEEP });
  expect((await app.get(IDENTITY, reading)).status).toBe(200);
  expect(await statusAndBody(await app.get(STEPS, reading))).toMatchObject(insufficient);
  expect(await (await app.get(STEPS.replace('steps', 'sleep'), reading)).json()).toMatchObject({
    dataPoints: [{ createTime: START.toISOString() }],
  });

  const { access_token } = await app.signIn();
  const rollUp = (body: string, type: string) => {
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': type };
    return fetch(`${app.sandbox.origin}${STEPS}:rollUp`, { method: 'POST', body, headers });
  };
  const range = { windowSize: '3600s' };
  const echoed = [200, { rollupDataPoints: [range] }];
  expect(await statusAndBody(await rollUp(JSON.stringify(range), 'application/json'))).toEqual(echoed);
  expect((await rollUp('a=b', 'application/x-www-form-urlencoded')).status).toBe(415);

  const unknown = await app.get('/v4/users/me/nothing', access_token);
  expect([unknown.status, unknown.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  expect(await statusAndBody(await app.get(STEPS.replace('steps', 'constructor'), access_token))).toMatchObject([
    404,
    { error: { status: 'NOT_FOUND' } },
  ]);
  app.sandbox.clock.step(HOUR_MS - 1_000);
  const refused = [401, { error: { code: 401, status: 'UNAUTHENTICATED' } }];
  for (const token of [access_token, 'ya29.nonsense'])
    expect(await statusAndBody(await app.get(IDENTITY, token))).toMatchObject(refused);
  const none = await fetch(app.sandbox.origin + IDENTITY);
  expect(none.headers.get('www-authenticate')).toBe('Bearer realm="https://accounts.google.com/"');
  expect(await statusAndBody(none)).toMatchObject(refused);
});
