import { expect, onTestFinished, test } from 'vitest';
import type { Fault, Place } from '../../src/sandbox/faults.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { START } from './sandbox-app.ts';
import { ASKED, type GoogleApp, googleApp, scopes, told } from './sandbox-google-app.ts';

const IDENTITY = '/v4/users/me/identity';
const STEPS = '/v4/users/me/dataTypes/steps/dataPoints';
const HOUR_MS = 3_600_000;
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';

async function started(options?: SandboxOptions): Promise<GoogleApp> {
  const app = await googleApp(options);
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

test('identity: the old id and the new one', async () => {
  const app = await started();
  const { access_token } = await app.signIn({ person: 'SLEEP2' });
  const { healthUserId } = app.sandbox.state().people.find(({ userId }) => userId === 'SLEEP2') ?? {};
  expect(healthUserId).toMatch(/^\d{19}$/);
  expect(await told(await app.get(IDENTITY, access_token))).toEqual([
    200,
    { name: `users/${healthUserId}/identity`, legacyUserId: 'SLEEP2', healthUserId },
  ]);
  expect((await app.get(IDENTITY.replace('me', String(healthUserId)), access_token)).status).toBe(200);
  expect((await app.get(IDENTITY.replace('me', '1234'), access_token)).status).toBe(403);
});

test('a person can have been somebody else at Fitbit', async () => {
  const person = { userId: 'WALK01', displayName: 'Walker', legacyUserId: 'OTHER9', healthUserId: '77' };
  const app = await started({ people: [person] });
  const { access_token } = await app.signIn();
  expect(await (await app.get(IDENTITY, access_token)).json()).toMatchObject({
    legacyUserId: 'OTHER9',
    healthUserId: '77',
  });
});

test('an account without a Health profile: signed in, but no data, and the address that helps', async () => {
  const app = await started();
  const { access_token } = await app.signIn({ person: 'FRESH3' });
  for (const path of [IDENTITY, STEPS]) {
    expect(await told(await app.get(path, access_token))).toEqual([
      400,
      {
        error: {
          code: 400,
          message: expect.any(String),
          status: 'FAILED_PRECONDITION',
          details: [
            {
              '@type': ERROR_INFO,
              reason: 'ACCOUNT_NOT_LINKED',
              domain: 'health.googleapis.com',
              metadata: { redirect_uri: 'https://fitbit.google.com/auth/signup' },
            },
          ],
        },
      },
    ]);
  }
});

test('an account on a an account in a bad state is forbidden, with a good token', async () => {
  const app = await started();
  const { access_token } = await app.signIn({ person: 'STUCK4' });
  expect(await told(await app.get(IDENTITY, access_token))).toMatchObject([
    403,
    { error: { code: 403, status: 'PERMISSION_DENIED', details: [{ reason: 'RESOURCE_PERMISSION_DENIED' }] } },
  ]);
});

test('a scope that only writes says nothing of who it is; the data wants its own scope', async () => {
  const app = await started();
  const insufficient = {
    error: {
      code: 403,
      message: 'Request had insufficient authentication scopes.',
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': ERROR_INFO,
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
          domain: 'googleapis.com',
          metadata: { service: 'health.googleapis.com' },
        },
      ],
    },
  };
  const writing = await app.signIn({}, { scope: scopes('sleep.writeonly') });
  expect(await told(await app.get(IDENTITY, writing.access_token))).toEqual([403, insufficient]);
  const reading = await app.signIn({}, { scope: scopes('sleep.readonly') });
  expect((await app.get(IDENTITY, reading.access_token)).status).toBe(200);
  expect(await told(await app.get(STEPS, reading.access_token))).toEqual([403, insufficient]);
  expect(await (await app.get(STEPS.replace('steps', 'sleep'), reading.access_token)).json()).toMatchObject({
    dataPoints: [{ createTime: START.toISOString() }],
  });
});

