import { expect, onTestFinished, test } from 'vitest';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { basic, refusal, type SandboxApp, SERVER_BASIC, START, sandboxApp, tokens } from './sandbox-app.ts';

const { server, client, personal } = SANDBOX_CLIENTS;
const MINUTE_MS = 60_000;

async function started(options?: SandboxOptions): Promise<SandboxApp> {
  const app = await sandboxApp(options);
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

test('an exchange answers with what Fitbit answers with, and nothing else', async () => {
  const app = await started();
  const answer: unknown = await (await app.exchange(await app.code({ untick: ['sleep'] }))).json();
  expect(answer).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    expires_in: 28_800,
    refresh_token: expect.stringMatching(/^[0-9a-f]{64}$/),
    scope: expect.stringMatching(/^(activity profile|profile activity)$/),
    token_type: 'Bearer',
    user_id: 'WALK01',
  });
});

test('the access token is a JWT with the documented claims', async () => {
  const app = await started();
  const [header, claims] = (await app.signIn({ person: 'SLEEP2' })).access_token.split('.');
  const read = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  const iat = START.getTime() / 1000;
  expect(read(header)).toEqual({ alg: 'HS256' });
  expect(read(claims)).toEqual({
    aud: server.id,
    sub: 'SLEEP2',
    iss: 'Fitbit',
    typ: 'access_token',
    scopes: expect.stringMatching(/^r(act|pro|sle) r(act|pro|sle) r(act|pro|sle)$/),
    iat,
    exp: iat + 28_800,
  });
});

test('two tokens of the same second differ, and the order of scopes is not to be relied on', async () => {
  const app = await started();
  const orders = new Set<string>();
  const seen = new Set<string>();
  let { refresh_token } = await app.signIn();
  for (let round = 0; round < 12; round++) {
    const answer = await tokens(await app.refresh(refresh_token));
    ({ refresh_token } = answer);
    orders.add(answer.scope);
    seen.add(answer.access_token);
  }
  expect(seen.size).toBe(12);
  expect(orders.size).toBeGreaterThan(1);
});

test('a code works once', async () => {
  const app = await started();
  const code = await app.code();
  expect((await app.exchange(code)).status).toBe(200);
  expect(await refusal(await app.exchange(code))).toMatchObject({
    status: 400,
    errorType: 'invalid_grant',
    message: expect.stringContaining(`Authorization code invalid: ${code}.`),
  });
});

test.each([
  [10 * MINUTE_MS, 200],
  [10 * MINUTE_MS + 1, 400],
])('a code lives ten minutes: after %i ms it gets %i', async (ms, status) => {
  const app = await started();
  const code = await app.code();
  app.sandbox.clock.step(ms);
  const answer = await app.exchange(code);
  expect(answer.status).toBe(status);
  if (status === 400) expect((await refusal(answer)).message).toContain(`Authorization code expired: ${code}.`);
});

test.each([
  [
    '§13 another redirect URI',
    { redirect_uri: 'http://127.0.0.1:8976/callback' },
    'invalid_request',
    'Redirect_uri mismatch: http',
  ],
  ['§2 another verifier', { code_verifier: 'x'.repeat(43) }, 'invalid_grant', 'Authorization code invalid: '],
  ['§2 no verifier', { code_verifier: undefined }, 'invalid_grant', 'Authorization code invalid: '],
  ['no redirect URI', { redirect_uri: undefined }, 'invalid_request', 'Missing parameters: redirect_uri'],
  ['no code', { code: undefined }, 'invalid_request', 'Missing parameters: code'],
  ['an unknown code', { code: 'f'.repeat(40) }, 'invalid_grant', `Authorization code invalid: ${'f'.repeat(40)}`],
  ['no grant type', { grant_type: undefined }, 'invalid_request', "Missing 'grant_type' parameter value"],
  ['§8 the password grant', { grant_type: 'password' }, 'unsupported_grant_type', 'Unsupported grant_type: password'],
])('refused: %s', async (_reason, overrides, errorType, message) => {
  const app = await started();
  const answer = await refusal(await app.exchange(await app.code(), overrides));
  expect(answer).toMatchObject({ status: 400, errorType, message: expect.stringMatching(new RegExp(`^${message}`)) });
});

