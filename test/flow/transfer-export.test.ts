import { chmod, lstat, mkdir, open, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { exportProfile } from '../../src/auth/index.ts';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

/** The notebook's file, kept current from now on; `own` is what its owner put into it. */
async function kept(at: SignedIn, own: object = {}): Promise<string> {
  const path = join(at.home, '.env');
  await writeFile(path, JSON.stringify(own));
  expect(await at.run(['export', '--format', 'notebook', '--output', path, '--keep'])).toMatchObject({ code: 0 });
  return path;
}

async function tokensIn(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { access_token, refresh_token } = JSON.parse(await readFile(path, 'utf8'));
  return { access_token, refresh_token };
}

const tokensOf = async (at: SignedIn) => {
  const { access_token, refresh_token } = await at.stored();
  return { access_token, refresh_token };
};

describe('export', () => {
  test('prints the current tokens, refreshed first if they are about to expire', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    const { code, stdout } = await at.run(['export']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      client_id: '23TSTS',
      client_secret: expect.any(String),
      ...(await tokensOf(at)),
    });
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });

  test.each([
    ['notebook', false],
    ['dotenv', false],
    ['python-fitbit', true],
    ['go-oauth2', true],
    ['fitbit-grafana', true],
  ])('%s: a warning if its program refreshes by itself: %s', async (format, warned) => {
    await using at = await signedIn();
    const { stderr } = await at.run(['export', '--format', format]);
    expect(stderr.includes('single-use')).toBe(warned);
  });

  test.each(['authorized-user', 'ghealth', 'nonsense'])('%s does not support this profile: exit 2', async (format) => {
    await using at = await signedIn();
    expect(await at.run(['export', '--format', format])).toMatchObject({ code: 2, stdout: '' });
  });

  test('writes a file 0600, keeps other keys and lines, and leaves no other file', async () => {
    await using at = await signedIn();
    const json = join(at.home, 'one/.env');
    const dotenv = join(at.home, 'two/.env');
    await mkdir(dirname(json));
    await mkdir(dirname(dotenv));
    await writeFile(json, '{\n  "mine": [1, 2],\n  "access_token": "old"\n}\n', { mode: 0o644 });
    await writeFile(dotenv, '# mine\nFITBIT_ACCESS_TOKEN=old\nOTHER="x y"\n', { mode: 0o644 });
    const { access_token } = await at.stored();

    const ran = await at.run(['export', '--output', json, '--json']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual({ format: 'notebook', output: json, keep: false });
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ mine: [1, 2], access_token });
    expect(await at.run(['export', '--format', 'dotenv', '--output', dotenv])).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(dotenv, 'utf8')).toMatch(/^# mine\nFITBIT_ACCESS_TOKEN=ey\S+\nOTHER="x y"\n/);
    for (const path of [json, dotenv]) {
      expect(await modeOf(path)).toBe(0o600);
      expect(await readdir(dirname(path))).toEqual(['.env']);
    }
    expect((await at.stored()).keep).toBeUndefined();
  });

  test('does not write through a link, or over another kind of file', async () => {
    await using at = await signedIn();
    const target = join(at.home, 'target.json');
    const link = join(at.home, 'link.json');
    await writeFile(target, '{}');
    await symlink(target, link);
    expect(await at.run(['export', '--output', link])).toMatchObject({ code: 6, stdout: '' });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readlink(link)).toBe(target);
    expect(await readFile(target, 'utf8')).toBe('{}');

    expect(await at.run(['export', '--output', link, '--keep'])).toMatchObject({ code: 6, stdout: '' });
    expect(await at.run(['export', '--output', at.home])).toMatchObject({ code: 6, stdout: '' });
    expect(await at.run(['export', '--output', join(at.home, 'gone/x')])).toMatchObject({ code: 6, stdout: '' });
    await writeFile(target, 'not { JSON');
    expect(await at.run(['export', '--output', target])).toMatchObject({ code: 2, stdout: '' });
    expect(await readFile(target, 'utf8')).toBe('not { JSON');
    expect((await at.stored()).keep).toBeUndefined();
  });

  test('--keep needs a file', async () => {
    await using at = await signedIn();
    expect(await at.run(['export', '--keep'])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('export --keep', () => {
  test('writes the file again after a refresh, a sign-in and an import, 0600, with other keys kept', async () => {
    await using at = await signedIn();
    const path = await kept(at, { mine: { deep: true } });
    const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['a refresh', () => at.run(['refresh'])],
      [
        'an expiry',
        () => {
          at.pass(LIFETIME);
          return at.run(['token']);
        },
      ],
      [
        'an expiry at the provider',
        () => {
          at.sandbox.clock.step(LIFETIME * 1000);
          return at.run(['api', '/1/user/-/profile.json']);
        },
      ],
      ['a sign-in', () => at.signIn()],
      [
        'an import',
        async () => {
          const { refresh_token, client_id } = await at.stored();
          const input = JSON.stringify({ client_id, access_token: 'imported', refresh_token });
          return at.run(['import', '-', '--replace', '--sandbox', at.sandbox.origin], { input });
        },
      ],
    ];
    for (const [what, change] of changes) {
      const before = await tokensIn(path);
      await chmod(path, 0o644);
      await change();
      expect(await tokensIn(path), what).toEqual(await tokensOf(at));
      expect(await tokensIn(path), what).not.toEqual(before);
      expect(JSON.parse(await readFile(path, 'utf8')), what).toMatchObject({ mine: { deep: true } });
      expect(await modeOf(path), what).toBe(0o600);
    }
    expect(at.notices).toEqual([]);
  });

  test('is remembered once for each file, and a relative path is made absolute', async () => {
    await using at = await signedIn();
    const path = await kept(at);
    await kept(at);
    await exportProfile({ format: 'dotenv', output: `${path}.sh`, keep: true }, at.runtimeOptions);
    expect((await at.stored()).keep).toEqual([
      { format: 'notebook', path },
      { format: 'dotenv', path: `${path}.sh` },
    ]);
    await at.run(['refresh']);
    const { access_token } = await at.stored();
    expect(await readFile(`${path}.sh`, 'utf8')).toContain(`FITBIT_ACCESS_TOKEN=${access_token}`);
    expect(await tokensIn(path)).toMatchObject({ access_token });
  });

  test('replaces the file atomically: a reader never sees half of it', async () => {
    await using at = await signedIn();
    const path = await kept(at);
    // Open until the end, so that no other file can be given its number.
    await using first = await open(path);
    let done = false;
    const reading = (async () => {
      const seen = new Set<unknown>();
      while (!done) {
        seen.add((await tokensIn(path)).access_token);
        await setImmediate();
      }
      return seen;
    })();
    const stored = [(await at.stored()).access_token];
    for (let round = 0; round < 5; round += 1) {
      await at.run(['refresh']);
      stored.push((await at.stored()).access_token);
    }
    done = true;
    for (const seen of await reading) expect(stored).toContain(seen);
    expect((await stat(path)).ino).not.toBe((await first.stat()).ino);
  });

  test.each([
    ['a directory in its place', async (path: string) => void (await mkdir(path))],
    ['a link in its place', (path: string) => symlink('/dev/null', path)],
    ['a file that is something else', (path: string) => writeFile(path, 'not { JSON')],
  ])('that cannot be written costs no token, and is reported on stderr: %s', async (_name, spoil) => {
    await using at = await signedIn();
    const path = join(at.home, 'kept.json');
    expect(await at.run(['export', '--output', path, '--keep'])).toMatchObject({ code: 0 });
    await rm(path);
    await spoil(path);
    const { ino, mtimeMs } = await lstat(path);
    at.pass(LIFETIME);
    const { code, stdout, stderr } = await at.run(['token']);
    expect([code, stdout]).toEqual([0, `${(await at.stored()).access_token}\n`]);
    expect(stderr).toContain(path);
    expect(at.sandbox.isLive((await at.stored()).refresh_token)).toBe(true);
    expect(await lstat(path)).toMatchObject({ ino, mtimeMs });
  });

  test('a directory that is gone costs no token either, and the file is back once it is', async () => {
    await using at = await signedIn();
    const path = join(at.home, 'dir/.env');
    await mkdir(dirname(path));
    await at.run(['export', '--output', path, '--keep']);
    await rm(dirname(path), { recursive: true });
    expect((await at.run(['refresh'])).stderr).toContain('dir/.env');
    await mkdir(dirname(path));
    expect(await at.run(['refresh'])).toMatchObject({ code: 0, stderr: '' });
    expect(await tokensIn(path)).toEqual(await tokensOf(at));
  });
});