test('401 for no token, a bad one and one that is an hour old; 404 for what there is not', async () => {
  const app = await started();
  const { access_token } = await app.signIn();
  expect((await app.get(STEPS, access_token)).status).toBe(200);
  const unknown = await app.get('/v4/users/me/nothing', access_token);
  expect([unknown.status, unknown.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  expect((await app.get(STEPS.replace('steps', 'constructor'), access_token)).status).toBe(404);
  app.sandbox.clock.step(HOUR_MS - 1_000);
  const refused = [401, { error: { code: 401, status: 'UNAUTHENTICATED' } }];
  expect(await told(await app.get(IDENTITY, access_token))).toMatchObject(refused);
  expect(await told(await app.get(IDENTITY, 'ya29.nonsense'))).toMatchObject(refused);
  const none = await fetch(app.sandbox.origin + IDENTITY);
  expect(none.headers.get('www-authenticate')).toBe('Bearer realm="https://accounts.google.com/"');
  expect(await told(none)).toMatchObject(refused);
});

test.each(['POST', 'GET'])('token information by %s: every value is a text', async (method) => {
  const app = await started();
  const { access_token } = await app.signIn();
  app.sandbox.clock.step(9_500);
  const ask = (token: string) =>
    method === 'POST'
      ? app.post('/tokeninfo', { access_token: token })
      : fetch(`${app.sandbox.origin}/tokeninfo?access_token=${token}`);
  const { id } = SANDBOX_CLIENTS.desktop;
  expect(await told(await ask(access_token))).toEqual([
    200,
    {
      azp: id,
      aud: id,
      scope: scopes(...ASKED),
      exp: String(START.getTime() / 1000 + 3_599),
      expires_in: '3589',
      access_type: 'offline',
    },
  ]);
  const invalid = [400, { error: 'invalid_token', error_description: 'Invalid Value' }];
  expect(await told(await ask('nonsense'))).toEqual(invalid);
  app.sandbox.clock.step(HOUR_MS);
  expect(await told(await ask(access_token))).toEqual(invalid);
});

test.each(['access_token', 'refresh_token'] as const)(
  '§18 revoking the %s takes back the person’s consent to the app, every token of it; again it is refused',
  async (which) => {
    const app = await started();
    const mine = [await app.signIn(), await app.signIn()] as const;
    const other = await app.signIn({ person: 'SLEEP2' });
    const revoked = { token: mine[0][which] };
    expect(await told(await app.post('/revoke', revoked))).toEqual([200, {}]);
    for (const { access_token, refresh_token } of mine) {
      expect((await app.get(IDENTITY, access_token)).status).toBe(401);
      expect(await told(await app.refresh(refresh_token))).toMatchObject([
        400,
        { error_description: 'Token has been expired or revoked.' },
      ]);
    }
    expect((await app.get(IDENTITY, other.access_token)).status).toBe(200);
    expect(app.sandbox.state().grants.map(({ userId }) => userId)).toEqual(['SLEEP2']);
    expect(await told(await app.post('/revoke', revoked))).toEqual([
      400,
      { error: 'invalid_token', error_description: 'Token expired or revoked' },
    ]);
  },
);

test.each<[at: Place, path: string, method: string, struck: boolean]>([
  ['token', '/token', 'POST', true],
  ['google-token', '/token', 'POST', true],
  ['google', '/token', 'POST', true],
  ['fitbit-token', '/token', 'POST', false],
  ['fitbit', '/token', 'POST', false],
  ['identity', IDENTITY, 'GET', true],
  ['api', IDENTITY, 'GET', false],
  ['api', STEPS, 'GET', true],
  ['introspect', '/tokeninfo', 'POST', true],
  ['revoke', '/revoke', 'POST', true],
  ['google', '/oauth2/token', 'POST', false],
  ['fitbit', '/oauth2/token', 'POST', true],
  ['fitbit', '/oauth2/authorize', 'GET', true],
  ['fitbit', '/oauth2/revoke', 'POST', true],
  ['fitbit', '/1.1/oauth2/introspect', 'POST', true],
  ['fitbit', '/1/user/-/profile.json', 'GET', true],
  ['fitbit', '/o/oauth2/v2/auth', 'GET', false],
])('a fault at %s strikes %s: retired (410)', async (at, path, method, struck) => {
  const app = await started();
  app.sandbox.faults.add({ at, kind: 'status', status: 410 });
  expect((await fetch(app.sandbox.origin + path, { method })).status === 410).toBe(struck);
});

test.each<[at: Place, status: number, more: Partial<Fault>, expected: unknown]>([
  ['identity', 429, { resetSeconds: 7 }, { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }],
  ['api', 503, {}, { error: { code: 503, status: 'UNAVAILABLE' } }],
  ['api', 403, { errorType: 'PERMISSION_DENIED', message: 'No.' }, { error: { message: 'No.' } }],
  ['token', 500, {}, { error: 'internal_failure' }],
  [
    'token',
    400,
    { errorType: 'invalid_grant', message: 'Told to.' },
    { error: 'invalid_grant', error_description: 'Told to.' },
  ],
  ['google-revoke', 503, {}, { error: 'temporarily_unavailable' }],
])('told to fail at %s with %i: in Google’s own shape', async (at, status, more, expected) => {
  const app = await started();
  const { access_token, refresh_token } = await app.signIn();
  app.sandbox.faults.add({ at, kind: 'status', status, times: 1, ...more });
  const ask = {
    identity: () => app.get(IDENTITY, access_token),
    api: () => app.get(STEPS, access_token),
    token: () => app.refresh(refresh_token),
    'google-revoke': () => app.post('/revoke', { token: access_token }),
  }[String(at)];
  const answer = await ask?.();
  expect(answer?.status).toBe(status);
  expect(answer?.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
  expect(await answer?.json()).toMatchObject(expected as object);
  expect(app.sandbox.faults.list()).toEqual([]);
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
});

test('a lost answer costs nothing: the refresh token is not spent', async () => {
  const app = await started();
  const { refresh_token } = await app.signIn();
  app.sandbox.faults.add({ at: 'google-token', kind: 'lost-answer', times: 1 });
  await expect(app.refresh(refresh_token)).rejects.toThrow('fetch failed');
  expect((await app.refresh(refresh_token)).status).toBe(200);
});

test.each([
  [{ id: 'X', type: 'desktop' }],
  [{ id: '1-x.apps.googleusercontent.com', type: 'personal' }],
  [{ id: '1-x.apps.googleusercontent.com', type: 'web' }],
  [{ id: '23TSTS', publishing: 'testing' }],
] as const)('%o cannot be registered', async (registration) => {
  const app = await started();
  expect(() => app.sandbox.register(registration)).toThrow(registration.id);
});

test('an app is registered over the wire; whose it is, its id tells', async () => {
  const app = await started();
  const id = '1-new.apps.googleusercontent.com';
  const body = JSON.stringify({ id, secret: 's', publishing: 'testing' });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${app.sandbox.origin}/sandbox/clients`, { method: 'POST', body, headers });
  const registered = { id, secret: 's', type: 'desktop', name: id, redirectUris: [], publishing: 'testing' };
  expect(app.sandbox.clients.at(-1)).toEqual(registered);
});

test('the state holds no secret, no code and no token; the index page names both services', async () => {
  const app = await started();
  const { access_token, refresh_token } = await app.signIn();
  const state = JSON.stringify(app.sandbox.state());
  for (const secret of [access_token, refresh_token, SANDBOX_CLIENTS.desktop.secret])
    expect(state).not.toContain(secret);
  const page = await (await fetch(app.sandbox.origin)).text();
  for (const text of ['/oauth2/token', '/v4/users/me/identity', 'walker@example.com']) expect(page).toContain(text);
});
