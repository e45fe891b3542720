import { describe, expect, test } from 'vitest';
import { access } from '../../src/auth/access-token.ts';
import { checkStatus, refresh, status } from '../../src/auth/index.ts';
import type { LockedProfile, LockOptions, ProfileStore } from '../../src/store/store.ts';
import { GOOGLE } from './google.ts';
import { failure, LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

/** Lets the provider call the grant dead, as often as it is asked, by a refresh while the stored access token still works. */
async function grantEnds(at: SignedIn, times?: number): Promise<void> {
  at.sandbox.faults.add({ at: 'token', kind: 'status', status: 400, errorType: 'invalid_grant', times });
  expect(await failure(refresh({}, at.runtimeOptions))).toMatchObject({ code: 'GRANT_DEAD', exitCode: 3 });
}

describe('a grant that the provider called dead', () => {
  test('is stored as dead with the evidence, and shown by status, which exits 3', async () => {
    await using at = await signedIn();
    const before = await at.stored();
    await grantEnds(at);
    const now = at.runtimeOptions.now();
    expect(await at.stored()).toEqual({
      ...before,
      grant_ended_at: now.toISOString(),
      grant_ended_reason: expect.stringContaining('refresh token'),
    });
    expect(await at.text()).not.toMatch(/refresh_started_at/);
    expect((await status({}, at.runtimeOptions)).session).toMatchObject({ kind: 'dead', since: now });
    const { code, stdout } = await at.run(['status', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ session: 'dead', grant_ended_at: now.toISOString() });
    expect((await at.run(['status', '--all'])).stdout).toMatch(/signed out +now: fitbit-login login/);
  });

  test('leaves its access token to `token` until that expires, which then exits 3: neither asks the provider', async () => {
    await using at = await signedIn();
    const { access_token } = await at.stored();
    await grantEnds(at);
    const asked = at.sent.length;
    at.pass(LIFETIME - 1);
    expect(await at.run(['token'])).toMatchObject({ code: 0, stdout: `${access_token}\n` });
    expect((await at.run(['token', '--min-ttl', '600'])).code).toBe(3);
    at.pass(1);
    const ended = await at.run(['token']);
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toContain('fitbit-login login');
    expect(at.sent).toHaveLength(asked);
  });

  test.each([
    ['refresh', (at: SignedIn) => refresh({}, at.runtimeOptions)],
    ['status --check', (at: SignedIn) => checkStatus({}, at.runtimeOptions)],
  ])('is asked about again by %s, whose success clears the mark', async (_name, ask) => {
    await using at = await signedIn();
    await grantEnds(at, 2);
    expect(await failure(ask(at))).toMatchObject({ code: 'GRANT_DEAD' });
    await ask(at);
    const stored = await at.stored();
    expect(stored).not.toHaveProperty('grant_ended_at');
    expect(stored).not.toHaveProperty('grant_ended_reason');
    expect((await at.run(['status'])).code).toBe(0);
  });

  test('whose refresh token worked once: another machine that used it is named as a cause, now and later', async () => {
    await using at = await signedIn();
    const here = await at.text();
    await refresh({}, at.runtimeOptions);
    // As a second machine has it, with a copy from before.
    await at.tamper(JSON.parse(here));
    at.pass(LIFETIME + 121);
    for (let time = 0; time < 2; time += 1) {
      const { code, stderr } = await at.run(['token']);
      expect(code).toBe(3);
      expect(stderr).toMatch(/works once.*another machine or program[\s\S]*fitbit-login login/);
    }
  });

  test('of Google, whose refresh tokens work again and again, has no such cause', async () => {
    await using at = await signedIn(GOOGLE);
    at.sandbox.faults.add({ at: 'google-token', kind: 'dead-grant' });
    expect(await failure(refresh({}, at.runtimeOptions))).toMatchObject({
      code: 'GRANT_DEAD',
      message: expect.not.stringContaining('another machine'),
    });
  });

  test('is forgotten with a new sign-in', async () => {
    await using at = await signedIn();
    await grantEnds(at, 1);
    await at.signIn();
    expect(await at.stored()).not.toHaveProperty('grant_ended_at');
  });

  test('is reported even if the mark cannot be written', async () => {
    await using at = await signedIn();
    const before = await at.text();
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 400, errorType: 'invalid_grant' });
    const runtime = at.runtime();
    const { store } = runtime;
    const lock = async (name: string, options: LockOptions): Promise<LockedProfile | undefined> => {
      const locked = await store.lock(name, options);
      return (
        locked && {
          ...locked,
          checkpoint: async (profile) => {
            if (profile.grantEndedAt !== undefined) throw new Error('ENOSPC');
            if (profile.refreshStartedAt === undefined) await locked.checkpoint(profile);
          },
        }
      );
    };
    at.pass(LIFETIME);
    const asked = access({ ...runtime, store: { ...store, lock } as ProfileStore }, { name: 'default' });
    expect(await failure(asked)).toMatchObject({ code: 'GRANT_DEAD', exitCode: 3 });
    expect(await at.text()).toBe(before);
  });

  test('is valid again if an older version, which preserves the mark, has stored tokens since', async () => {
    await using at = await signedIn();
    await grantEnds(at, 1);
    at.pass(60);
    await at.tamper({ obtained_at: at.runtimeOptions.now().toISOString() });
    expect((await status({}, at.runtimeOptions)).session.kind).toBe('valid');
  });
});
