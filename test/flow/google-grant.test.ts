import { describe, expect, test } from 'vitest';
import { checkStatus } from '../../src/auth/index.ts';
import type { Fetch } from '../../src/environment.ts';
import { DESKTOP, GOOGLE, GOOGLE_LIFETIME, PREFIX } from './google.ts';
import { failure, type SignedIn, type SignedInOptions, signedIn } from './signed-in.ts';

const DAY = 86_400;

/** Signed in with an app that is in Testing: for seven days. */
async function inTesting(options: SignedInOptions = {}): Promise<SignedIn> {
  const at = await signedIn({ ...GOOGLE, ...options });
  at.sandbox.register({ id: DESKTOP.id, publishing: 'testing' });
  await at.signIn(GOOGLE);
  return at;
}

/** Takes fields out of every token answer. */
const without =
  (...names: readonly string[]) =>
  (send: Fetch): Fetch =>
  async (url, init) => {
    const response = await send(url, init);
    if (!url.endsWith('/token')) return response;
    const fields = Object.entries(Object(await response.json())).filter(([name]) => !names.includes(name));
    return Response.json(Object.fromEntries(fields), { status: response.status });
  };

describe('a refresh with Google', () => {
  test('§15 keeps the refresh token, which the response omits, and the sign-in’s expiry', async () => {
    await using at = await inTesting({ through: without('refresh_token_expires_in') });
    const before = await at.stored();
    expect(before.refresh_expires_at).toBe('2026-03-08T11:59:59.000Z');
    for (let times = 0; times < 3; times += 1) {
      at.pass(GOOGLE_LIFETIME);
      expect(await at.run(['token'])).toMatchObject({ code: 0, stderr: '' });
    }
    const { refresh_token, refresh_expires_at } = before;
    expect(await at.stored()).toMatchObject({ refresh_token, refresh_expires_at, legacy_user_id: 'WALK01' });
  });

  test('stores the expiry that a response repeats', async () => {
    await using at = await inTesting();
    const { refresh_expires_at } = await at.stored();
    at.pass(2 * DAY);
    await at.run(['refresh']);
    expect(await at.stored()).toMatchObject({ refresh_expires_at });
  });

  test('a new refresh token does not inherit the old one’s expiry', async () => {
    await using at = await signedIn();
    await at.tamper({ refresh_expires_at: '2026-03-08T12:00:00.000Z' });
    await at.run(['refresh']);
    expect(await at.stored()).not.toHaveProperty('refresh_expires_at');
  });

  test('that is interrupted uses up nothing, and is not blamed if the grant is dead later', async () => {
    await using at = await signedIn(GOOGLE);
    await at.tamper({ refresh_started_at: '2026-03-01T12:00:00.000Z', refresh_token: '1//not-one-of-google' });
    at.pass(GOOGLE_LIFETIME);
    const { code, stderr } = await at.run(['token']);
    expect(code).toBe(3);
    expect(stderr).not.toContain('interrupted');
  });
});

