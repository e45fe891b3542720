import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accessToken, EXPORT_FORMATS, exportProfile, importProfile } from '../../src/auth/index.ts';
import { some } from '../extent.ts';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

const APP = { FITBIT_CLIENT_ID: '23TSTS', FITBIT_CLIENT_SECRET: '5a4db0c5000000000000000000005e12' };

/** The formats that hold a sign-in at Fitbit, and whether a file of each names its app. */
const FORMATS = [
  ['notebook', true],
  ['dotenv', true],
  ['python-fitbit', false],
  ['go-oauth2', false],
  ['fitbit-grafana', false],
  ['fitbit-login', true],
] as const;

/** Imports a text into another profile than the one it is from. */
const taken = (at: SignedIn, input: string, ...options: readonly string[]) =>
  at.run(['import', '-', '--profile', 'taken', '--sandbox', at.sandbox.origin, ...options], {
    input,
    environment: APP,
  });

describe('export, then import:', () => {
  test('the formats tried here are all that hold a Fitbit sign-in', async () => {
    await using at = await signedIn();
    const able: string[] = [];
    for (const { id } of EXPORT_FORMATS) {
      const { code } = await at.run(['export', '--format', id]);
      if (code === 0) able.push(id);
      else expect(code).toBe(2);
    }
    expect(able.toSorted()).toEqual(FORMATS.map(([id]) => id).toSorted());
  });

  test.each(some(FORMATS, 4))('%s there and back, and the tokens work', async (format) => {
    await using at = await signedIn();
    const before = await at.stored();
    const { stdout } = await at.run(['export', '--format', format]);
    const { code, stderr, stdout: output } = await taken(at, stdout, '--json');
    expect(stderr).toMatch(/^Format: /);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ profile: 'taken', user_id: 'WALK01', refreshable: true });

    const { token } = await accessToken({ profile: 'taken' }, at.runtimeOptions);
    expect(token.reveal()).toBe(before.access_token);
    expect(at.sent).toEqual([]);
    at.pass(LIFETIME);
    await accessToken({ profile: 'taken' }, at.runtimeOptions);
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: 1, invalidGrants: 0 });
  });

  test.each(some(FORMATS, 2))(
    '%s: whether the file names its app: %s; without one it is exit 2',
    async (format, namesApp) => {
      await using at = await signedIn();
      const { text } = await exportProfile({ format }, at.runtimeOptions);
      const file = join(at.home, 'tokens');
      await writeFile(file, text);
      const argv = ['import', file, '--profile', 'taken', '--sandbox', at.sandbox.origin];
      expect((await at.run(argv)).code).toBe(namesApp ? 0 : 2);
      const secret = join(at.home, 'secret.txt');
      await writeFile(secret, APP.FITBIT_CLIENT_SECRET);
      const given = ['--client-id', APP.FITBIT_CLIENT_ID, '--client-secret-file', secret];
      expect(await at.run([...argv, ...given])).toMatchObject({ code: 0 });
      at.pass(LIFETIME);
      expect(await at.run(['token', '--profile', 'taken'])).toMatchObject({ code: 0 });
    },
  );

  test('a profile is exported whole, once, over no other file, and imported with its sandbox', async () => {
    await using at = await signedIn();
    const before = await at.stored();
    const file = join(at.home, 'moved.json');
    const moved = ['export', '--format', 'fitbit-login', '--output', file];
    expect(await at.run([...moved, '--keep'])).toMatchObject({ code: 2 });
    const exported = await at.run(moved);
    expect([exported.code, exported.stderr]).toEqual([0, expect.stringContaining('logout --local')]);
    expect(await at.run(moved)).toMatchObject({ code: 2 });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(before);
    expect(await at.run(['import', file, '--profile', 'moved'])).toMatchObject({ code: 0 });
    at.pass(LIFETIME);
    expect(await at.run(['token', '--profile', 'moved'])).toMatchObject({ code: 0 });
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });

  test('a profile of another machine is imported, but never a sandbox one as a real one', async () => {
    await using at = await signedIn();
    const { sandbox, ...own } = await at.stored();
    const { code, stderr } = await taken(at, JSON.stringify(own));
    expect(stderr).toContain('a profile of fitbit-login');
    expect(code).toBe(0);
    const again = await taken(at, JSON.stringify({ ...own, sandbox }), '--replace', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ sandbox });
  });
});

