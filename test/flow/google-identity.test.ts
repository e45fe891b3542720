import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { LoginOptions } from '../../src/auth/index.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { GOOGLE, PREFIX } from './google.ts';
import { signInFixture } from './sign-in.ts';
import { signedIn } from './signed-in.ts';

const STARTER = { ...GOOGLE, loginHint: 'starter@example.com' } as const satisfies LoginOptions;
const STUCK = { ...GOOGLE, loginHint: 'stepper@example.com' } as const satisfies LoginOptions;

describe('the account', () => {
  test('is requested and stored: the old Fitbit ID and the new one, in file, text, JSON and page', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin(GOOGLE);
    const page = await (await waiting.consent()).text();
    const { userId = '?' } = await waiting.result;
    expect(userId).toMatch(/^\d{19}$/);
    expect(JSON.parse(await at.stored())).toMatchObject({ user_id: userId, legacy_user_id: 'WALK01' });
    for (const id of [userId, 'WALK01']) expect(page).toContain(id);
  });

  test('is shown by status, and kept by a refresh', async () => {
    await using at = await signedIn(GOOGLE);
    await at.run(['refresh']);
    const { stdout } = await at.run(['status']);
    expect(stdout).toMatch(/User ID +\d{19}\n/);
    expect(stdout).toMatch(/Fitbit account +WALK01\n/);
    expect(JSON.parse((await at.run(['status', '--json'])).stdout)).toMatchObject({
      user_id: expect.stringMatching(/^\d{19}$/),
      legacy_user_id: 'WALK01',
    });
  });

  test.each([
    ['an account without a Health profile', STARTER, 'https://fitbit.google.com/auth/signup'],
    ['an account whose consent is in a bad state', STUCK, 'https://myaccount.google.com/connections'],
  ])('%s is signed in, but …: exit 0, a warning and the address that helps', async (_name, options, words) => {
    await using at = await signInFixture();
    const waiting = await at.begin(options);
    const page = await (await waiting.consent()).text();
    const done = await waiting.result;
    expect(done).toMatchObject({
      session: { kind: 'valid' },
      refreshable: true,
      obstacle: expect.stringContaining(words),
    });
    expect(done.userId).toBeUndefined();
    expect(page).toMatch(/signed in/i);
    expect(page).toContain(words);
    expect(at.sandbox.isLive(JSON.parse(await at.stored()).refresh_token)).toBe(true);
  });

  const QUIET: readonly (readonly [string, Omit<Fault, 'at'>])[] = [
    ['503', { kind: 'status', status: 503 }],
    ['429', { kind: 'status', status: 429 }],
    ['410', { kind: 'status', status: 410 }],
    ['a cut connection', { kind: 'reset' }],
    ['a page of some hotel', { kind: 'html' }],
    ['wrong types', { kind: 'wrong-types' }],
  ];
  test.each(QUIET)('%s from the identity endpoint: signed in without an account name', async (_name, fault) => {
    await using at = await signInFixture();
    at.sandbox.faults.add({ at: 'identity', ...fault });
    const done = await at.signIn(GOOGLE);
    expect(done).toMatchObject({ refreshable: true, obstacle: expect.stringMatching(/did not say whose account/) });
    expect(JSON.parse(await at.stored())).not.toHaveProperty('user_id');
  });

  test('write-only scopes cannot read the account, which is not reported as a legacy account', async () => {
    await using at = await signInFixture();
    const { obstacle } = await at.signIn({ ...GOOGLE, scopes: ['nutrition.writeonly'] });
    expect(obstacle).toContain('.readonly');
    expect(obstacle).not.toContain('old Fitbit way');
  });

  test('the tokens are on disk before the account is requested', async () => {
    await using at = await signInFixture();
    const onDisk: unknown[] = [];
    const waiting = await at.begin(GOOGLE, {
      fetch: async (url, init) => {
        if (url.endsWith('/identity')) onDisk.push(JSON.parse(await readFile(at.file, 'utf8')));
        return fetch(url, init);
      },
    });
    await waiting.consent();
    await waiting.result;
    const { access_token, refresh_token } = JSON.parse(await at.stored());
    expect(onDisk).toEqual([expect.objectContaining({ access_token, refresh_token })]);
    expect(onDisk[0]).not.toHaveProperty('user_id');
  });
});

describe('api with Google Health', () => {
  test('sends the token to paths of health.googleapis.com and prints the response', async () => {
    await using at = await signedIn(GOOGLE);
    const { code, stdout } = await at.run(['api', '/v4/users/me/identity']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ legacyUserId: 'WALK01' });
    expect(at.sent.at(-1)?.headers.get('authorization')).toMatch(/^Bearer ya29\./);
    expect(await at.run(['api', 'https://health.googleapis.com.evil.example/'])).toMatchObject({ code: 2 });
  });

  test('a token that has ended is refreshed, and the request sent once more', async () => {
    await using at = await signedIn(GOOGLE);
    at.sandbox.clock.step(3_600_000);
    expect(await at.run(['api', '/v4/users/me/identity'])).toMatchObject({ code: 0 });
  });

  test('a missing scope is exit 3, and the hint says which kind to allow', async () => {
    await using at = await signedIn({ ...GOOGLE, scopes: ['profile.readonly'] });
    const { code, stderr } = await at.run(['api', '/v4/users/me/dataTypes/sleep/dataPoints', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'SCOPE_MISSING' } });
  });

  test('an account without a Health profile: Google’s words, and the address that helps', async () => {
    await using at = await signedIn(STARTER);
    const { code, stderr } = await at.run(['api', '/v4/users/me/dataTypes/steps/dataPoints']);
    expect(code).toBe(3);
    expect(stderr).toContain('is not linked');
    expect(stderr).toContain('open https://fitbit.google.com/auth/signup');
    expect(stderr).not.toContain(PREFIX);
  });
});
