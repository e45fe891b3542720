import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { logout, profiles, renameProfile } from '../../src/auth/index.ts';
import { LIFETIME, signedIn } from './signed-in.ts';

describe('logout', () => {
  test('§18: revokes by POST, with the token in no URL, and only then deletes', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    expect(await at.run(['logout'])).toEqual({
      code: 0,
      stdout: '✓ Signed out: profile "default" was revoked and deleted.\n',
      stderr: '',
    });
    const [sent] = at.sent;
    expect(sent).toMatchObject({ method: 'POST' });
    expect(sent?.url.href).toBe(`${at.sandbox.origin}/oauth2/revoke`);
    expect(sent?.form.get('token')).toBe(refresh_token);
    expect(at.sandbox.isLive(refresh_token)).toBe(false);
    expect(await readdir(dirname(at.file))).toEqual([]);
    expect(await at.run(['token'])).toMatchObject({ code: 3 });
  });

  test('§18: a token unknown to the provider counts as revoked', async () => {
    await using at = await signedIn();
    await copyFile(at.file, join(dirname(at.file), 'again.json'));
    for (const profile of ['default', 'again']) {
      const { code, stdout } = await at.run(['logout', '--profile', profile, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({ profile, revoked: true, kept_files: [] });
    }
    expect(await readdir(dirname(at.file))).toEqual([]);
  });

  test.each([
    ['§18: 503 means that it still lives', { kind: 'status', status: 503 }, 5],
    ['410', { kind: 'status', status: 410 }, 2],
    ['429', { kind: 'status', status: 429 }, 5],
    ['a cut connection', { kind: 'reset' }, 5],
    ['a wrong client secret', { kind: 'status', status: 401 }, 2],
  ] as const)('%s: nothing is deleted, and the hint says how to delete it anyway', async (_name, fault, exit) => {
    await using at = await signedIn();
    const before = await at.text();
    at.sandbox.faults.add({ at: 'revoke', ...fault });
    const { code, stdout, stderr } = await at.run(['logout']);
    expect([code, stdout]).toEqual([exit, '']);
    expect(stderr).toContain('Nothing was deleted');
    expect(stderr).toContain('fitbit-login logout --local');
    expect(await at.text()).toBe(before);

    expect(await at.run(['logout', '--local'])).toMatchObject({ code: 0 });
    expect(existsSync(at.file)).toBe(false);
  });

  test('--local sends nothing', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    expect(await logout({ local: true }, at.runtimeOptions)).toEqual({
      name: 'default',
      revoked: false,
      keptFiles: [],
    });
    expect(at.sent).toEqual([]);
    expect(at.sandbox.isLive(refresh_token)).toBe(true);
  });

  test('names the files that still hold tokens, and leaves them', async () => {
    await using at = await signedIn();
    const output = join(at.home, '.env');
    await at.run(['export', '--output', output, '--keep']);
    const kept = await readFile(output, 'utf8');
    const { stderr } = await at.run(['logout']);
    expect(stderr).toContain(`${output} still holds the last tokens`);
    expect(await readFile(output, 'utf8')).toBe(kept);
  });

  test('leaves every other profile alone', async () => {
    await using at = await signedIn();
    const other = join(dirname(at.file), 'other.json');
    await at.signIn({ profile: 'other' });
    const text = await readFile(other, 'utf8');
    await at.signIn();
    await logout({}, at.runtimeOptions);
    expect(await readFile(other, 'utf8')).toBe(text);
    expect((await profiles(at.runtimeOptions)).map(({ profile }) => profile)).toEqual(['other']);
  });

  test('without a sign-in is exit 3, and a damaged profile is unchanged', async () => {
    await using at = await signedIn();
    expect(await at.run(['logout', '--profile', 'nobody'])).toMatchObject({ code: 3, stdout: '' });
    await writeFile(at.file, '{"version":1,');
    expect(await at.run(['logout'])).toMatchObject({ code: 6, stdout: '' });
    expect(await at.text()).toBe('{"version":1,');
  });
});

describe('profiles', () => {
  test('lists every one with its state, a damaged one with what is wrong', async () => {
    await using at = await signedIn();
    await at.signIn({ profile: 'asleep' });
    const directory = dirname(at.file);
    await writeFile(join(directory, 'broken.json'), '{"version":1,', { mode: 0o600 });
    await writeFile(join(directory, 'newer.json'), '{"version":99}', { mode: 0o600 });
    at.pass(LIFETIME);

    const { code, stdout } = await at.run(['profiles']);
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(['asleep', 'broken', 'default', 'newer']);
    expect(lines[0]).toContain('WALK01');
    expect(lines[1]).toContain('unreadable');

    const listed = JSON.parse((await at.run(['profiles', '--json'])).stdout);
    expect(listed).toMatchObject([
      { profile: 'asleep', user_id: 'WALK01', session: 'expired', refreshable: true },
      { profile: 'broken', error: { code: 'STORE_DAMAGED', exit_code: 6 } },
      { profile: 'default', session: 'expired' },
      { profile: 'newer', error: { code: 'STORE_VERSION' } },
    ]);
    expect(at.sent).toEqual([]);
  });

  test('renames, with everything in it, and never over another', async () => {
    await using at = await signedIn();
    const text = await at.text();
    await at.signIn({ profile: 'other' });
    expect(await at.run(['profiles', 'rename', 'default', 'other'])).toMatchObject({ code: 2 });
    expect(await at.run(['profiles', 'rename', 'default', '../evil'])).toMatchObject({ code: 2 });
    expect(await at.run(['profiles', 'rename', 'nobody', 'me'])).toMatchObject({ code: 3 });
    expect(await at.text()).toBe(text);

    expect(await at.run(['profiles', 'rename', 'default', 'me'])).toMatchObject({ code: 0 });
    expect(await readFile(join(dirname(at.file), 'me.json'), 'utf8')).toBe(text);
    await renameProfile('me', 'default', at.runtimeOptions);
    expect(await at.text()).toBe(text);
  });

  test('deletes from this machine only', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    expect(await at.run(['profiles', 'delete', 'nobody'])).toMatchObject({ code: 3 });
    const { code, stdout } = await at.run(['profiles', 'delete', 'default']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/deleted .* not revoked/i);
    expect(at.sent).toEqual([]);
    expect(at.sandbox.isLive(refresh_token)).toBe(true);
    expect((await at.run(['profiles'])).stderr).toContain('No profiles yet');
    expect((await at.run(['profiles', '--json'])).stdout).toBe('[]\n');
  });

  test.each(['list', 'rename one', 'rename a b c', 'delete', 'delete a b', 'toString'])(
    'profiles %s is wrong usage',
    async (words) => {
      await using at = await signedIn();
      expect(await at.run(['profiles', ...words.split(' ')])).toMatchObject({ code: 2, stdout: '' });
      expect(existsSync(at.file)).toBe(true);
    },
  );
});
