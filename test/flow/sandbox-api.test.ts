import { expect, onTestFinished, test } from 'vitest';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { refusal, type SandboxApp, SERVER_BASIC, START, sandboxApp, tokens } from './sandbox-app.ts';

const HOUR_MS = 3_600_000;
const PROFILE = '/1/user/-/profile.json';

async function started(): Promise<SandboxApp> {
  const app = await sandboxApp();
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (app: SandboxApp, path: string, token: string) =>
  fetch(app.sandbox.origin + path, { headers: bearer(token) });

test.each(['access_token', 'refresh_token'] as const)(
  '§18 revoking the %s ends all of the person’s tokens for the app',
  async (which) => {
    const app = await started();
    const first = await app.signIn();
    const second = await tokens(await app.refresh(first.refresh_token));
    const other = await app.signIn({ person: 'SLEEP2' });

    const answer = await app.post('/oauth2/revoke', { token: first[which] }, SERVER_BASIC);
    expect([answer.status, await answer.text()]).toEqual([200, '']);

    for (const { access_token } of [first, second]) {
      expect(await refusal(await get(app, PROFILE, access_token))).toMatchObject({
        status: 401,
        errorType: 'invalid_token',
      });
    }
    for (const { refresh_token } of [first, second]) expect((await app.refresh(refresh_token)).status).toBe(400);
    expect((await get(app, PROFILE, other.access_token)).status).toBe(200);
    expect(app.sandbox.state().users.WALK01?.revocations).toBe(1);
  },
);

test('§18 a token that nobody knows, or of another app, is answered 200 and changes nothing', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  expect((await app.post('/oauth2/revoke', { token: 'unknown' }, SERVER_BASIC)).status).toBe(200);
  const otherApp = { token: refresh_token, client_id: SANDBOX_CLIENTS.client.id };
  expect((await app.post('/oauth2/revoke', otherApp)).status).toBe(200);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
});

test('§18 revocation wants the app to prove itself', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  expect((await app.post('/oauth2/revoke', { token: refresh_token })).status).toBe(401);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
});

test('§19 introspection: milliseconds, and a scope that is not JSON', async () => {
  const app = await started();
  const { access_token: token } = await app.signIn({ untick: ['sleep'] });
  const answer: unknown = await (await app.post('/1.1/oauth2/introspect', { token }, bearer(token))).json();
  expect(answer).toEqual({
    active: true,
    scope: expect.stringMatching(/^\{(PROFILE=READ, ACTIVITY=READ|ACTIVITY=READ, PROFILE=READ)\}$/),
    client_id: SANDBOX_CLIENTS.server.id,
    user_id: 'WALK01',
    token_type: 'access_token',
    exp: START.getTime() + 8 * HOUR_MS,
    iat: START.getTime(),
  });
});

test('§19 an unknown or expired token is not active; an expired bearer is told so', async () => {
  const app = await started();
  const { access_token: old, refresh_token } = await app.signIn();
  const introspect = (token: string, by: string) => app.post('/1.1/oauth2/introspect', { token }, bearer(by));
  expect(await (await introspect('unknown', old)).json()).toEqual({ active: false });

  app.sandbox.clock.step(8 * HOUR_MS);
  expect(await refusal(await introspect(old, old))).toMatchObject({ status: 401, errorType: 'expired_token' });
  const { access_token: fresh } = await tokens(await app.refresh(refresh_token));
  expect(await (await introspect(old, fresh)).json()).toEqual({ active: false });
});

test('the profile of whom the token is for, by - and by id, and of nobody else', async () => {
  const app = await started();
  const { access_token } = await app.signIn();
  for (const user of ['-', 'WALK01']) {
    const answer = await get(app, `/1/user/${user}/profile.json`, access_token);
    expect(await answer.json()).toMatchObject({ user: { encodedId: 'WALK01', displayName: 'Morning Walker' } });
  }
  expect((await get(app, '/1/user/SLEEP2/profile.json', access_token)).status).toBe(403);
});

test('a scope that was unticked is missing', async () => {
  const app = await started();
  const { access_token } = await app.signIn({ untick: ['profile'] });
  expect(await refusal(await get(app, PROFILE, access_token))).toMatchObject({
    status: 403,
    errorType: 'insufficient_scope',
    message: expect.stringMatching(/^This application does not have permission to /),
  });
  expect((await get(app, '/1/user/-/activities/date/2026-01-31.json', access_token)).status).toBe(200);
  expect((await get(app, '/1/user/-/activities/date/today.json', access_token)).status).toBe(404);
});

test('an access token lives eight hours, to the second', async () => {
  const app = await started();
  const { access_token } = await app.signIn();
  app.sandbox.clock.step(8 * HOUR_MS - 1);
  expect((await get(app, PROFILE, access_token)).status).toBe(200);
  app.sandbox.clock.step(1);
  expect(await refusal(await get(app, PROFILE, access_token))).toMatchObject({
    status: 401,
    errorType: 'expired_token',
    message: expect.stringContaining(access_token),
  });
});

test('§17 a token in the query is not looked at', async () => {
  const app = await started();
  const { access_token } = await app.signIn();
  expect((await fetch(`${app.sandbox.origin}${PROFILE}?access_token=${access_token}`)).status).toBe(401);
});

test('what is posted comes back', async () => {
  const app = await started();
  const { access_token } = await app.signIn({}, { scope: 'weight' });
  const answer = await app.post(
    '/1/user/-/body/log/weight.json',
    { weight: '72.5', date: '2026-03-01' },
    bearer(access_token),
  );
  expect(answer.status).toBe(201);
  expect(await answer.json()).toEqual({ weightLog: { weight: '72.5', date: '2026-03-01', source: 'API' } });
});

test('150 requests an hour for each person and app', async () => {
  const app = await started();
  const { access_token } = await app.signIn();
  const other = await app.signIn({ person: 'SLEEP2' });
  app.sandbox.clock.step(20 * 60_000);
  const first = await get(app, PROFILE, access_token);
  expect(Object.fromEntries([...first.headers].filter(([name]) => name.startsWith('fitbit-')))).toEqual({
    'fitbit-rate-limit-limit': '150',
    'fitbit-rate-limit-remaining': '149',
    'fitbit-rate-limit-reset': '2400',
  });
  for (let count = 2; count < 150; count++) await get(app, PROFILE, access_token).then((answer) => answer.text());
  expect((await get(app, PROFILE, access_token)).status).toBe(200);
  const refused = await get(app, PROFILE, access_token);
  expect([refused.status, refused.headers.get('fitbit-rate-limit-remaining')]).toEqual([429, '0']);
  expect((await get(app, PROFILE, other.access_token)).status).toBe(200);
  app.sandbox.clock.step(40 * 60_000);
  expect((await get(app, PROFILE, access_token)).status).toBe(200);
});
