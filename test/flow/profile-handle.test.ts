import { describe, expect, test } from 'vitest';
import { openProfile } from '../../src/auth/profile-handle.ts';
import { LIFETIME, signedIn } from './signed-in.ts';

const PROFILE = '/1/user/-/profile.json';
const WEIGHT = '/1/user/-/body/log/weight.json';

describe('an opened profile', () => {
  test('returns a valid token, refreshed if needed', async () => {
    await using at = await signedIn();
    const me = openProfile('default', at.runtimeOptions);
    const before = (await at.stored()).access_token;
    expect(await me.token()).toBe(before);
    at.pass(LIFETIME);
    const after = await me.token();
    expect(after).toBe((await at.stored()).access_token);
    expect(after).not.toBe(before);
    expect((await me.refresh()).token.reveal()).not.toBe(after);
  });

  test('fetches with it, and returns a Response', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    const response = await openProfile(undefined, at.runtimeOptions).fetch(PROFILE);
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.ok]).toEqual([200, true]);
    expect(await response.json()).toMatchObject({ user: { encodedId: 'WALK01' } });
  });

  test.each([
    ['a form', new URLSearchParams({ weight: '70.5' })],
    ['a stream', new Blob(['weight=70.5']).stream()],
  ])('sends %s, again after a refresh', async (_what, body) => {
    await using at = await signedIn();
    const headers: [string, string][] =
      body instanceof URLSearchParams ? [] : [['content-type', 'application/x-www-form-urlencoded']];
    at.sandbox.faults.add({ at: 'api', kind: 'status', status: 401, times: 1 });
    const response = await openProfile('default', at.runtimeOptions).fetch(WEIGHT, { method: 'post', headers, body });
    expect(await response.json()).toMatchObject({ weightLog: { weight: '70.5' } });
    expect(at.sent.filter(({ url }) => url.pathname === WEIGHT).map(({ method }) => method)).toEqual(['POST', 'POST']);
  });

  test('an error of the API is a Response with its status', async () => {
    await using at = await signedIn();
    const me = openProfile('default', at.runtimeOptions);
    for (const status of [400, 403, 404, 429, 503]) {
      at.sandbox.faults.add({ at: 'api', kind: 'status', status, times: 1 });
      expect((await me.fetch(PROFILE)).status).toBe(status);
    }
    at.sandbox.faults.add({ at: 'api', kind: 'status', status: 401, times: 2 });
    expect((await me.fetch(PROFILE)).status).toBe(401);
  });

  test.each(['https://evil.example/', '//evil.example/', '/\\evil.example/', 'profile.json'])(
    'sends nothing to %s',
    async (path) => {
      await using at = await signedIn();
      await expect(openProfile('default', at.runtimeOptions).fetch(path)).rejects.toMatchObject({ code: 'USAGE' });
      expect(at.sent).toEqual([]);
    },
  );

  test('is checked, renamed and signed out', async () => {
    await using at = await signedIn();
    const me = openProfile('default', at.runtimeOptions);
    expect((await me.status()).session.kind).toBe('valid');
    expect(await me.check()).toMatchObject({ asked: true, profile: 'default' });
    await me.rename('sam');
    expect([me.name, (await me.status()).profile]).toEqual(['sam', 'sam']);
    expect(await me.logout()).toMatchObject({ name: 'sam', revoked: true });
    await expect(me.token()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
  });

  test('that does not exist fails at its first call', async () => {
    await using at = await signedIn();
    await expect(openProfile('gone', at.runtimeOptions).token()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
  });
});
