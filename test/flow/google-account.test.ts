import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refreshLocked } from '../../src/auth/refresh.ts';
import type { FaultKind } from '../../src/sandbox/faults.ts';
import { DESKTOP, GOOGLE } from './google.ts';
import { type SignInFixture, signInFixture } from './sign-in.ts';
import { failure, run, signedIn } from './signed-in.ts';

const ASKING = { ...GOOGLE, email: true };
const WALKER = 'walker@example.com';

let at: SignInFixture;
beforeAll(async () => {
  at = await signInFixture();
});
afterAll(() => at[Symbol.asyncDispose]());
beforeEach(() => at.sandbox.faults.clear());

describe('a sign-in to Google', () => {
  test('asks for openid and email along with any scopes, with a nonce; Fitbit is not asked', async () => {
    const { url, result, consent } = await at.begin({ ...GOOGLE, scopes: 'sleep.readonly' });
    const scopes = url.searchParams.get('scope')?.split(' ');
    expect(scopes?.map((scope) => scope.split('.').at(-2) ?? scope)).toEqual(
      ['googlehealth', 'openid', 'email'].map((scope) => (scope === 'googlehealth' ? 'sleep' : scope)),
    );
    expect(url.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/);
    await consent();
    expect((await result).missingScopes).toEqual([]);
    expect(JSON.parse(await at.stored()).requested_scope).not.toMatch(/openid|email/);
    const fitbit = await at.begin({ profile: 'fitbit' });
    expect(fitbit.url.search).not.toMatch(/openid|nonce/);
    await fitbit.consent();
  });

  test('shows the address on the page, in login, status, status --all and profiles, and the number as a detail', async () => {
    await using signed = await signedIn(GOOGLE);
    const page = await at.begin(GOOGLE).then(async (waiting) => (await waiting.consent()).text());
    expect(page.replaceAll('<wbr>', '')).toContain(WALKER);
    const { user_id: number } = await signed.stored();
    const { stdout: status } = await signed.run(['status']);
    expect(status).toMatch(/^. Signed in to .* as walker@example\.com\n/);
    expect(status).toMatch(new RegExp(`User ID +${number}\n`));
    expect(status).not.toMatch(/openid|userinfo/);
    for (const argv of [['status', '--all'], ['profiles']]) {
      const { stdout } = await signed.run(argv);
      expect(stdout).toContain(WALKER);
      expect(stdout).not.toContain(number);
    }
    for (const argv of [
      ['status', '--json'],
      ['status', '--all', '--json'],
      ['profiles', '--json'],
    ])
      expect([JSON.parse((await signed.run(argv)).stdout)].flat()).toMatchObject([
        { email: WALKER, missing_scope: [] },
      ]);
    const { stdout: checked } = await signed.run(['status', '--check']);
    expect(checked).not.toMatch(/openid|userinfo/);
  });

  test('with email unticked shows the user ID, and reports nothing missing', async () => {
    const waiting = await at.begin(GOOGLE);
    await waiting.consent({ untick: ['https://www.googleapis.com/auth/userinfo.email'] });
    const { email, userId, missingScopes } = await waiting.result;
    expect({ email, missingScopes }).toEqual({ email: undefined, missingScopes: [] });
    expect(userId).toMatch(/^\d{19}$/);
  });

  test('with --no-email leaves it out next time as well', async () => {
    for (const options of [{ email: false }, {}, { email: true }]) {
      const { url, consent, result } = await at.begin({ ...GOOGLE, ...options });
      await consent();
      const asked = options.email === true;
      expect(url.searchParams.get('scope')?.includes('openid')).toBe(asked);
      expect((await result).email).toBe(asked ? WALKER : undefined);
    }
  });

  test('whose scopes Google rejects names --no-email; one without the address does not', async () => {
    at.sandbox.faults.add({ at: 'google-decision', kind: 'callback-error' });
    const hints = [undefined, false].map(async (email) => {
      const waiting = await at.begin({ ...GOOGLE, email, profile: `p${email}` });
      await waiting.consent();
      return failure(waiting.result);
    });
    const [asked, unasked] = await Promise.all(hints);
    expect(asked).toMatchObject({ code: 'SCOPE_REJECTED', hint: expect.stringContaining('login --no-email') });
    expect(unasked).toMatchObject({ code: 'SCOPE_REJECTED', hint: expect.not.stringContaining('--no-email') });
  });

  test('for a different account says whose the profile was: on the page, in the terminal and in JSON', async () => {
    await at.signIn(GOOGLE);
    const waiting = await at.begin({ ...GOOGLE, loginHint: 'sleeper@example.com' });
    const page = await (await waiting.consent()).text();
    expect(page.replaceAll('<wbr>', '')).toMatch(/previously belonged to walker@example\.com/);
    expect(await waiting.result).toMatchObject({ email: 'sleeper@example.com', replacedEmail: WALKER });

    await using signed = await signedIn(GOOGLE);
    const { user_id: number } = await signed.stored();
    const login = (...more: readonly string[]) =>
      signed.run(['login', '--sandbox', signed.sandbox.origin, '--profile', 'default', '--no-browser', ...more], {
        allow: true,
        columns: 80,
      });
    const { code, stdout } = await login('--login-hint', 'sleeper@example.com');
    expect(code).toBe(0);
    expect(stdout).toMatch(/as sleeper@example\.com[\s\S]*previously belonged to walker@example\.com/);
    expect(JSON.parse((await login('--login-hint', WALKER, '--json')).stdout)).toMatchObject({
      email: WALKER,
      replaced_email: 'sleeper@example.com',
      replaced_user_id: expect.stringMatching(/^\d+$/),
    });
    const again = JSON.parse((await login('--json')).stdout);
    expect(again).toMatchObject({ email: WALKER, user_id: number, replaced_email: null, replaced_user_id: null });
  });

  test('whose page shows an error ends with the time limit, which names --no-email if the address was asked for', async () => {
    const hints = [{ ...GOOGLE }, { ...GOOGLE, email: false }, {}].map(async (options, index) => {
      const waiting = await at.begin({ ...options, profile: `late${index}`, timeoutMs: 1 });
      return failure(waiting.result);
    });
    const [asked, ...others] = await Promise.all(hints);
    expect(asked).toMatchObject({
      code: 'TIMED_OUT',
      hint: expect.stringMatching(/invalid_scope.*--no-email/),
    });
    for (const other of others)
      expect(other).toMatchObject({ code: 'TIMED_OUT', hint: expect.not.stringContaining('--no-email') });
  });

  test.each([
    ['at Google', ['--client-id', DESKTOP.id], true],
    ['at Fitbit', ['--client-id', '23ABCD'], false],
    ['in the sandbox', ['--sandbox'], false],
  ])(
    'in the terminal, %s: Google’s warning about an unverified app is announced, if it comes, before the browser leaves',
    async (_where, options, announced) => {
      const stop = new AbortController();
      const environment = { FITBIT_LOGIN_HOME: at.home, FITBIT_CLIENT_SECRET: DESKTOP.secret };
      const { code, stderr } = await run(
        ['login', '--profile', 'real', '--no-browser', ...options],
        { environment },
        {
          signal: stop.signal,
          onTalk: (talk) => void (talk.includes('Waiting for') && stop.abort()),
        },
      );
      expect(code).toBe(4);
      expect(/unverified[\s\S]*Advanced[\s\S]*Waiting for/.test(stderr)).toBe(announced);
    },
  );

  test('for the same account with less information is not reported as another account', async () => {
    await at.signIn({ ...GOOGLE, loginHint: 'walker@example.com' });
    at.sandbox.faults.add({ at: 'google-identity', kind: 'unavailable' });
    const { userId, replacedUserId } = await at.signIn({ ...GOOGLE, email: false });
    expect({ userId, replacedUserId }).toEqual({ userId: undefined, replacedUserId: undefined });
  });
});

