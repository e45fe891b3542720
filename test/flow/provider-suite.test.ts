import { stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { access } from '../../src/auth/access-token.ts';
import { accessToken } from '../../src/auth/index.ts';
import type { Fetch } from '../../src/environment.ts';
import { fileStore } from '../../src/store/file-store.ts';
import { some } from '../extent.ts';
import { type ProviderFixture, providerFixture } from './provider-fixture.ts';
import { PROVIDERS } from './providers.ts';
import { failure } from './signed-in.ts';

/** Lets a request through, and loses its answer on the way back: `times` of those that a token was to come with. */
const losing =
  (at: ProviderFixture, times: number) =>
  (send: Fetch): Fetch => {
    let left = times;
    return async (url, init) => {
      const answer = await send(url, init);
      if (!(init?.body instanceof URLSearchParams) || left === 0) return answer;
      left -= 1;
      expect(at.provider.refreshes()).toBeGreaterThan(0);
      throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
    };
  };

/** RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6, with what each ends as. */
const ERROR_CODES = [
  ['access_denied', 'DENIED'],
  ['invalid_request', 'REQUEST_REJECTED'],
  ['unauthorized_client', 'CLIENT_REJECTED'],
  ['unsupported_response_type', 'REQUEST_REJECTED'],
  ['invalid_scope', 'SCOPE_REJECTED'],
  ['server_error', 'UNAVAILABLE'],
  ['temporarily_unavailable', 'UNAVAILABLE'],
  ['login_required', 'SIGN_IN_FAILED'],
  ['an_error_of_tomorrow', 'SIGN_IN_FAILED'],
] as const;

const unexpected = ({ events }: Awaited<ReturnType<ProviderFixture['begin']>>) =>
  events.flatMap((event) => (event.kind === 'unexpected-request' ? [event.reason] : []));

describe.for(some(PROVIDERS, 2))('$name keeps every guarantee:', (row) => {
  const { rotates, lifetimeSeconds, less, issAlwaysSent } = row;

  test('§2 §4 §13 signs in with PKCE and a state of its own, and file, terminal and JSON say the same', async () => {
    await using at = await providerFixture(row);
    const first = await at.begin();
    const { searchParams } = first.url;
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{22,}$/),
      redirect_uri: first.redirectUri,
      scope: row.granted.join(' '),
    });
    await first.deliver(await first.answer());
    const done = await first.result;
    expect(done).toMatchObject({ provider: row.id, refreshable: true, missingScopes: [], session: { kind: 'valid' } });
    expect([...done.scopes].sort()).toEqual([...row.granted].sort());

    expect((await stat(at.file)).mode & 0o777).toBe(0o600);
    const { user_id, scope } = await at.stored();
    expect(user_id).toBe(done.userId);
    expect(user_id).toEqual(expect.any(String));
    expect(String(scope).split(' ').sort()).toEqual([...row.granted].sort());
    expect((await at.run('status')).stdout).toContain(done.userId);
    expect(JSON.parse((await at.run('status', '--json')).stdout)).toMatchObject({ user_id, session: 'valid' });

    const second = (await at.begin()).url.searchParams;
    for (const name of ['state', 'code_challenge']) expect(second.get(name)).not.toBe(searchParams.get(name));
  });

  test('what is stored is read and written again to the byte', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    const before = await at.text();
    const store = fileStore({ directory: `${at.home}/profiles` });
    {
      await using locked = await store.lock('default');
      await locked.commit(locked.current ?? expect.fail('nothing is stored'));
    }
    expect(await at.text()).toBe(before);
  });

  test('§15 token: the stored one until it expires, then a new one, with the newest refresh token', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    const before = await at.stored();
    at.pass(lifetimeSeconds - 61);
    expect(await at.run('token')).toMatchObject({ code: 0, stdout: `${before.access_token}\n` });
    at.pass(1);
    const { code, stdout } = await at.run('token');
    const after = await at.stored();
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${after.access_token}\n` });
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.refresh_token === before.refresh_token).toBe(!rotates);
    expect(after).toMatchObject({ user_id: before.user_id, scope: before.scope });
    expect(at.provider.refreshes()).toBe(1);
  });

  test('many scripts at the moment of expiry: one refresh, the same token for all', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    at.pass(lifetimeSeconds);
    const found = await Promise.all(Array.from({ length: 12 }, () => accessToken({}, at.runtimeOptions)));
    expect(new Set(found.map(({ token }) => token.reveal())).size).toBe(1);
    expect(at.provider.refreshes()).toBe(1);
  });

  test('a lost response is retried, and tokens are dead only if the provider says so', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    at.pass(lifetimeSeconds);
    at.through(losing(at, 1));
    // As long as the program tries: on a busy machine the first answer may take a while to be lost.
    const runtime = at.runtime();
    if (!row.forgivesLostAnswer) {
      expect(await failure(access(runtime, { name: 'default' }))).toMatchObject({ code: 'GRANT_DEAD' });
      return;
    }
    const { profile } = await access(runtime, { name: 'default' });
    expect(profile.refreshStartedAt).toBeUndefined();
    at.pass(lifetimeSeconds);
    expect(await at.run('token')).toMatchObject({ code: 0 });
  });

  test('a dead grant is exit 3, and what is stored stays', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    const before = await at.text();
    await at.provider.endGrant(String((await at.stored()).refresh_token));
    at.pass(lifetimeSeconds);
    const { code, stdout, stderr } = await at.run('token');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('fitbit-login login');
    expect(stderr).not.toContain('interrupted');
    // Nothing but the mark is new.
    const { grant_ended_at: _, grant_ended_reason: __, ...stored } = JSON.parse(await at.text());
    expect(stored).toEqual(JSON.parse(before));
  });

  test('a client unknown to the provider is exit 2, and the tokens stay', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    await at.tamper({ client_secret: 'another-secret' });
    const before = await at.stored();
    at.pass(lifetimeSeconds);
    expect(await at.run('token', '--json')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('CLIENT_REJECTED'),
    });
    expect(await at.stored()).toEqual(before);
  });

  test.each([500, 503])('%i is exit 5, the tokens stay, and the next call works', async (status) => {
    await using at = await providerFixture(row);
    await at.signIn();
    const before = await at.stored();
    at.pass(lifetimeSeconds);
    at.through((send) => async (url, init) => (init?.body ? new Response('busy', { status }) : send(url, init)));
    const error = await failure(access(at.runtime(), { name: 'default' }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', exitCode: 5, preserved: expect.stringMatching(/kept/) });
    expect(await at.stored()).toMatchObject(before);
    at.through((send) => send);
    expect(await at.run('token')).toMatchObject({ code: 0 });
  });

  test('§17 §19 status --check asks by POST with the token in no URL; a grant revoked elsewhere is exit 3', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    const { access_token, refresh_token, scope } = await at.stored();
    const { code, stdout } = await at.run('status', '--check', '--json');
    expect(code).toBe(0);
    const { check } = JSON.parse(stdout);
    expect(check.asked).toBe(true);
    expect([...check.scope].sort()).toEqual(String(scope).split(' ').sort());
    expect(at.sent.join('\n')).not.toContain(String(access_token).slice(0, 30));

    await at.provider.endGrant(String(refresh_token));
    expect(await at.run('status')).toMatchObject({ code: 0 });
    expect(await at.run('status', '--check')).toMatchObject({ code: 3, stdout: '' });
  });

  test('§18 logout revokes, then deletes; what it revoked is dead', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    const stored = await at.text();
    expect(await at.run('logout', '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('revoked'),
    });
    await expect(stat(at.file)).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(at.file, stored, { mode: 0o600 });
    at.pass(lifetimeSeconds);
    expect(await at.run('token')).toMatchObject({ code: 3 });
  });

  test('§4 §11 a forged callback does not end the wait: without state, with a wrong one, with two', async () => {
    await using at = await providerFixture(row);
    const begun = await at.begin();
    const answer = await begun.answer();
    await begun.deliver(answer, { state: undefined });
    await begun.deliver(answer, { state: 'guessed' });
    const twice = new URL(answer);
    twice.searchParams.append('code', 'another');
    await begun.deliver(twice);
    expect(unexpected(begun)).toEqual(['no-state', 'wrong-state', 'repeated-parameter']);
    await begun.deliver(answer);
    expect(await begun.result).toMatchObject({ provider: row.id });
  });

  test('§12 every registered error code ends it with its own message; the old tokens stay', async () => {
    await using at = await providerFixture(row);
    await at.signIn();
    const before = await at.text();
    for (const [error, code] of ERROR_CODES) {
      const { url, redirectUri, deliver, result } = await at.begin();
      const refused = new URL(redirectUri);
      refused.search = new URLSearchParams({
        error,
        error_description: '<b>in its own words</b>',
        state: url.searchParams.get('state') ?? '',
        iss: at.provider.issuer,
      }).toString();
      const page = await (await deliver(refused)).text();
      expect(page).not.toContain('<b>in its');
      expect(await failure(result)).toMatchObject({ code, preserved: expect.stringMatching(/unchanged/) });
    }
    expect(await at.text()).toBe(before);
  });

  test('Deny is exit 4', async () => {
    await using at = await providerFixture(row);
    const { answer, deliver, result } = await at.begin();
    await deliver(await answer({ allow: false }));
    expect(await failure(result)).toMatchObject({ code: 'DENIED', exitCode: 4, preserved: 'Nothing was stored.' });
  });

  test.each([
    ['the right iss', (issuer: string) => issuer, false],
    ['the iss of another provider', () => 'https://other.example', true],
    ['an iss that only begins like the right one', (issuer: string) => `${issuer}/`, true],
    ['no iss', () => undefined, issAlwaysSent],
  ])('§7 %s', async (_name, iss, refused) => {
    await using at = await providerFixture(row);
    const begun = await at.begin();
    const answer = await begun.answer();
    await begun.deliver(answer, { iss: iss(at.provider.issuer) });
    expect(unexpected(begun)).toEqual(refused ? ['other-issuer'] : []);
    if (refused) await begun.deliver(answer, { iss: at.provider.issuer });
    expect(await begun.result).toMatchObject({ provider: row.id });
  });

  test('§14 missing scopes are stored as missing, and reported', async () => {
    await using at = await providerFixture(row);
    const done = await at.signIn({ scopes: less.asked }, { untick: less.untick });
    expect(done.missingScopes).toEqual([less.missing]);
    expect(done.scopes).not.toContain(less.missing);
    const { stdout } = await at.run('status', '--json');
    expect(JSON.parse(stdout).missing_scope).toEqual([less.missing]);
  });
});
