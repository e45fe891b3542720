import { expect, onTestFinished, test } from 'vitest';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { basic, type Overrides } from './sandbox-app.ts';
import { ASKED, type GoogleApp, googleApp, scopes, tokens, told } from './sandbox-google-app.ts';

const { desktop, web } = SANDBOX_CLIENTS;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const TESTING: SandboxOptions = { clients: [{ id: desktop.id, publishing: 'testing' }] };
const DEAD = [400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }];
const BY_HEADER: Overrides = { client_id: undefined, client_secret: undefined };

async function started(options?: SandboxOptions): Promise<GoogleApp> {
  const app = await googleApp(options);
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

test('an exchange answers with what Google answers with, and nothing else', async () => {
  const app = await started();
  const answer: unknown = await (await app.exchange((await app.answer()).get('code'))).json();
  expect(answer).toEqual({
    access_token: expect.stringMatching(/^ya29\.[\w-]{100,}$/),
    expires_in: 3_599,
    refresh_token: expect.stringMatching(/^1\/\/[\w-]{40,}$/),
    scope: scopes(...ASKED),
    token_type: 'Bearer',
  });
});

test('§15 a refresh answers without a refresh token, and the old one goes on, whichever way it is used', async () => {
  const app = await started();
  const first = await app.signIn();
  const seen = new Set([first.access_token]);
  for (let round = 0; round < 3; round++) {
    const response = await app.refresh(first.refresh_token);
    const answer: unknown = await response.clone().json();
    const { access_token } = await tokens(response);
    expect(answer).toEqual({ access_token, expires_in: 3_599, scope: scopes(...ASKED), token_type: 'Bearer' });
    seen.add(access_token);
  }
  expect(seen.size).toBe(4);
  expect(app.sandbox.isLive(first.refresh_token)).toBe(true);
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
])('access_type=%s, prompt=%s, again: %s → a refresh token: %s', async (access_type, prompt, again, given) => {
  const app = await started();
  if (again) await app.signIn();
  expect((await app.signIn({}, { access_type, prompt })).refresh_token !== '').toBe(given);
});

test('consent that was taken back counts as never given', async () => {
  const app = await started();
  const { access_token } = await app.signIn();
  await app.post('/revoke', { token: access_token });
  expect((await app.signIn({}, { prompt: undefined })).refresh_token).not.toBe('');
});

test.each([
  [10 * MINUTE_MS, 200],
  [10 * MINUTE_MS + 1, 400],
])('a code lives ten minutes: after %i ms it gets %i', async (ms, status) => {
  const app = await started();
  const code = (await app.answer()).get('code');
  app.sandbox.clock.step(ms);
  expect((await app.exchange(code)).status).toBe(status);
});

test('a code works once', async () => {
  const app = await started();
  const code = (await app.answer()).get('code');
  expect((await app.exchange(code)).status).toBe(200);
  const refused = [400, { error: 'invalid_grant', error_description: 'Bad Request' }];
  expect(await told(await app.exchange(code))).toEqual(refused);
});

test.each<[reason: string, overrides: Overrides, status: number, error: string, description: string]>([
  ['§13 another redirect URI', { redirect_uri: 'http://127.0.0.1:1/' }, 400, 'redirect_uri_mismatch', 'Bad Request'],
  ['§2 another verifier', { code_verifier: 'x'.repeat(43) }, 400, 'invalid_grant', 'Invalid code verifier.'],
  ['§2 no verifier', { code_verifier: undefined }, 400, 'invalid_grant', 'Missing code verifier.'],
  ['what is not a code', { code: 'nonsense' }, 400, 'invalid_grant', 'Malformed auth code.'],
  ['no code', { code: undefined }, 400, 'invalid_request', 'Missing required parameter: code'],
  ['no grant type', { grant_type: undefined }, 400, 'invalid_request', 'Missing required parameter: grant_type'],
  ['§8 the password grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 'Invalid grant_type: password'],
  ['nobody', BY_HEADER, 400, 'invalid_request', 'Could not determine client ID from request.'],
  ['an unknown client', { client_id: '23TSTS' }, 401, 'invalid_client', 'The OAuth client was not found.'],
  ['no secret', { client_secret: undefined }, 400, 'invalid_request', 'client_secret is missing.'],
  ['a wrong secret', { client_secret: 'x' }, 401, 'invalid_client', 'The provided client secret is invalid.'],
  ['the code of another app', { client_id: web.id, client_secret: web.secret }, 400, 'invalid_grant', 'Bad Request'],
])('refused: %s', async (_reason, overrides, status, error, error_description) => {
  const app = await started();
  const answer = await app.exchange((await app.answer()).get('code'), overrides);
  expect(await told(answer)).toEqual([status, { error, error_description }]);
});

test.each([
  ['as it is', desktop.secret, 200],
  ['percent-encoded', desktop.secret.replaceAll('-', '%2D'), 200],
  ['badly encoded', `${desktop.secret}%`, 401],
])('the secret may come in a Basic header: %s', async (_how, secret, status) => {
  const app = await started();
  const answer = await app.exchange((await app.answer()).get('code'), BY_HEADER, basic(desktop.id, secret));
  expect(answer.status).toBe(status);
});

test('§11 a repeated parameter is refused; JSON is not a form', async () => {
  const app = await started();
  const send = (body: string, type: string) =>
    fetch(`${app.sandbox.origin}/token`, { method: 'POST', body, headers: { 'content-type': type } });
  expect(await told(await send('code=a&code=b', 'application/x-www-form-urlencoded'))).toMatchObject([
    400,
    { error: 'invalid_request' },
  ]);
  expect(await told(await send('{}', 'application/json'))).toMatchObject([415, { error: 'invalid_request' }]);
});

test('a refresh token is for its own app; one that nobody knows is a bad request', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  const other = await app.refresh(refresh_token, { client_id: web.id, client_secret: web.secret });
  expect(await told(other)).toEqual([401, { error: 'unauthorized_client', error_description: 'Unauthorized' }]);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
  const unknown = await app.refresh('1//0unknown');
  expect(await told(unknown)).toEqual([400, { error: 'invalid_grant', error_description: 'Bad Request' }]);
  expect(app.sandbox.state().counts.invalidGrants).toBe(1);
});

test('an app in testing: seven days from the sign-in, told in every answer, and not made longer by use', async () => {
  const app = await started(TESTING);
  const { refresh_token, refresh_token_expires_in } = await app.signIn();
  expect(refresh_token_expires_in).toBe(604_799);
  app.sandbox.clock.step(6 * DAY_MS);
  expect((await tokens(await app.refresh(refresh_token))).refresh_token_expires_in).toBe(604_799 - 6 * 86_400);
  app.sandbox.clock.step(DAY_MS - 1_001);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
  app.sandbox.clock.step(1);
  expect(app.sandbox.isLive(refresh_token)).toBe(false);
  expect(await told(await app.refresh(refresh_token))).toEqual(DEAD);
});

test('publishing the app does not save the refresh token of a sign-in that was in testing', async () => {
  const app = await started(TESTING);
  const { refresh_token } = await app.signIn();
  app.sandbox.register({ id: desktop.id, publishing: 'production' });
  const { refresh_token: after } = await app.signIn();
  app.sandbox.clock.step(7 * DAY_MS);
  expect([refresh_token, after].map((token) => app.sandbox.isLive(token))).toEqual([false, true]);
});

test('without a refresh token there is no date to tell', async () => {
  const app = await started(TESTING);
  const answer = await app.exchange((await app.answer({}, { access_type: 'online' })).get('code'));
  expect(await answer.text()).not.toContain('refresh_token');
});

test('six months without use kill a refresh token; each use begins them anew', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  // From the first of March to the first of September, and on to the first of March.
  app.sandbox.clock.step(184 * DAY_MS);
  expect((await app.refresh(refresh_token)).status).toBe(200);
  app.sandbox.clock.step(181 * DAY_MS);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
  app.sandbox.clock.step(1);
  expect(await told(await app.refresh(refresh_token))).toEqual(DEAD);
});

