import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessToken, apiRequest, checkStatus, refresh } from '../../src/auth/index.ts';
import { AuthError, type ErrorCode, type ExitCode } from '../../src/errors.ts';
import type { FaultKind } from '../../src/sandbox/faults.ts';
import { GOOGLE, GOOGLE_LIFETIME } from './google.ts';
import { type SignedIn, signedIn } from './signed-in.ts';

type Row = readonly [fault: FaultKind, code: ErrorCode, exit: ExitCode, cure: RegExp];

const API_ROWS: readonly Row[] = [
  [
    'account-not-linked',
    'ACCOUNT_UNREADABLE',
    3,
    /choose another\. Otherwise open https:\/\/fitbit\.google\.com\/auth\/signup /,
  ],
  ['setup-unfinished', 'ACCOUNT_UNREADABLE', 3, /on the phone/],
  ['resource-permission-denied', 'ACCOUNT_UNREADABLE', 3, /myaccount\.google\.com\/connections.*sign in again/],
  ['legacy-login', 'ACCOUNT_UNREADABLE', 3, /Move it to Google/],
  ['service-disabled', 'CLIENT_REJECTED', 2, /health\.googleapis\.com\?project=100000000001,/],
  ['scope-insufficient', 'SCOPE_MISSING', 3, /\.readonly.*sign in again/],
  ['permission-denied', 'USAGE', 2, /documentation/],
  ['unknown-path', 'USAGE', 2, /path and its version/],
  ['rate-limited', 'RATE_LIMITED', 5, /300 requests a minute/],
  ['rate-limited-unspecified', 'RATE_LIMITED', 5, /300 requests a minute/],
  ['unavailable', 'UNAVAILABLE', 5, /later/],
];

const TOKEN_ROWS: readonly Row[] = [
  ['client-secret-missing', 'CLIENT_REJECTED', 2, /--client-secret-file/],
  ['client-secret-wrong', 'CLIENT_REJECTED', 2, /client secret/],
  ['client-unknown', 'CLIENT_REJECTED', 2, /client ID/],
  ['deleted-client', 'CLIENT_REJECTED', 2, /Restore it/],
  ['disabled-client', 'CLIENT_REJECTED', 2, /Enable it/],
  ['invalid-rapt', 'GRANT_DEAD', 3, /login/],
  ['admin-policy-enforced', 'ACCOUNT_NOT_ALLOWED', 2, /another account/],
  ['org-internal', 'ACCOUNT_NOT_ALLOWED', 2, /another account/],
  ['access-denied', 'ACCOUNT_NOT_ALLOWED', 2, /another account/],
  ['dead-grant', 'GRANT_DEAD', 3, /login/],
];

let at: SignedIn;
let before: string;

beforeAll(async () => {
  at = await signedIn(GOOGLE);
  before = await at.text();
});
afterAll(() => at[Symbol.asyncDispose]());
beforeEach(async () => {
  at.sandbox.faults.clear();
  await writeFile(at.file, before);
});

/** What it ended with; its message and hint together say the cure. */
async function failure(doing: Promise<unknown>): Promise<AuthError> {
  const thrown = await doing.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof AuthError) return thrown;
  throw new Error(`It did not fail as it should: ${thrown}`);
}

const isApi = ({ url }: SignedIn['sent'][number]) => url.pathname.startsWith('/v4/');

describe.each(API_ROWS)('Google Health’s API refuses a good token: %s', (fault, code, exit, cure) => {
  test('login stores the tokens all the same, and says the cure where there is one', async () => {
    await rm(at.file);
    at.sandbox.faults.add({ at: 'google-identity', kind: fault });
    const { session, obstacle } = await at.signIn(GOOGLE);
    expect(session.kind).toBe('valid');
    if (['ACCOUNT_UNREADABLE', 'CLIENT_REJECTED', 'SCOPE_MISSING'].includes(code)) expect(obstacle).toMatch(cure);
    else expect(obstacle).toContain('did not say whose account');
    expect(obstacle).toContain('sign-in itself is complete');
    expect((await at.stored()).access_token).toMatch(/^ya29/);
  });

  test(`status --check and api: ${code}, exit ${exit}, with the cure, and the tokens stay`, async () => {
    at.sandbox.faults.add({ at: 'google-identity', kind: fault });
    const checked = await failure(checkStatus({}, at.surroundings));
    const { error } = await apiRequest('/v4/users/me/identity', {}, at.surroundings);
    for (const refused of [checked, error]) {
      expect(refused).toMatchObject({ code, exitCode: exit });
      expect(`${refused?.message} ${refused?.hint}`).toMatch(cure);
    }
    expect(await at.text()).toBe(before);
  });

  test('token, exec and refresh never meet it: they send nothing to the API', async () => {
    at.sandbox.faults.add({ at: 'google-identity', kind: fault });
    at.sandbox.faults.add({ at: 'google-api', kind: fault });
    const sent = at.sent.length;
    await accessToken({}, at.surroundings);
    await refresh({}, at.surroundings);
    expect(at.sent.length).toBeGreaterThan(sent);
    expect(at.sent.slice(sent).filter(isApi)).toEqual([]);
  });
});

