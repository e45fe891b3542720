import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accessToken, refresh, status } from '../../src/auth/index.ts';
import type { Fetch } from '../../src/environment.ts';
import type { FaultKind } from '../../src/sandbox/faults.ts';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

const token = async (at: SignedIn, minTtlSeconds?: number) =>
  (await accessToken(minTtlSeconds === undefined ? {} : { minTtlSeconds }, at.runtimeOptions)).token.reveal();

describe('token', () => {
  test('prints the stored token while it has more than 60 seconds left, without a request', async () => {
    await using at = await signedIn();
    const { access_token } = await at.stored();
    at.pass(LIFETIME - 61);
    expect(await at.run(['token'])).toEqual({ code: 0, stdout: `${access_token}\n`, stderr: '' });
    expect(at.sent).toEqual([]);

    at.pass(1);
    const { code, stdout } = await at.run(['token']);
    expect(code).toBe(0);
    expect(stdout).toBe(`${(await at.stored()).access_token}\n`);
    expect(stdout).not.toContain(access_token);
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });

  test.each([
    [0, 1],
    [3600, 3601],
    [28_000, 28_001],
  ])('--min-ttl %i: %i seconds left are enough, one fewer is not', async (minTtl, enough) => {
    await using at = await signedIn();
    const { access_token } = await at.stored();
    at.pass(LIFETIME - enough);
    expect((await at.run(['token', '--min-ttl', String(minTtl)])).stdout.trim()).toBe(access_token);
    at.pass(1);
    expect((await at.run(['token', '--min-ttl', String(minTtl)])).stdout.trim()).not.toBe(access_token);
  });

  test('--json has user ID, scopes and expiry; not signed in is exit 3, an impossible TTL exit 2', async () => {
    await using at = await signedIn({ scopes: ['sleep'] });
    const { access_token, expires_at } = await at.stored();
    const { stdout } = await at.run(['token', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      access_token,
      token_type: 'Bearer',
      expires_at,
      refresh_expires_at: null,
      user_id: 'WALK01',
      client_id: '23TSTS',
      scope: ['sleep'],
      refreshed: false,
    });
    for (const command of ['token', 'refresh', 'export', 'api /1/user/-/profile.json']) {
      const notSignedIn = await at.run([...command.split(' '), '--profile', 'nobody', '--json']);
      expect(notSignedIn.code).toBe(3);
      expect(JSON.parse(notSignedIn.stdout)).toMatchObject({ error: { code: 'NOT_SIGNED_IN', exit_code: 3 } });
    }
    expect(await at.run(['token', '--min-ttl', '28001'])).toMatchObject({ code: 2, stdout: '' });
    expect(await at.run(['token', '--min-ttl', '-1'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('many scripts at the moment of expiry: one refresh, and the same new token for all', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    const answers = await Promise.all(Array.from({ length: 20 }, () => accessToken({}, at.runtimeOptions)));
    const { access_token } = await at.stored();
    expect(new Set(answers.map((answer) => answer.token.reveal()))).toEqual(new Set([access_token]));
    expect(answers.every(({ refreshed }) => refreshed)).toBe(true);
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: 1, repeats: 0, invalidGrants: 0 });
    expect(at.sent).toHaveLength(1);
  });

  test('a clock set back by a day still gets a valid token, without an invented lifetime', async () => {
    await using at = await signedIn();
    at.pass(-86_400);
    await token(at);
    expect(at.sandbox.isLive((await at.stored()).refresh_token)).toBe(true);
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });
});

describe('refresh', () => {
  test('refreshes even a fresh token, each time with the newest refresh token', async () => {
    await using at = await signedIn();
    for (let round = 1; round <= 3; round += 1) {
      const before = await at.stored();
      expect((await at.run(['refresh'])).code).toBe(0);
      const after = await at.stored();
      expect(at.sent.at(-1)?.form.get('refresh_token')).toBe(before.refresh_token);
      expect(after.refresh_token).not.toBe(before.refresh_token);
      expect(after.refresh_started_at).toBeUndefined();
      expect(at.sandbox.isLive(after.refresh_token)).toBe(true);
      expect(at.sandbox.state().counts).toMatchObject({ refreshes: round, invalidGrants: 0 });
    }
  });

  test('two at once share one refresh', async () => {
    await using at = await signedIn();
    const [one, other] = await Promise.all([refresh({}, at.runtimeOptions), refresh({}, at.runtimeOptions)]);
    expect(one.token.equals(other.token)).toBe(true);
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });

  test('§15: a rotated refresh token replaces the old one; a response without one keeps it', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    at.sandbox.faults.add({ at: 'token', kind: 'missing-refresh-token', times: 1 });
    await refresh({}, at.runtimeOptions);
    expect((await at.stored()).refresh_token).toBe(refresh_token);
    await refresh({}, at.runtimeOptions);
    expect((await at.stored()).refresh_token).not.toBe(refresh_token);
  });

  test('§14: token_type is compared without case', async () => {
    await using at = await signedIn();
    at.sandbox.faults.add({ at: 'token', kind: 'token-type-lower', times: 1 });
    await refresh({}, at.runtimeOptions);
    expect(await at.stored()).toMatchObject({ token_type: 'Bearer' });
  });

  test('§14: a missing scope means as before, and a missing expires_in no known end', async () => {
    await using at = await signedIn({ scopes: ['sleep', 'activity'] });
    for (const kind of ['missing-scope', 'missing-expires'] satisfies FaultKind[]) {
      at.sandbox.faults.add({ at: 'token', kind, times: 1 });
      await refresh({}, at.runtimeOptions);
      expect((await at.stored()).scope.split(' ').toSorted()).toEqual(['activity', 'sleep']);
    }
    expect((await at.stored()).expires_at).toBeUndefined();
    expect(await status({}, at.runtimeOptions)).toMatchObject({ session: { kind: 'valid' } });
    at.pass(LIFETIME * 3);
    expect(await token(at)).toBe((await at.stored()).access_token);
  });

  test('§14: changed scopes are stored, and requested ones that were not granted are reported', async () => {
    const fewer =
      (send: Fetch): Fetch =>
      async (url, init) =>
        Response.json({ ...Object(await (await send(url, init)).json()), scope: 'sleep' });
    await using at = await signedIn({ scopes: ['sleep', 'activity'], through: fewer });
    expect((await refresh({}, at.runtimeOptions)).scopes).toEqual(['sleep']);
    expect(await status({}, at.runtimeOptions)).toMatchObject({ scopes: ['sleep'], missingScopes: ['activity'] });
  });

  test('§16: a refresh leaves the file 0600 in a 0700 directory, and no other file', async () => {
    await using at = await signedIn();
    await refresh({}, at.runtimeOptions);
    expect((await stat(at.file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(at.file))).mode & 0o777).toBe(0o700);
    expect(await readdir(dirname(at.file))).toEqual(['default.json']);
  });

  test('unknown fields of the file are preserved', async () => {
    await using at = await signedIn();
    await at.tamper({ note: 'of a person' });
    await refresh({}, at.runtimeOptions);
    expect(await at.stored()).toMatchObject({ note: 'of a person' });
  });
});

test('a refreshed token’s age counts from before the request, so a slow response does not extend it', async () => {
  let slow = () => {};
  const through =
    (send: Fetch): Fetch =>
    async (url, init) => {
      const response = await send(url, init);
      slow();
      return response;
    };
  await using at = await signedIn({ through });
  at.pass(LIFETIME);
  const begun = at.runtimeOptions.now();
  slow = () => at.pass(9);
  const { expiresAt } = await accessToken({}, at.runtimeOptions);
  expect(expiresAt).toEqual(new Date(begun.getTime() + LIFETIME * 1000));
});