describe('import', () => {
  test.each([
    ['nothing', ''],
    ['spaces', ' \n\t'],
    ['half a JSON', '{"access_token":"abc'],
    ['a list', '["abc"]'],
    ['null', 'null'],
    ['a wrong type', '{"access_token":1,"refresh_token":"abc"}'],
    ['a page', '<!doctype html><title>Sign in</title>'],
    ['bytes', '\0\u0001\u0002'],
    ['another program’s settings', '{"name":"x","version":"1.0.0"}'],
    ['a client without tokens', '{"client_id":"23TSTS","client_secret":"abc"}'],
    ['tokens of Google Health', '{"provider":"google","refresh_token":"abc"}'],
    ['deep JSON', '['.repeat(100_000)],
  ])('of %s changes nothing and is exit 2', async (_name, input) => {
    await using at = await signedIn();
    const before = await at.text();
    const { code, stdout, stderr } = await at.run(['import', '-', '--replace'], { input, environment: APP });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toContain('abc');
    expect(await at.text()).toBe(before);
    expect(at.sent).toEqual([]);
  });

  test('of a file that is not there is exit 6', async () => {
    await using at = await signedIn();
    expect(await at.run(['import', join(at.home, 'gone')])).toMatchObject({ code: 6, stdout: '' });
  });

  test('does not replace other tokens without --replace; the same ones may come again', async () => {
    await using at = await signedIn();
    const { text: own } = await exportProfile({ format: 'notebook' }, at.runtimeOptions);
    const other = JSON.stringify({ client_id: '23TSTS', access_token: 'other', refresh_token: 'other-refresh' });
    const sandbox = ['--sandbox', at.sandbox.origin];
    const before = await at.text();
    const refused = await at.run(['import', '-', ...sandbox], { input: other });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--replace');
    expect(await at.text()).toBe(before);

    expect(await at.run(['import', '-', ...sandbox], { input: own })).toMatchObject({ code: 0 });
    expect(await at.run(['import', '-', ...sandbox, '--replace'], { input: other })).toMatchObject({ code: 0 });
    expect(await at.stored()).toMatchObject({ access_token: 'other', refresh_token: 'other-refresh' });
  });

  test('of a refresh token alone uses it once, under the lock, and stores what came', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    const input = JSON.stringify({ client_id: APP.FITBIT_CLIENT_ID, refresh_token });
    expect(await taken(at, input)).toMatchObject({ code: 0 });
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: 1, invalidGrants: 0 });
    const { token, scopes } = await accessToken({ profile: 'taken' }, at.runtimeOptions);
    expect(token.reveal()).toMatch(/\./);
    expect(scopes).toContain('sleep');
    expect(at.sent).toHaveLength(1);
  });

  test.each([
    ['503', { kind: 'status', status: 503 }, 5],
    ['invalid_grant', { kind: 'status', status: 400, errorType: 'invalid_grant' }, 3],
    ['invalid_client', { kind: 'status', status: 401 }, 2],
  ] as const)(
    'of a refresh token alone that ends with %s stores nothing, and replaces nothing',
    async (_n, fault, exit) => {
      await using at = await signedIn();
      const before = await at.text();
      at.sandbox.faults.add({ at: 'token', ...fault });
      const input = JSON.stringify({ client_id: APP.FITBIT_CLIENT_ID, refresh_token: 'of-another-program' });
      const ran = await at.run(['import', '-', '--replace', '--sandbox', at.sandbox.origin], {
        input,
        environment: APP,
      });
      expect(ran).toMatchObject({ code: exit, stdout: '' });
      expect(ran.stderr).not.toContain('of-another-program');
      expect(await at.text()).toBe(before);
    },
  );

  test('of tokens without a known expiry refreshes them at the next use', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    const content = JSON.stringify({ client_id: APP.FITBIT_CLIENT_ID, access_token: 'opaque', refresh_token });
    const done = await importProfile(
      content,
      { profile: 'taken', sandbox: at.sandbox.origin },
      { ...at.runtimeOptions, environment: { ...at.runtimeOptions.environment, ...APP } },
    );
    expect(done).toMatchObject({ session: { kind: 'expired', refreshable: true } });
    expect(await at.run(['token', '--profile', 'taken'])).toMatchObject({ code: 0 });
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });

  test.each([
    ['Fitbit', '23TSTS', 28_800],
    ['Google', '1-a.apps.googleusercontent.com', 3_600],
  ])('of tokens without an end caps their expiry at %s’s own lifetime', async (_name, clientId, seconds) => {
    await using at = await signedIn();
    const far = { access_token: 'a', refresh_token: 'r', expires_at: 4_000_000_000 };
    const input = JSON.stringify({ client_id: clientId, client_secret: 's', ...far });
    const { expiresAt } = await importProfile(input, { profile: 'taken' }, at.runtimeOptions);
    expect(expiresAt).toEqual(new Date(at.runtimeOptions.now().getTime() + seconds * 1000));
  });

  test('of a token with an expiry of its own believes it, a year away or past', async () => {
    await using at = await signedIn();
    const now = at.runtimeOptions.now().getTime() / 1000;
    for (const exp of [now + 31_536_000, now - 60]) {
      const claims = Buffer.from(JSON.stringify({ sub: 'ABC', scopes: 'ract', iat: now - 120, exp })).toString(
        'base64url',
      );
      const input = JSON.stringify({
        access_token: `e30.${claims}.c2ln`,
        client_id: '23TSTS',
        expires_at: 4_000_000_000,
      });
      const done = await importProfile(input, { profile: 'taken', replace: true }, at.runtimeOptions);
      expect(done).toMatchObject({ expiresAt: new Date(exp * 1000), userId: 'ABC', scopes: ['activity'] });
    }
  });

  test('without a refresh token says when the access token expires, and not that it has', async () => {
    await using at = await signedIn();
    const end = new Date(at.runtimeOptions.now().getTime() + 3_600_000).toISOString();
    const known = await taken(at, JSON.stringify({ access_token: 'a', expires_at: end }));
    expect(known).toMatchObject({ code: 0, stderr: expect.stringContaining(`it expires at ${end}`) });
    const unknown = await taken(at, JSON.stringify({ access_token: 'b' }), '--replace');
    expect(unknown).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing says when it expires') });
    expect(`${unknown.stdout}${unknown.stderr}`).not.toMatch(/ended|has expired/);
  });

  test('of requests-oauthlib’s token with a Google client ID is a Google Health sign-in', async () => {
    await using at = await signedIn();
    const input = JSON.stringify({
      client_id: '1-a.apps.googleusercontent.com',
      client_secret: 's',
      ...{ access_token: 'a', refresh_token: 'r', expires_in: 3599, expires_at: 1, scope: ['openid'] },
    });
    const { provider } = await importProfile(input, { profile: 'taken' }, at.runtimeOptions);
    expect(provider).toBe('google-health');
  });

  test.each([
    ['a Google client without its secret', '1-a.apps.googleusercontent.com', /client secret/],
    ['a client ID of neither provider', 'YOUR_CLIENT_ID', /neither/],
  ])('of %s is refused before anything is stored', async (_name, client_id, why) => {
    await using at = await signedIn();
    const input = JSON.stringify({ client_id, access_token: 'a', refresh_token: 'r' });
    const { code, stderr } = await at.run(['import', '-', '--profile', 'taken'], { input });
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
  });

  test('of scopes that are unknown never blocks a later sign-in', async () => {
    await using at = await signedIn();
    await at.tamper({ requested_scope: 'sleep of_another_year' });
    const { missingScopes, scopes } = await at.signIn();
    expect([scopes, missingScopes]).toEqual([['sleep'], []]);
  });

  test('warns that the program the tokens came from must not refresh them any more', async () => {
    await using at = await signedIn();
    const { text } = await exportProfile({ format: 'python-fitbit' }, at.runtimeOptions);
    expect((await taken(at, text)).stderr).toContain("Turn off the other program's own refresh");
  });
});