describe('the expiry of a sign-in', () => {
  test('is shown by status always, and by token on stderr from two days before, with the fix', async () => {
    await using at = await inTesting();
    expect((await at.run(['status'])).stdout).toMatch(/Expires +8 Mar/);
    at.pass(5 * DAY - 2);
    expect((await at.run(['token'])).stderr).toBe('');
    at.pass(2);
    const { stdout, stderr } = await at.run(['token']);
    expect(stdout).toBe(`${(await at.stored()).access_token}\n`);
    expect(stderr).toMatch(/^! This sign-in expires 8 Mar.*in Testing.*publish the app first.*fitbit-login login\.\n$/);
    expect((await at.run(['status'])).stdout).toContain('publish the app first');
    const { refresh_expires_at } = JSON.parse((await at.run(['token', '--json'])).stdout);
    expect(refresh_expires_at).toBe('2026-03-08T11:59:59.000Z');
  });

  test('has passed: exit 3, what is stored stays, and the fix is shown', async () => {
    await using at = await inTesting();
    const before = await at.text();
    at.pass(7 * DAY);
    const { code, stdout, stderr } = await at.run(['token']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('Token has been expired or revoked.');
    // Nothing but the mark is new.
    const { grant_ended_at: _, grant_ended_reason: __, ...stored } = JSON.parse(await at.text());
    expect(stored).toEqual(JSON.parse(before));
    expect((await at.run(['status'])).stdout).toMatch(/This sign-in expired .*in Testing/);
  });

  test('is not shown if the provider named none', async () => {
    await using at = await signedIn(GOOGLE);
    expect(await at.stored()).not.toHaveProperty('refresh_expires_at');
    expect((await at.run(['status'])).stdout).not.toContain('Expires');
    expect(JSON.parse((await at.run(['status', '--json'])).stdout).refresh_expires_at).toBeNull();
    // Nor does the one of an earlier sign-in, in Testing, live on once the app is published.
    at.sandbox.register({ id: DESKTOP.id, publishing: 'testing' });
    await at.signIn(GOOGLE);
    at.sandbox.register({ id: DESKTOP.id, publishing: 'production' });
    await at.signIn(GOOGLE);
    expect(await at.stored()).not.toHaveProperty('refresh_expires_at');
  });
});

describe('token information', () => {
  test('§17 is requested by POST, with the token in no URL', async () => {
    await using at = await signedIn({ ...GOOGLE, scopes: ['sleep.readonly'] });
    expect(await checkStatus({}, at.runtimeOptions)).toMatchObject({
      asked: true,
      providerScopes: [`${PREFIX}sleep.readonly`],
      providerExpiresAt: new Date('2026-03-01T12:59:59Z'),
    });
    const asked = at.sent.filter(({ url }) => url.pathname === '/tokeninfo');
    expect(asked.map(({ method, url }) => method + url.search)).toEqual(['POST']);
    expect((await at.run(['status', '--check'])).stdout).toMatch(/Granted +Sleep/);
  });

  test('a token that it calls invalid is refreshed, and a revoked grant is exit 3', async () => {
    await using at = await signedIn(GOOGLE);
    at.sandbox.clock.step(GOOGLE_LIFETIME * 1000);
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 0 });
    expect(at.sandbox.state().services.google.refreshes).toBe(1);
    const { refresh_token } = await at.stored();
    await fetch(`${at.sandbox.origin}/revoke`, { method: 'POST', body: new URLSearchParams({ token: refresh_token }) });
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 3, stdout: '' });
    expect(await at.stored()).toMatchObject({ refresh_token });
  });

  test.each([
    ['a question that it does not understand', { kind: 'status', status: 400, errorType: 'invalid_request' }],
    ['503', { kind: 'status', status: 503 }],
    ['429', { kind: 'status', status: 429 }],
    ['a page of some hotel', { kind: 'html' }],
  ] as const)('%s is neither valid nor invalid: exit 5, and nothing is refreshed', async (_name, fault) => {
    await using at = await signedIn(GOOGLE);
    const before = await at.text();
    at.sandbox.faults.add({ at: 'introspect', ...fault });
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 5, stdout: '' });
    expect(await at.text()).toBe(before);
  });

  test('a token of another app is not valid', async () => {
    const strange =
      (send: Fetch): Fetch =>
      async (url, init) =>
        url.endsWith('/tokeninfo') ? Response.json({ aud: 'another-app', scope: '' }) : send(url, init);
    await using at = await signedIn({ ...GOOGLE, through: strange });
    expect(await failure(checkStatus({}, at.runtimeOptions))).toMatchObject({ code: 'GRANT_DEAD' });
  });
});

describe('logout with Google', () => {
  test('ends the whole project: without a terminal nothing is done, and --yes and --local are named', async () => {
    await using at = await signedIn(GOOGLE);
    const before = await at.text();
    const { code, stderr } = await at.run(['logout']);
    expect(code).toBe(2);
    for (const words of ['project', '--yes', '--local']) expect(stderr).toContain(words);
    expect(await at.text()).toBe(before);
    expect(at.sent.filter(({ url }) => url.pathname === '/revoke')).toEqual([]);
    expect(await at.run(['logout', '--local'])).toMatchObject({ code: 0 });
    expect(at.sent.filter(({ url }) => url.pathname === '/revoke')).toEqual([]);
  });

  test('§18 revokes by POST; a token that is dead already counts as revoked', async () => {
    await using at = await signedIn(GOOGLE);
    const { refresh_token } = await at.stored();
    await fetch(`${at.sandbox.origin}/revoke`, { method: 'POST', body: new URLSearchParams({ token: refresh_token }) });
    expect(await at.run(['logout', '--yes', '--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"revoked": true'),
    });
    const [revoked] = at.sent.filter(({ url }) => url.pathname === '/revoke');
    expect(revoked).toMatchObject({ method: 'POST' });
    expect(revoked?.url.search).toBe('');
    expect(revoked?.form.get('token')).toBe(refresh_token);
  });
});

test.each([['token'], ['refresh'], ['status', '--check'], ['api', '/1/user/-/profile.json'], ['logout']])(
  'a 410 from Fitbit points to migrate: %s %s',
  async (...argv) => {
    await using at = await signedIn();
    at.pass(8 * 3_600);
    at.sandbox.faults.add({ at: 'fitbit', kind: 'status', status: 410 });
    const { code, stderr } = await at.run(argv.filter(Boolean));
    expect(code).toBe(2);
    expect(stderr).toContain('fitbit-login migrate');
  },
);
