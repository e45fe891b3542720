import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clientFile, DESKTOP, GOOGLE, GOOGLE_LIFETIME, PREFIX } from './google.ts';
import { signedIn } from './signed-in.ts';

describe('export for Google’s libraries', () => {
  test.each(['authorized-user', 'authorized_user'])(
    '%s: the file 0600, and the line that names it on stderr',
    async (format) => {
      await using at = await signedIn(GOOGLE);
      const output = join(at.home, "it's mine.json");
      const { code, stdout, stderr } = await at.run(['export', '--format', format, '--output', output]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toContain(`\nexport GOOGLE_APPLICATION_CREDENTIALS='${output.replace("'", "'\\''")}'\n`);
      expect((await stat(output)).mode & 0o777).toBe(0o600);
      const { refresh_token, access_token, scope } = await at.stored();
      expect(JSON.parse(await readFile(output, 'utf8'))).toEqual({
        type: 'authorized_user',
        client_id: DESKTOP.id,
        client_secret: DESKTOP.secret,
        refresh_token,
        token: access_token,
        expiry: '2026-03-01T12:59:59Z',
        scopes: scope.split(' '),
      });
    },
  );

  test('on stdout it is the file and nothing else, and no other format has the line', async () => {
    await using at = await signedIn(GOOGLE);
    const { stdout, stderr } = await at.run(['export', '--format', 'authorized-user']);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'authorized_user' });
    expect(stderr).toBe('');
    const other = await at.run(['export', '--format', 'ghealth', '--output', join(at.home, 'credentials.json')]);
    expect(other).toMatchObject({ code: 0, stderr: expect.not.stringContaining('GOOGLE_APPLICATION') });
  });

  test('gcloud’s own file is never overwritten', async () => {
    await using at = await signedIn(GOOGLE);
    const output = join(at.home, 'application_default_credentials.json');
    await writeFile(output, 'of gcloud');
    for (const more of [[], ['--keep']]) {
      const { code, stderr } = await at.run(['export', '--format', 'authorized-user', '--output', output, ...more]);
      expect(code).toBe(2);
      expect(stderr).toContain('gcloud');
    }
    expect(await readFile(output, 'utf8')).toBe('of gcloud');
  });

  test('--keep writes it again after a refresh', async () => {
    await using at = await signedIn(GOOGLE);
    const output = join(at.home, 'google.json');
    await at.run(['export', '--format', 'authorized-user', '--output', output, '--keep']);
    at.pass(GOOGLE_LIFETIME);
    await at.run(['token']);
    const { access_token, refresh_token } = await at.stored();
    expect(JSON.parse(await readFile(output, 'utf8'))).toMatchObject({ token: access_token, refresh_token });
  });
});

describe('import', () => {
  test('of an authorized_user with only a refresh token: used once to get an access token', async () => {
    await using at = await signedIn(GOOGLE);
    const { refresh_token } = await at.stored();
    const input = JSON.stringify({
      type: 'authorized_user',
      client_id: DESKTOP.id,
      client_secret: DESKTOP.secret,
      refresh_token,
    });
    const argv = ['import', '-', '--profile', 'other', '--sandbox', at.sandbox.origin, '--json'];
    const { code, stdout, stderr } = await at.run(argv, { input });
    expect(code).toBe(0);
    expect(stderr).toContain('authorized_user');
    expect(JSON.parse(stdout)).toMatchObject({
      provider: 'google-health',
      email: 'walker@example.com',
      refreshable: true,
    });
    expect(at.sandbox.state().services.google.refreshes).toBe(1);
    expect(await at.run(['token', '--profile', 'other'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ya29/),
    });
    // Google's refresh token is not spent by another's use.
    expect(await at.run(['refresh'])).toMatchObject({ code: 0 });
  });

  test('of a ghealth file: the scopes by their full names, with the app of a downloaded client file', async () => {
    await using at = await signedIn({ ...GOOGLE, scopes: ['sleep.readonly', 'ecg.readonly'] });
    const file = join(at.home, 'credentials.json');
    await at.run(['export', '--format', 'ghealth', '--output', file]);
    expect(JSON.parse(await readFile(file, 'utf8')).scopes).toEqual(['sleep.readonly', 'ecg.readonly']);
    const app = join(at.home, 'client_secret.json');
    await writeFile(app, clientFile('installed'));
    const more = ['--profile', 'other', '--sandbox', at.sandbox.origin, '--json'];
    const { code, stdout } = await at.run(['import', file, '--client-secret-file', app, ...more]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      provider: 'google-health',
      client_id: DESKTOP.id,
      scope: [`${PREFIX}sleep.readonly`, `${PREFIX}ecg.readonly`],
    });
    at.pass(GOOGLE_LIFETIME);
    expect(await at.run(['token', '--profile', 'other'])).toMatchObject({ code: 0 });
  });

  test.each(['installed', 'web'] as const)(
    'of a downloaded client file (%s) stores the app, for the next sign-in',
    async (type) => {
      await using at = await signedIn(GOOGLE);
      const before = await at.text();
      const uris = type === 'web' ? ['https://example.com/callback', 'http://127.0.0.1:8976/callback'] : [];
      const input = clientFile(type, uris);
      const { code, stderr, stdout } = await at.run(['import', '-', '--profile', 'other'], { input });
      expect(code).toBe(0);
      expect(stderr).toContain('a client file of a Google app');
      expect(stderr).toContain('fitbit-login login');
      const { client_id, client_secret } = JSON.parse(input)[type];
      const stored = JSON.parse(await readFile(join(at.home, 'profiles', 'other.json'), 'utf8'));
      expect(stored).toMatchObject({ provider: 'google-health', client_id, client_secret });
      expect(stored.access_token).toBeUndefined();
      expect(stored.redirect_uris).toEqual(type === 'web' ? uris.slice(1) : ['http://127.0.0.1:0/callback']);
      expect(`${stdout}${stderr}`).not.toContain(client_secret);
      expect(await at.run(['token', '--profile', 'other'])).toMatchObject({ code: 3, stdout: '' });
      expect(await at.text()).toBe(before);
    },
  );

  test('of a client file over a sign-in with another app changes nothing', async () => {
    await using at = await signedIn(GOOGLE);
    const before = await at.text();
    const another = JSON.stringify({
      installed: { client_id: '7-other.apps.googleusercontent.com', client_secret: 'x' },
    });
    const { code, stderr } = await at.run(['import', '-'], { input: another });
    expect(code).toBe(2);
    expect(stderr).toContain('with another app');
    expect(await at.text()).toBe(before);
  });

  test('of Google’s tokens with a Fitbit app is refused', async () => {
    await using at = await signedIn(GOOGLE);
    const file = join(at.home, 'credentials.json');
    await at.run(['export', '--format', 'ghealth', '--output', file]);
    const { code, stderr } = await at.run(['import', file, '--client-id', '23ABCD', '--profile', 'other']);
    expect(code).toBe(2);
    expect(stderr).toContain('Google Health tokens');
  });
});
