import { stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { AuthError, status } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { signInFixture } from './sign-in.ts';

const { server } = SANDBOX_CLIENTS;

describe('login', () => {
  test('signs in: the tokens on disk for their owner only, and terminal, page and file say the same', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin({ scopes: ['sleep', 'profile'] });
    const page = await (await waiting.consent()).text();
    const done = await waiting.result;

    expect(done).toMatchObject({ userId: 'WALK01', session: { kind: 'valid' }, missingScopes: [], location: at.file });
    expect(page).toMatch(/signed in/i);
    expect(page).toContain('WALK01');
    expect((await stat(at.file)).mode & 0o777).toBe(0o600);
    const file = JSON.parse(await at.stored());
    expect(at.sandbox.isLive(file.refresh_token)).toBe(true);
    expect(file).toMatchObject({ user_id: 'WALK01', client_id: server.id, sandbox: at.sandbox.origin });
    expect(await status({}, { environment: { FITBIT_LOGIN_HOME: at.home } })).toMatchObject({ userId: 'WALK01' });
    expect(at.sandbox.state().counts.exchanges).toBe(1);
  });

  test.each([
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:0/callback/',
    'http://127.0.0.1:0',
    'http://127.0.0.1:0/Odd.Path~/x_y-z/',
  ])('§13: %s is the same, to the byte, in both requests', async (redirectUri) => {
    await using at = await signInFixture();
    const waiting = await at.begin({ redirectUris: [redirectUri] });
    expect(waiting.redirectUri).toBe(redirectUri.replace(':0', `:${new URL(waiting.redirectUri).port}`));
    await waiting.consent();
    await waiting.result;
    expect(waiting.url.searchParams.get('redirect_uri')).toBe(waiting.redirectUri);
    expect(at.sent.map((form) => form.get('redirect_uri'))).toEqual([waiting.redirectUri]);
  });

  test('§2: the verifier of the request is the one that its challenge was made from, and new each time', async () => {
    await using at = await signInFixture();
    for (let round = 0; round < 2; round += 1) await at.signIn();
    const [first, second] = at.sent.map((form) => form.get('code_verifier'));
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(first).not.toBe(second);
  });

  test('asks for consent again when it is run again, for what was asked before, and replaces the tokens', async () => {
    await using at = await signInFixture();
    await at.signIn({ scopes: ['sleep'] });
    const old = JSON.parse(await at.stored());
    const again = await at.begin();
    expect(again.url.searchParams.get('prompt')).toBe('consent');
    expect(again.url.searchParams.get('scope')).toBe('sleep');
    expect(JSON.parse(await at.stored())).toEqual(old);
    await again.consent({ person: 'SLEEP2' });
    expect(await again.result).toMatchObject({ userId: 'SLEEP2', replacedUserId: 'WALK01' });
    expect(JSON.parse(await at.stored()).access_token).not.toBe(old.access_token);
  });

  test('a denial ends it, keeps the old tokens, and the page says the same', async () => {
    await using at = await signInFixture();
    await at.signIn();
    const old = await at.stored();
    const waiting = await at.begin();
    expect(await (await waiting.consent({ allow: false })).text()).toMatch(/declined/i);
    await expect(waiting.result).rejects.toMatchObject({
      code: 'DENIED',
      preserved: expect.stringContaining('unchanged'),
    });
    expect(await at.stored()).toBe(old);
  });

  test('§4: a denial without state, which could be forged, does not end it', async () => {
    await using at = await signInFixture();
    at.sandbox.faults.add({ at: 'decision', kind: 'drop-state', times: 1 });
    const waiting = await at.begin();
    const page = await waiting.consent({ allow: false });
    expect(page.status).toBe(400);
    expect(await page.text()).toContain('Ctrl-C');
    await waiting.consent();
    await expect(waiting.result).resolves.toMatchObject({ userId: 'WALK01' });
  });

  test('the timeout ends it, and its hint names the client ID and the redirect URI', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin({ timeoutMs: 1 });
    const error: unknown = await waiting.result.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TIMED_OUT', exitCode: 4, preserved: 'Nothing was stored.' });
    expect(error instanceof AuthError && error.hint).toContain(waiting.redirectUri);
    expect(error instanceof AuthError && error.hint).toContain(server.id);
  });

  test('an abort signal ends it, with the signal’s reason if that is an AuthError', async () => {
    await using at = await signInFixture();
    const [cancelled, interrupted] = [new AbortController(), new AbortController()];
    const waits = [await at.begin({ signal: cancelled.signal }), await at.begin({ signal: interrupted.signal })];
    cancelled.abort();
    interrupted.abort(new AuthError('INTERRUPTED', 'Interrupted.'));
    await expect(waits[0]?.result).rejects.toMatchObject({ code: 'CANCELLED', exitCode: 4 });
    await expect(waits[1]?.result).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
    await expect(at.begin({ signal: cancelled.signal })).rejects.toThrow();
  });

  test('the port is free as soon as it is over', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    await waiting.consent();
    await waiting.result;
    const again = await at.begin({ redirectUris: [waiting.redirectUri] });
    expect(again.redirectUri).toBe(waiting.redirectUri);
    await again.consent();
    await again.result;
  });

  test('a second sign-in on the same port is refused while the first continues; a next redirect URI is used', async () => {
    await using at = await signInFixture();
    const first = await at.begin();
    const { redirectUri } = first;
    await expect(at.begin({ redirectUris: [redirectUri] })).rejects.toMatchObject({ code: 'PORT_BUSY', exitCode: 6 });
    const second = await at.begin({ profile: 'other', redirectUris: [redirectUri, 'http://127.0.0.1:0/callback'] });
    expect(second.redirectUri).not.toBe(redirectUri);
    for (const waiting of [second, first]) {
      await waiting.consent();
      await waiting.result;
    }
  });

  test('the sandbox never replaces a real sign-in', async () => {
    await using at = await signInFixture();
    await at.signIn();
    const { sandbox: _, ...real } = JSON.parse(await at.stored());
    await writeFile(at.file, JSON.stringify(real));
    await expect(at.begin()).rejects.toMatchObject({ code: 'USAGE' });
    expect(JSON.parse(await at.stored())).toEqual(real);
  });
});

