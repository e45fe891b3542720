import { execFile } from 'node:child_process';
import { request } from 'node:http';
import process from 'node:process';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { FAULT_KINDS, type FaultKind, type Place } from '../../src/sandbox/faults.ts';
import { fitbitApp, googleApp, googleScopes, type SandboxApp, tokens } from './sandbox-app.ts';

const IDENTITY = '/v4/users/me/identity';
const NOWHERE = 'http://127.0.0.1:9/elsewhere';

/** Faults of any service, at Fitbit's token endpoint: the response's text, and whether the refresh token was spent. */
const AT_FITBIT = {
  status: [/"errors":\[\{"errorType":"system"/, false],
  empty: [/^$/, false],
  html: [/^<!doctype html>/, false],
  'invalid-json': [/^\{"access_token":tru$/, false],
  'null-body': [/^null$/, false],
  'array-body': [/^\[\{/, false],
  'deep-json': [/^\[{100000}\]{100000}$/, false],
  redirect: [/"counts":/, false],
  huge: [/^\{"access_token":"a{983}$/, false],
  'gzip-bomb': [/^\{"access_token":"a{983}$/, false],
  reset: ['cut', false],
  'huge-header': ['cut', false],
  delay: [/"access_token"/, true],
  'delay-answer': [/"access_token"/, true],
  'lost-answer': ['cut', true],
  'truncated-json': [/^\{"access_token":"[^}]+$/, true],
  'wrong-types': [/"expires_in":\["28800"\]/, true],
  proto: [/^\{"__proto__":/, true],
  'duplicate-keys': [/"refresh_token":.*"refresh_token":/, true],
  'negative-expires': [/"expires_in":-1[,}]/, true],
  'zero-expires': [/"expires_in":0[,}]/, true],
  'missing-expires': [/^(?!.*"expires_in")/, true],
  'missing-access-token': [/^(?!.*"access_token")/, true],
  'missing-refresh-token': [/^(?!.*"refresh_token")/, true],
  'missing-scope': [/^(?!.*"scope")/, true],
  'token-type-lower': [/"token_type":"bearer"/, true],
  'token-type-other': [/"token_type":"mac"/, true],
  'extra-fields': [/"note":/, true],
  'wrong-content-type': [/^\{"access_token"/, true],
} as const satisfies Partial<Record<FaultKind, readonly [text: RegExp | 'cut', spent: boolean]>>;

/** Google's refusals: where, the status, and the error. */
const REFUSALS = {
  'account-not-linked': [
    'identity',
    400,
    { status: 'FAILED_PRECONDITION', details: [{ reason: 'ACCOUNT_NOT_LINKED' }] },
  ],
  'setup-unfinished': ['identity', 412, { message: 'Precondition check failed.' }],
  'resource-permission-denied': ['identity', 403, { details: [{ reason: 'RESOURCE_PERMISSION_DENIED' }] }],
  'legacy-login': ['identity', 403, { message: expect.stringContaining('Could not mint UberMint from GaiaMint') }],
  'service-disabled': ['identity', 403, { details: [{ reason: 'SERVICE_DISABLED' }] }],
  'scope-insufficient': ['identity', 403, { details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] }],
  'permission-denied': ['identity', 403, { status: 'PERMISSION_DENIED' }],
  'unknown-path': ['identity', 404, /^<!DOCTYPE html>/],
  'rate-limited': ['identity', 429, { status: 'RESOURCE_EXHAUSTED' }],
  'rate-limited-unspecified': ['identity', 429, { status: 'RESOURCE_EXHAUSTED' }],
  unavailable: ['identity', 503, { status: 'UNAVAILABLE' }],
  'client-unknown': ['token', 401, { error: 'invalid_client' }],
  'client-secret-missing': ['token', 400, { error_description: 'client_secret is missing.' }],
  'client-secret-unsent': ['token', 401, { error: 'invalid_client' }],
  'client-secret-wrong': ['token', 401, { error: 'invalid_client' }],
  'deleted-client': ['token', 401, { error: 'deleted_client' }],
  'disabled-client': ['token', 401, { error: 'disabled_client' }],
  'admin-policy-enforced': ['token', 400, { error: 'admin_policy_enforced' }],
  'org-internal': ['token', 403, { error: 'org_internal' }],
  'access-denied': ['token', 403, { error: 'access_denied' }],
  'invalid-scope': ['token', 400, { error: 'invalid_scope' }],
  'invalid-rapt': ['token', 400, { error: 'invalid_grant', error_subtype: 'invalid_rapt' }],
  'dead-grant': ['token', 400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }],
} as const satisfies Partial<Record<FaultKind, readonly [at: Place, status: number, error: object]>>;

/** Faults of Google's token response, with openid: the claim or field that they change. */
const AT_GOOGLE_TOKEN = {
  'time-limited': { refresh_token_expires_in: 604_799 },
  'missing-id-token': { id_token: undefined },
  'id-token-audience': { claims: { aud: 'another-app' } },
  'id-token-issuer': { claims: { iss: 'https://issuer.example' } },
  'id-token-nonce': { claims: { nonce: 'another-nonce' } },
  'id-token-subject': { claims: { sub: '100000000000000000000' } },
  'id-token-expired': { claims: { exp: 3_601 } },
  'id-token-unsigned': { header: { alg: 'none' } },
} as const satisfies Partial<Record<FaultKind, object>>;

/** Faults of the callback, as Google's app sees it. */
const AT_CALLBACK = {
  'drop-state': /^\/any\/path\?code=4\/0A[^&]+&scope=https:\/\/[^&]+&iss=http:/,
  'drop-iss': /^\/any\/path\?state=the%20state\/%2B%26&code=4\/0A[^&]+&scope=https:\/\/[^&]+$/,
  'callback-error': /^\/any\/path\?state=the%20state\/%2B%26&error=invalid_scope$/,
} as const satisfies Partial<Record<FaultKind, RegExp>>;

let fitbit: SandboxApp;
let google: SandboxApp;
beforeAll(async () => {
  fitbit = await fitbitApp();
  google = await googleApp();
});
afterAll(async () => {
  await fitbit[Symbol.asyncDispose]();
  await google[Symbol.asyncDispose]();
});

const entries = <T extends object>(table: T) => Object.entries(table) as [FaultKind & keyof T, T[keyof T]][];

test('every fault of the sandbox is tested', () => {
  const tested = { ...AT_FITBIT, ...REFUSALS, ...AT_GOOGLE_TOKEN, ...AT_CALLBACK };
  // These two never respond: the test of closing has them.
  expect(FAULT_KINDS.toSorted()).toEqual([...Object.keys(tested), 'hang', 'drip'].toSorted());
});

test.each(entries(AT_FITBIT))(
  "the fault %s at Fitbit's token endpoint changes the response; the next request gets a whole one",
  async (kind, [text, spent]) => {
    const { refresh_token: token } = await fitbit.signIn();
    const bytes = kind === 'huge-header' ? undefined : 1_000;
    fitbit.sandbox.faults.add({ at: 'token', kind, times: 1, ms: 1, bytes });
    const response = fitbit.refresh(token);
    if (text === 'cut') await expect(response).rejects.toThrow('fetch failed');
    else expect(await (await response).text()).toMatch(text);
    expect(fitbit.sandbox.isLive(token)).toBe(!spent);
    // The next request, a repeat where the token was spent, gets a whole response.
    const { refresh_token } = await tokens(await fitbit.refresh(token));
    expect(fitbit.sandbox.isLive(refresh_token)).toBe(true);
  },
);

test.each([400, 401, 403, 409, 410, 429, 500, 502, 503])(
  "the fault status with %i at Fitbit's token endpoint has Fitbit's error shape",
  async (status) => {
    const { refresh_token } = await fitbit.signIn();
    fitbit.sandbox.faults.add({ at: 'token', kind: 'status', status, resetSeconds: 7, times: 1 });
    const response = await fitbit.refresh(refresh_token);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(status === 410 ? /^text\/html/ : /^application\/json/);
    expect(response.headers.get('fitbit-rate-limit-reset')).toBe(status === 429 ? '7' : null);
    if (status !== 410) expect(await response.json()).toMatchObject({ errors: [{}], success: false });
  },
);

test.each([
  ['identity', 429, { resetSeconds: 7 }, { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }],
  ['api', 503, {}, { error: { code: 503, status: 'UNAVAILABLE' } }],
  ['api', 403, { errorType: 'PERMISSION_DENIED', message: 'No.' }, { error: { message: 'No.' } }],
  ['token', 500, {}, { error: 'internal_failure' }],
  ['token', 400, { errorType: 'invalid_grant', message: 'So.' }, { error: 'invalid_grant', error_description: 'So.' }],
  ['revoke', 503, {}, { error: 'temporarily_unavailable' }],
] as const)(
  "the fault status at Google's %s endpoint, with %i, has Google's error shape",
  async (at, status, more, expected) => {
    const { access_token, refresh_token } = await google.signIn();
    google.sandbox.faults.add({ at, kind: 'status', status, times: 1, ...more });
    const response = await {
      identity: () => google.get(IDENTITY, access_token),
      api: () => google.get('/v4/users/me/dataTypes/steps/dataPoints', access_token),
      token: () => google.refresh(refresh_token),
      revoke: () => google.post('/revoke', { token: access_token }),
    }[at]();
    expect([response.status, await response.json()]).toMatchObject([status, expected]);
    expect(response.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
    expect([google.sandbox.faults.list(), google.sandbox.isLive(refresh_token)]).toEqual([[], true]);
  },
);

test.each(entries(REFUSALS))(
  'the fault %s refuses as Google does, at the endpoints where Google does',
  async (kind, [at, status, error]) => {
    const { access_token, refresh_token } = await google.signIn();
    google.sandbox.faults.add({ at: 'google', kind });
    onTestFinished(() => google.sandbox.faults.clear());
    const response = await (at === 'token' ? google.refresh(refresh_token) : google.get(IDENTITY, access_token));
    expect(response.status).toBe(status);
    if (error instanceof RegExp) expect(await response.text()).toMatch(error);
    else expect(await response.json()).toMatchObject(at === 'token' ? error : { error: { code: status, ...error } });
    expect(response.headers.get('retry-after')).toBe(kind === 'rate-limited' ? '60' : null);
    expect(google.sandbox.isLive(refresh_token)).toBe(true);
    // It strikes where Google would, and nowhere else.
    const elsewhere = at === 'token' ? await google.get(IDENTITY, access_token) : await google.refresh(refresh_token);
    expect(elsewhere.status).toBe(200);
  },
);

test.each([
  'deleted-client',
  'disabled-client',
  'org-internal',
  'admin-policy-enforced',
  'access-denied',
  'invalid-scope',
] as const)("the fault %s at Google's authorization endpoint is a page with the error line", async (kind) => {
  google.sandbox.faults.add({ at: 'authorize', kind, times: 1 });
  const response = await fetch(google.authorizeUrl(), { redirect: 'manual' });
  expect(response.status).toBe(REFUSALS[kind][1]);
  const page = await response.text();
  expect(page).toContain(`Error ${response.status}: ${kind.replaceAll('-', '_')}`);
  expect(page).toContain('Simulated');
});

test.each(entries(AT_GOOGLE_TOKEN))("the fault %s changes Google's token response", async (kind, changed) => {
  const code = await google.code({}, { scope: `openid email ${googleScopes('sleep.readonly')}`, nonce: 'n' });
  google.sandbox.faults.add({ at: 'google-token', kind, times: 1 });
  const body = await tokens(await google.exchange(code));
  const [header, claims] = (body.id_token ?? '').split('.').map((part) => Buffer.from(part, 'base64url').toString());
  const read = (json: string | undefined): unknown => (json ? JSON.parse(json) : undefined);
  expect({ ...body, id_token: body.id_token, header: read(header), claims: read(claims) }).toMatchObject(changed);
});

test.each(entries(AT_CALLBACK))("the fault %s changes Google's callback", async (kind, visit) => {
  google.sandbox.faults.add({ at: 'decision', kind, times: 1 });
  await google.callback();
  expect(google.visits.at(-1)).toMatch(visit);
});

test("the fault drop-state leaves the rest of Fitbit's callback as it is", async () => {
  fitbit.sandbox.faults.add({ at: 'fitbit-decision', kind: 'drop-state', times: 1 });
  await fitbit.callback({ allow: false });
  expect(fitbit.visits.at(-1)).toBe(
    '/callback?error=access_denied&error_description=The%20user%20denied%20the%20request.',
  );
});

test('the fault redirect points to its location, and the fault gzip-bomb is small on the wire', async () => {
  const url = `${fitbit.sandbox.origin}/oauth2/token`;
  fitbit.sandbox.faults.add({ at: 'token', kind: 'redirect', status: 307, location: NOWHERE, times: 1 });
  const { status, headers } = await fetch(url, { method: 'POST', redirect: 'manual' });
  expect([status, headers.get('location')]).toEqual([307, NOWHERE]);

  fitbit.sandbox.faults.add({ at: 'token', kind: 'gzip-bomb', bytes: 3_000_000, times: 1 });
  const packed = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    request(url, { method: 'POST' }, (response) => {
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
    })
      .on('error', reject)
      .end();
  });
  expect(packed.byteLength).toBeLessThan(30_000);
  expect(gunzipSync(packed).byteLength).toBe(3_000_000);
});

test.each<[at: Place, path: string, method: string, struck: boolean]>([
  ['token', '/token', 'POST', true],
  ['google-token', '/token', 'POST', true],
  ['google', '/token', 'POST', true],
  ['fitbit-token', '/token', 'POST', false],
  ['fitbit', '/token', 'POST', false],
  ['identity', IDENTITY, 'GET', true],
  ['api', IDENTITY, 'GET', false],
  ['introspect', '/tokeninfo', 'POST', true],
  ['revoke', '/revoke', 'POST', true],
  ['google', '/oauth2/token', 'POST', false],
  ['fitbit', '/oauth2/token', 'POST', true],
  ['fitbit', '/oauth2/authorize', 'GET', true],
  ['fitbit', '/oauth2/revoke', 'POST', true],
  ['fitbit', '/1.1/oauth2/introspect', 'POST', true],
  ['fitbit', '/1/user/-/profile.json', 'GET', true],
  ['fitbit', '/o/oauth2/v2/auth', 'GET', false],
])('a fault at %s strikes the request %s %s: %s', async (at, path, method, struck) => {
  google.sandbox.faults.add({ at, kind: 'status', status: 410 });
  const { status } = await fetch(google.sandbox.origin + path, { method });
  google.sandbox.faults.clear();
  expect(status === 410).toBe(struck);
});

test('faults strike in the order in which they were added, as often as asked, at their place only', async () => {
  const { refresh_token: token } = await fitbit.signIn();
  const { faults } = fitbit.sandbox;
  faults.add({ at: 'token', kind: 'status', status: 503, times: 2 });
  faults.add({ at: 'token', kind: 'status', status: 409 });
  faults.add({ at: 'api', kind: 'reset' });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count++) statuses.push((await fitbit.refresh(token)).status);
  expect(statuses).toEqual([503, 503, 409, 409]);
  faults.clear('token');
  expect((await fitbit.refresh(token)).status).toBe(200);
  expect(faults.list()).toEqual([{ at: 'api', kind: 'reset' }]);
  faults.clear();
  expect(faults.list()).toEqual([]);
});

test('a fault that cannot strike at its place is refused with USAGE', () => {
  for (const fault of [
    { at: 'token', kind: 'drop-state' },
    { at: 'fitbit', kind: 'org-internal' },
    { at: 'identity', kind: 'dead-grant' },
  ] as const)
    expect(() => google.sandbox.faults.add(fault)).toThrow('cannot strike');
});

test("a lost response of Google's token endpoint leaves the refresh token valid", async () => {
  const { refresh_token } = await google.signIn();
  google.sandbox.faults.add({ at: 'google-token', kind: 'lost-answer', times: 1 });
  await expect(google.refresh(refresh_token)).rejects.toThrow('fetch failed');
  expect((await google.refresh(refresh_token)).status).toBe(200);
});

test('closing the sandbox waits for no response and leaves nothing running: the process ends by itself', async () => {
  const program = `
    import { startSandbox } from ${JSON.stringify(new URL('../../src/sandbox/sandbox.ts', import.meta.url).href)};
    const sandbox = await startSandbox();
    const kinds = ['delay', 'drip', 'hang', 'huge'];
    for (const kind of kinds) sandbox.faults.add({ at: 'token', kind, times: 1, ms: 3_600_000 });
    const asked = kinds.map(() => fetch(sandbox.origin + '/oauth2/token', { method: 'POST' }).then((response) => response.text()));
    while (sandbox.faults.list().length > 0) await new Promise(setImmediate);
    await sandbox.close();
    await Promise.allSettled(asked);
    console.log('closed');`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  // The limit only ends a process that would never end.
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toBe('closed\n');
});