describe('the ID token', () => {
  const INVALID: readonly FaultKind[] = [
    'id-token-audience',
    'id-token-issuer',
    'id-token-nonce',
    'id-token-expired',
    'id-token-unsigned',
  ];
  test.each(INVALID)('of the exchange: %s fails the sign-in, and what was stored stays', async (kind) => {
    await at.signIn(ASKING);
    const before = await at.stored();
    at.sandbox.faults.add({ at: 'google-token', kind });
    expect(await failure(at.signIn(ASKING))).toMatchObject({ code: 'ANSWER_INVALID' });
    expect(await at.stored()).toBe(before);
  });

  test('may be absent, and no keys are fetched', async () => {
    const urls: string[] = [];
    const recording = {
      fetch: (url: string, init?: RequestInit) => {
        urls.push(new URL(url).pathname);
        return fetch(url, init);
      },
    };
    const environment = { FITBIT_LOGIN_HOME: at.home };
    expect(await at.signIn(ASKING, { ...recording, environment })).toMatchObject({ email: WALKER });
    at.sandbox.faults.add({ at: 'google-token', kind: 'missing-id-token' });
    expect((await at.signIn(ASKING, { ...recording, environment })).email).toBeUndefined();
    expect(new Set(urls)).toEqual(new Set(['/token', '/v4/users/me/identity']));
  });

  test('of a refresh that names another person: refused, and tokens and mark stay', async () => {
    await using signed = await signedIn(GOOGLE);
    const { access_token, refresh_token } = await signed.stored();
    signed.sandbox.faults.add({ at: 'google-token', kind: 'id-token-subject' });
    const runtime = signed.runtime();
    const refreshed = async () => {
      await using locked = await runtime.store.lock('default');
      return await refreshLocked(runtime, locked, { name: 'default', minTtlSeconds: 4_000 });
    };
    expect(await failure(refreshed())).toMatchObject({
      code: 'ANSWER_INVALID',
      message: expect.stringContaining('another account'),
    });
    expect(await signed.stored()).toMatchObject({
      ...{ access_token, refresh_token, email: WALKER },
      refresh_started_at: expect.any(String),
    });
    signed.sandbox.faults.clear();
    await refreshed();
    expect(await signed.stored()).not.toHaveProperty('refresh_started_at');
  });
});