const bare = (home: string) => ({ FITBIT_LOGIN_HOME: home });

describe('what was granted', () => {
  test('§14: fewer scopes than asked for are stored as they are, and the missing ones named', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin({ scopes: ['sleep', 'weight', 'profile'] });
    const page = await (await waiting.consent({ untick: ['weight'] })).text();
    expect(await waiting.result).toMatchObject({ missingScopes: ['weight'] });
    expect(page).toContain('Not granted');
    expect(
      JSON.parse(await at.stored())
        .scope.split(' ')
        .sort(),
    ).toEqual(['profile', 'sleep']);
  });

  test('§14: no scope in the response means as requested', async () => {
    await using at = await signInFixture();
    at.sandbox.faults.add({ at: 'token', kind: 'missing-scope' });
    expect(await at.signIn({ scopes: ['sleep', 'weight'] })).toMatchObject({
      scopes: ['sleep', 'weight'],
      missingScopes: [],
    });
  });

  test('§14: token_type is compared without case', async () => {
    await using at = await signInFixture();
    at.sandbox.faults.add({ at: 'token', kind: 'token-type-lower' });
    expect((await at.signIn()).session.kind).toBe('valid');
    expect(JSON.parse(await at.stored()).token_type).toBe('Bearer');
  });

  test('§14: no lifetime in the response is no lifetime on disk', async () => {
    await using at = await signInFixture();
    at.sandbox.faults.add({ at: 'token', kind: 'missing-expires' });
    expect(await at.signIn()).toMatchObject({ session: { kind: 'valid' } });
    expect(JSON.parse(await at.stored())).not.toHaveProperty('expires_at');
  });

  test('§14: the lifetime counts from the request, by the clock of this machine', async () => {
    await using at = await signInFixture();
    const now = new Date('2026-03-01T12:00:00Z');
    expect(await at.signIn({ provider: 'fitbit' }, { environment: bare(at.home), now: () => now })).toMatchObject({
      obtainedAt: now,
      expiresAt: new Date('2026-03-01T20:00:00Z'),
    });
  });

  test('§15: no refresh token in the response is none on disk, not the old one, and the page says so', async () => {
    await using at = await signInFixture();
    await at.signIn();
    at.sandbox.faults.add({ at: 'token', kind: 'missing-refresh-token' });
    const waiting = await at.begin();
    expect(await (await waiting.consent()).text()).toContain('no refresh token');
    expect(await waiting.result).toMatchObject({ refreshable: false });
    expect(JSON.parse(await at.stored())).not.toHaveProperty('refresh_token');
  });
});