test('§2 a verifier for a code that was asked for without PKCE is refused', async () => {
  const app = await started();
  const code = await app.code({}, { code_challenge: undefined, code_challenge_method: undefined });
  expect(await refusal(await app.exchange(code))).toMatchObject({ errorType: 'invalid_grant' });
});

test('a code is for the app that asked for it', async () => {
  const app = await started();
  const code = await app.code();
  expect((await app.exchange(code, {}, basic(personal.id, personal.secret))).status).toBe(400);
  expect((await app.exchange(code)).status).toBe(200);
});

test('§11 a repeated parameter is refused', async () => {
  const app = await started();
  const body = 'grant_type=refresh_token&refresh_token=a&refresh_token=b';
  const headers = { ...SERVER_BASIC, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${app.sandbox.origin}/oauth2/token`, { method: 'POST', body, headers });
  expect(await refusal(answer)).toMatchObject({
    errorType: 'invalid_request',
    message: expect.stringContaining('refresh_token'),
  });
});

test('JSON is not a form', async () => {
  const app = await started();
  const answer = await fetch(`${app.sandbox.origin}/oauth2/token`, {
    method: 'POST',
    body: JSON.stringify({ grant_type: 'refresh_token', refresh_token: 'x' }),
    headers: { ...SERVER_BASIC, 'content-type': 'application/json' },
  });
  expect(await refusal(answer)).toMatchObject({ status: 415 });
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
  ['nobody', server.id, {}, undefined, 401],
  ['a header that is not Basic', server.id, { authorization: 'Bearer x' }, undefined, 401],
  ['a header that is not base64', server.id, { authorization: 'Basic ?' }, undefined, 401],
])('client authentication: %s', async (_who, id, headers, clientId, status) => {
  const app = await started();
  const answer = await app.exchange(await app.code({}, { client_id: id }), { client_id: clientId }, headers);
  expect(answer.status).toBe(status);
  if (status === 401) expect((await refusal(answer)).errorType).toBe('invalid_client');
});

test('a refresh token is spent by one use; repeated within two minutes it gets the same bytes; then it is dead', async () => {
  const app = await started();
  const { refresh_token: first } = await app.signIn();
  const answered = await (await app.refresh(first)).text();
  expect(app.sandbox.isLive(first)).toBe(false);

  app.sandbox.clock.step(2 * MINUTE_MS);
  expect(await (await app.refresh(first)).text()).toBe(answered);

  app.sandbox.clock.step(1);
  expect(await refusal(await app.refresh(first))).toMatchObject({
    status: 400,
    errorType: 'invalid_grant',
    message: expect.stringContaining(`Refresh token invalid: ${first}.`),
  });
  expect(app.sandbox.state().counts).toMatchObject({ refreshes: 1, repeats: 1, invalidGrants: 1 });
});

test('a dead repeat does not harm the successor', async () => {
  const app = await started();
  const { refresh_token: first } = await app.signIn();
  const { refresh_token: second } = await tokens(await app.refresh(first));
  app.sandbox.clock.step(60 * MINUTE_MS);
  expect((await app.refresh(first)).status).toBe(400);
  expect((await app.refresh(second)).status).toBe(200);
});

test('100 refreshes at once with one token rotate it once', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  const answers = await Promise.all(Array.from({ length: 100 }, async () => (await app.refresh(refresh_token)).text()));
  expect(new Set(answers).size).toBe(1);
  expect(app.sandbox.state().users.WALK01).toMatchObject({ exchanges: 1, refreshes: 1, repeats: 99, invalidGrants: 0 });
});

test('a second sign-in kills the refresh token of the first, and its repeat too', async () => {
  const app = await started();
  const { refresh_token: first } = await app.signIn();
  const { refresh_token: successor } = await tokens(await app.refresh(first));
  const { refresh_token: other } = await app.signIn();
  for (const dead of [first, successor]) expect((await app.refresh(dead)).status).toBe(400);
  expect((await app.refresh(other)).status).toBe(200);
});

test('one live refresh token per person and app: another person or app does not disturb it', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  await app.signIn({ person: 'SLEEP2' });
  await app.exchange(await app.code({}, { client_id: client.id }), { client_id: client.id }, {});
  expect((await app.refresh(refresh_token)).status).toBe(200);
});

test('a refresh token is for its own app', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  expect((await app.refresh(refresh_token, {}, basic(personal.id, personal.secret))).status).toBe(400);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
});