test('a hundred refresh tokens live side by side; the next one kills the oldest, of this person and app only', async () => {
  const app = await started();
  const { refresh_token: other } = await app.signIn({ person: 'SLEEP2' });
  const issued: string[] = [];
  for (let count = 0; count < 100; count++) issued.push((await app.signIn()).refresh_token);
  expect(issued.every((token) => app.sandbox.isLive(token))).toBe(true);
  issued.push((await app.signIn()).refresh_token);
  expect(issued.map((token) => app.sandbox.isLive(token)).indexOf(true)).toBe(1);
  expect(await told(await app.refresh(issued[0] ?? ''))).toEqual(DEAD);
  expect(app.sandbox.isLive(other)).toBe(true);
});

test('the services are strangers to each other: neither takes the other’s apps or tokens', async () => {
  const app = await started();
  const { refresh_token, access_token } = await app.signIn();
  const { id, secret } = SANDBOX_CLIENTS.server;
  const form = { grant_type: 'refresh_token', refresh_token };
  expect((await app.post('/oauth2/token', form, basic(id, secret))).status).toBe(400);
  expect((await app.post('/oauth2/token', form, basic(desktop.id, desktop.secret))).status).toBe(401);
  expect((await app.get('/1/user/-/profile.json', access_token)).status).toBe(401);
});
