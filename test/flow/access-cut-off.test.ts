import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type AccessRequest, access } from '../../src/auth/access-token.ts';
import { accessToken } from '../../src/auth/index.ts';
import type { Runtime } from '../../src/auth/runtime.ts';
import { Secret } from '../../src/secret.ts';
import { failure, LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

/** What `refresh` asks for: any token but the stored one. */
async function another(at: SignedIn): Promise<AccessRequest> {
  return { name: 'default', rejectedToken: new Secret((await at.stored()).access_token) };
}

/** Refreshes with the answer lost at every try, as when this machine loses its network in the middle. */
async function cutOff(at: SignedIn): Promise<void> {
  at.sandbox.faults.add({ at: 'token', kind: 'lost-answer' });
  await failure(access(at.runtime(), await another(at)));
  at.sandbox.faults.clear();
}

/** A token pair from another process's refresh while ours was in flight. */
async function refreshedElsewhere(at: SignedIn) {
  const { refresh_token } = await at.stored();
  const app = at.sandbox.clients.find(({ type }) => type === 'server');
  const answer = await fetch(`${at.sandbox.origin}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${app?.id}:${app?.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token }),
  });
  const given: { readonly access_token: string; readonly refresh_token: string } = Object(await answer.json());
  return { access_token: given.access_token, refresh_token: given.refresh_token };
}

/** A runtime with which the profile's file is changed past the lock once a refresh is on its way. */
function changedMeanwhile(at: SignedIn, changes: Readonly<Record<string, unknown>>): Runtime {
  const runtime = at.runtime();
  let isFirst = true;
  return {
    ...runtime,
    fetch: async (url, init) => {
      if (isFirst) await at.tamper({ ...changes, refresh_started_at: undefined });
      isFirst = false;
      return runtime.fetch(url, init);
    },
  };
}

describe('a refresh that was interrupted', () => {
  test('is recorded, keeps the old tokens, and is retried at once by the next command', async () => {
    await using at = await signedIn();
    const before = await at.stored();
    await cutOff(at);
    expect(await at.stored()).toEqual({ ...before, refresh_started_at: at.runtimeOptions.now().toISOString() });

    // The stored token still looks fresh; its successor would be lost all the same.
    at.pass(119);
    const { token } = await accessToken({}, at.runtimeOptions);
    const after = await at.stored();
    expect(at.sent.at(-1)?.form.get('refresh_token')).toBe(before.refresh_token);
    expect(after.access_token).toBe(token.reveal());
    expect(after.refresh_started_at).toBeUndefined();
    expect(at.sandbox.isLive(after.refresh_token)).toBe(true);
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: 1, invalidGrants: 0 });
  });

  test('by a kill before anything was sent leaves no trace', async () => {
    await using at = await signedIn();
    await at.tamper({ refresh_started_at: at.runtimeOptions.now().toISOString() });
    at.pass(LIFETIME * 10);
    expect(await at.run(['token'])).toMatchObject({ code: 0 });
    expect((await at.stored()).refresh_started_at).toBeUndefined();
  });

  test('is shown by status', async () => {
    await using at = await signedIn();
    await cutOff(at);
    expect((await at.run(['status'])).stdout).toContain(
      `A refresh was interrupted at ${at.runtimeOptions.now().toISOString()}`,
    );
  });

  test('after two minutes: exit 3, and the message says what happened and when', async () => {
    await using at = await signedIn();
    const before = await at.stored();
    await cutOff(at);
    const when = at.runtimeOptions.now().toISOString();
    at.pass(LIFETIME);
    for (let round = 0; round < 2; round += 1) {
      const { code, stdout, stderr } = await at.run(['token']);
      expect([code, stdout]).toEqual([3, '']);
      expect(stderr).toContain(`began at ${when} (8 hours ago) was interrupted`);
      expect(stderr).toContain('WALK01');
      expect(stderr).toContain('fitbit-login login');
    }
    // The person may know better than the provider did today: nothing is deleted.
    expect(await at.stored()).toMatchObject({
      access_token: before.access_token,
      refresh_token: before.refresh_token,
      refresh_started_at: when,
    });
  });

  test('after two minutes, with a stored token that is still valid: that token, and the same message', async () => {
    await using at = await signedIn();
    const before = await at.stored();
    await cutOff(at);
    at.pass(121);
    const { code, stdout, stderr } = await at.run(['token']);
    expect([code, stdout]).toEqual([0, `${before.access_token}\n`]);
    expect(stderr).toContain('(2 minutes ago) was interrupted');
    expect((await at.run(['refresh'])).code).toBe(3);
  });

  test('and refused for another reason on retry is retried again', async () => {
    await using at = await signedIn();
    at.sandbox.faults.add({ at: 'token', kind: 'lost-answer', times: 1 });
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 429, resetSeconds: 3600, times: 1 });
    const error = await failure(access(at.runtime(), await another(at)));
    expect(error).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await at.stored()).refresh_started_at).toBeDefined();
    at.pass(60);
    await accessToken({}, at.runtimeOptions);
    expect(at.sandbox.isLive((await at.stored()).refresh_token)).toBe(true);
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: 1, repeats: 1 });
  });
});

describe('a grant that is dead', () => {
  test('is exit 3 with a hint to sign in; the tokens stay, and a second try says the same', async () => {
    await using at = await signedIn();
    const before = await at.text();
    // A newer sign-in elsewhere: each person has one live refresh token for an app.
    await refreshedElsewhere(at);
    at.pass(LIFETIME);
    const first = await at.run(['token']);
    expect(first).toMatchObject({ code: 3, stdout: '' });
    expect(first.stderr).toContain('refresh token no longer valid');
    expect(first.stderr).toContain('fitbit-login login');
    expect(first.stderr).not.toContain(JSON.parse(before).refresh_token);
    // Nothing but the mark is new.
    const { grant_ended_at: _, grant_ended_reason: __, ...stored } = JSON.parse(await at.text());
    expect(stored).toEqual(JSON.parse(before));
    expect(await at.run(['token'])).toEqual(first);
  });

  test('is not dead if another process has stored a newer pair: that pair is used', async () => {
    await using at = await signedIn();
    const newer = await refreshedElsewhere(at);
    at.pass(600);
    const { tokens } = await access(changedMeanwhile(at, newer), await another(at));
    expect(tokens.accessToken.reveal()).toBe(newer.access_token);
    expect(await at.stored()).toMatchObject(newer);
    expect(at.sandbox.state().counts.invalidGrants).toBe(1);
  });

  test('a newer pair that has expired is refreshed, and nothing is lost', async () => {
    await using at = await signedIn();
    const newer = await refreshedElsewhere(at);
    at.pass(LIFETIME);
    const { tokens } = await access(changedMeanwhile(at, newer), await another(at));
    expect(at.sent.at(-1)?.form.get('refresh_token')).toBe(newer.refresh_token);
    expect((await at.stored()).access_token).toBe(tokens.accessToken.reveal());
    expect(at.sandbox.isLive((await at.stored()).refresh_token)).toBe(true);
  });

  test.each([401, 410, 503])(
    'never overwrites a newer pair, whatever the provider responds, and prints its token: %i',
    async (status) => {
      await using at = await signedIn();
      const newer = await refreshedElsewhere(at);
      at.sandbox.faults.add({ at: 'token', kind: 'status', status });
      const { tokens } = await access(changedMeanwhile(at, newer), await another(at));
      expect(tokens.accessToken.reveal()).toBe(newer.access_token);
      expect(await at.stored()).toMatchObject(newer);
    },
  );

  test('is the error for an expired access token without a refresh token', async () => {
    await using at = await signedIn();
    await at.tamper({ refresh_token: undefined });
    expect(await at.run(['token'])).toMatchObject({ code: 0 });
    at.pass(LIFETIME);
    expect(await at.run(['token'])).toMatchObject({ code: 3, stdout: '' });
    expect(at.sent).toEqual([]);
  });
});

test('a refresh in flight finishes although its caller was aborted', async () => {
  await using at = await signedIn();
  const stop = new AbortController();
  const runtime = at.runtime();
  const asked = access(
    {
      ...runtime,
      fetch: (url, init) => {
        stop.abort();
        return runtime.fetch(url, init);
      },
    },
    { ...(await another(at)), signal: stop.signal },
  );
  await expect(asked).resolves.toMatchObject({ refreshed: true });
  expect(at.sandbox.isLive((await at.stored()).refresh_token)).toBe(true);
});

test('a process whose lock another one took, as from one that was suspended, waits for that one and has its token', async () => {
  await using at = await signedIn();
  at.pass(LIFETIME);
  const runtime = at.runtime();
  const expiresAt = new Date(at.runtimeOptions.now().getTime() + LIFETIME * 1000);
  let other: Promise<void> | undefined;
  const takenOver: Runtime = {
    ...runtime,
    fetch: async (url, init) => {
      if (other !== undefined) throw new Error('A second refresh was sent.');
      await rm(join(dirname(at.file), '.default.lock'), { recursive: true });
      const taken = await runtime.store.lock('default');
      other = delay(200).then(async () => {
        const { current } = taken;
        if (current?.tokens === undefined) throw new Error('The tokens are gone.');
        const tokens = { ...current.tokens, accessToken: new Secret('marked-token-of-the-other'), expiresAt };
        await taken.commit({ ...current, tokens, refreshStartedAt: undefined });
        await taken[Symbol.asyncDispose]();
      });
      return runtime.fetch(url, init);
    },
  };
  const { tokens } = await access(takenOver, { name: 'default' });
  await other;
  expect(tokens.accessToken.reveal()).toBe('marked-token-of-the-other');
  expect((await at.stored()).access_token).toBe('marked-token-of-the-other');
});