describe.each(TOKEN_ROWS)('Google’s token endpoint refuses: %s', (fault, code, exit, cure) => {
  test('login stores nothing', async () => {
    at.sandbox.faults.add({ at: 'google-token', kind: fault });
    const error = await failure(at.signIn(GOOGLE));
    // At an exchange, a grant that is dead is a code that was not accepted.
    if (fault !== 'dead-grant') expect(error).toMatchObject({ code, exitCode: exit });
    if (fault !== 'dead-grant') expect(`${error.message} ${error.hint}`).toMatch(cure);
    expect(await at.text()).toBe(before);
  });

  const expired = () => at.tamper({ expires_at: at.surroundings.now().toISOString() });
  const COMMANDS: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['refresh', () => refresh({}, at.surroundings)],
    ['token, exec', async () => expired().then(() => accessToken({}, at.surroundings))],
    ['status --check', async () => expired().then(() => checkStatus({}, at.surroundings))],
    ['api', async () => expired().then(() => apiRequest('/v4/users/me/identity', {}, at.surroundings))],
  ];
  test.each(COMMANDS)(`%s: ${code}, exit ${exit}, with the cure, and the tokens stay`, async (command, run) => {
    at.sandbox.faults.add({ at: 'google-token', kind: fault });
    // The stored access token is fresh: a refresh that fails does not take it away.
    if (command === 'refresh') await expired();
    const error = await failure(run());
    expect(error).toMatchObject({ code, exitCode: exit });
    expect(`${error.message} ${error.hint}`).toMatch(cure);
    const { access_token, refresh_token } = JSON.parse(before);
    expect(await at.stored()).toMatchObject({ access_token, refresh_token });
  });
});

test('a client without its secret, at a refresh: the message names --client-secret-file', async () => {
  await at.tamper({ client_secret: undefined });
  at.sandbox.faults.add({ at: 'google-token', kind: 'client-secret-unsent' });
  const { code, hint } = await failure(refresh({}, at.surroundings));
  expect(code).toBe('CLIENT_REJECTED');
  expect(hint).toContain('--client-secret-file');
});

describe('a sign-in that has ended', () => {
  test('says how old it was, when it last worked, which end was stored and what Google said', async () => {
    await at.tamper({
      signed_in_at: '2026-02-19T12:00:00.000Z',
      refresh_expires_at: '2026-02-26T12:00:00.000Z',
      obtained_at: '2026-02-25T12:00:00.000Z',
      expires_at: '2026-02-25T13:00:00.000Z',
    });
    at.sandbox.faults.add({ at: 'google-token', kind: 'dead-grant' });
    const { message } = await failure(accessToken({}, at.surroundings));
    expect(message).toContain('"Token has been expired or revoked."');
    expect(message).toMatch(/10 days old/);
    for (const day of ['19 Feb 2026', '25 Feb 2026', '26 Feb 2026']) expect(message).toContain(day);
    // The next command asks nobody, and says the same.
    expect((await failure(accessToken({}, at.surroundings))).message).toBe(message);
  });
});

test('an end that every refresh repeats as seven days from now does not slide', async () => {
  await using limited = await signedIn(GOOGLE);
  limited.sandbox.faults.add({ at: 'google-token', kind: 'time-limited' });
  await limited.signIn(GOOGLE);
  const { refresh_expires_at: end } = await limited.stored();
  for (let day = 0; day < 10; day += 1) {
    limited.pass(86_400);
    await refresh({}, limited.surroundings);
    expect(await limited.stored()).toMatchObject({ refresh_expires_at: end });
  }
  limited.pass(GOOGLE_LIFETIME);
});
