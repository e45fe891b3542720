import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { fileStore } from '../../src/store/file-store.ts';
import type { Profile } from '../../src/store/profile.ts';
import { encodeProfile } from '../../src/store/profile-file.ts';
import type { ProfileStore } from '../../src/store/store.ts';

const PROFILE: Profile = {
  provider: 'fitbit',
  client: { id: 'ABC123', secret: new Secret('client-secret') },
  redirectUris: ['http://127.0.0.1:8976/callback'],
  requestedScopes: ['sleep'],
  tokens: {
    accessToken: new Secret('access'),
    refreshToken: new Secret('refresh'),
    tokenType: 'Bearer',
    scopes: ['sleep'],
    obtainedAt: new Date('2026-01-31T12:00:00Z'),
  },
};
const named = (note: string): Profile => ({ ...PROFILE, extra: { note } });
const noteOf = (profile: Profile | undefined) => profile?.extra?.note;

const isRoot = userInfo().uid === 0;
const isPosix = process.platform !== 'win32';

let root: string;
let directory: string;
let notices: string[];
let store: ProfileStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'store-'));
  directory = join(root, 'config', 'profiles');
  notices = [];
  store = fileStore({ directory, onNotice: (text) => notices.push(text) });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const put = (name: string, profile: Profile) => store.update(name, ({ save }) => save(profile));
const modeOf = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);

/** The error of something that must fail. */
async function failing(doing: Promise<unknown>): Promise<AuthError> {
  const error = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AuthError) return error;
  throw new Error(`It did not fail as it should: ${error}`);
}

/** That an update fails before its change is called, and leaves `path` byte for byte as it was. */
async function refusedUntouched(path: string, name = 'default'): Promise<AuthError> {
  const before = await readFile(path);
  let called = false;
  const error = await failing(
    store.update(name, async ({ save }) => {
      called = true;
      await save(PROFILE);
    }),
  );
  expect(called).toBe(false);
  expect((await readFile(path)).equals(before)).toBe(true);
  return error;
}

async function plant(content: string | Uint8Array, mode = 0o600): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(store.location('default'), content, { mode });
  return store.location('default');
}

describe('the file store', () => {
  test('has nothing at first, and creates nothing by looking', async () => {
    expect(await store.read('default')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    expect(await store.remove('default')).toBe(false);
    expect(await readdir(root)).toEqual([]);
  });

  test('gives back what was saved, and hands the newest to the next change', async () => {
    await put('default', PROFILE);
    expect((await store.read('default'))?.tokens?.accessToken.reveal()).toBe('access');
    expect(await store.update('default', async ({ current }) => current?.client.id)).toBe('ABC123');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a change that stores nothing, or throws, leaves the profile as it was and nothing beside it', async () => {
    await put('default', named('old'));
    const cause = new Error('the provider said no');
    const failed = store.update('default', () => Promise.reject(cause));
    await expect(failed).rejects.toBe(cause);
    expect(noteOf(await store.read('default'))).toBe('old');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('what is noted is stored at once, and what is saved replaces it', async () => {
    await store.update('default', async ({ note, save }) => {
      for (const step of ['first', 'second']) {
        await note(named(step));
        expect(noteOf(await store.read('default'))).toBe(step);
      }
      await save(named('saved'));
      await expect(save(named('again'))).rejects.toThrow('only once');
    });
    expect(noteOf(await store.read('default'))).toBe('saved');
  });

  test('updates of one process follow one another', async () => {
    await Promise.all(
      Array.from({ length: 12 }, () =>
        store.update('default', ({ current, save }) =>
          save({ ...PROFILE, extra: { count: Number(current?.extra?.count ?? 0) + 1 } }),
        ),
      ),
    );
    expect((await store.read('default'))?.extra?.count).toBe(12);
  });

  test('lists by name, with the error of what cannot be read, and nothing that is no profile', async () => {
    await put('b', PROFILE);
    await put('B', PROFILE);
    await put('a', PROFILE);
    await writeFile(join(directory, 'broken.json'), '{');
    await writeFile(join(directory, '.a.json'), '{}');
    await writeFile(join(directory, 'con.json'), '{}');
    await writeFile(join(directory, 'notes.txt'), '');
    await mkdir(join(directory, 'nested.json'));
    await mkdir(join(directory, '.a.lock'));
    const listed = await store.list();
    expect(listed.map(({ name }) => name)).toEqual(['B', 'a', 'b', 'broken']);
    expect(listed[3]).toMatchObject({ error: { code: 'STORE_DAMAGED' } });
  });

  test('lists 10,000 profiles', async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const text = encodeProfile(PROFILE);
    const names = Array.from({ length: 10_000 }, (_, index) => `p${String(index).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 500) {
      const batch = names.slice(from, from + 500);
      await Promise.all(batch.map((name) => writeFile(store.location(name), text, { mode: 0o600 })));
    }
    const listed = await store.list();
    expect(listed.map(({ name }) => name)).toEqual(names);
    expect(listed.every((entry) => 'profile' in entry)).toBe(true);
  });

  test('removes, also what is damaged', async () => {
    const path = await plant('{');
    expect(await store.remove('default')).toBe(true);
    expect(await store.remove('default')).toBe(false);
    await expect(lstat(path)).rejects.toThrow('ENOENT');
    expect(await readdir(directory)).toEqual([]);
  });

  test('renames, keeps the mode, and never overwrites', async () => {
    await put('a', named('a'));
    await put('b', named('b'));
    expect((await failing(store.rename('a', 'b'))).code).toBe('USAGE');
    expect((await failing(store.rename('nobody', 'c'))).code).toBe('NOT_SIGNED_IN');
    expect((await failing(store.rename('a', '../c'))).code).toBe('USAGE');
    await store.rename('a', 'c');
    expect((await store.list()).map(({ name }) => name)).toEqual(['b', 'c']);
    expect(noteOf(await store.read('c'))).toBe('a');
    if (isPosix) expect(await modeOf(store.location('c'))).toBe('600');
    expect((await readdir(directory)).sort()).toEqual(['b.json', 'c.json']);
  });

  test('renames that cross each other both end', async () => {
    await put('a', PROFILE);
    const [one, other] = await Promise.allSettled([store.rename('a', 'b'), store.rename('b', 'a')]);
    expect([one.status, other.status]).toContain('fulfilled');
    expect(await store.list()).toHaveLength(1);
  });
});

describe('a file that is not right is refused and left alone', () => {
  const NEWER = '{"version":2,"client":{}}';

  test.each([
    ['damaged', '{"version":1,', 'STORE_DAMAGED'],
    ['newer', NEWER, 'STORE_VERSION'],
    ['empty', '', 'STORE_DAMAGED'],
    ['too large', `${encodeProfile(PROFILE)}${' '.repeat(1024 * 1024)}`, 'STORE_DAMAGED'],
    [
      'too large to be written again',
      JSON.stringify({ ...JSON.parse(encodeProfile(PROFILE)), x: 'x'.repeat(1_000_000) }),
      'STORE_DAMAGED',
    ],
    [
      'nested too deeply to be written again',
      encodeProfile(PROFILE).replace(/\}\n$/, `,"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`),
      'STORE_DAMAGED',
    ],
  ])('%s', async (what, content, code) => {
    const path = await plant(content);
    if (!what.includes('written again')) expect((await failing(store.read('default'))).code).toBe(code);
    const error = await refusedUntouched(path);
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a directory or a pipe in its place is not waited for', async () => {
    await mkdir(store.location('default'), { recursive: true });
    expect((await failing(store.read('default'))).code).toBe('STORE_UNAVAILABLE');
    expect((await failing(put('default', PROFILE))).code).toBe('STORE_UNAVAILABLE');
    if (!isPosix) return;
    await promisify(execFile)('mkfifo', [store.location('pipe')]);
    expect((await failing(store.read('pipe'))).message).toContain('is not a file');
    expect((await failing(put('pipe', PROFILE))).message).toContain('is not a file');
  });

  test('a file in the place of the config directory', async () => {
    await writeFile(join(root, 'config'), '');
    expect((await failing(store.read('default'))).code).toBe('STORE_UNAVAILABLE');
    expect((await failing(put('default', PROFILE))).code).toBe('STORE_UNAVAILABLE');
  });
});

describe.runIf(isPosix)('another user of the same machine, on disk', () => {
  test('plants a symbolic link at the profile: reading may go through it, writing never does', async () => {
    const target = join(root, 'elsewhere.json');
    await writeFile(target, encodeProfile(named('elsewhere')), { mode: 0o600 });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await symlink(target, store.location('default'));
    expect(noteOf(await store.read('default'))).toBe('elsewhere');
    const error = await refusedUntouched(target);
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toContain(`${store.location('default')} is a symbolic link`);
    expect((await failing(store.remove('default'))).code).toBe('STORE_UNAVAILABLE');
    expect((await failing(store.rename('default', 'x'))).code).toBe('STORE_UNAVAILABLE');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('plants a link that leads nowhere: nothing is created where it points', async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await symlink(join(root, 'nowhere.json'), store.location('default'));
    expect((await failing(put('default', PROFILE))).code).toBe('STORE_UNAVAILABLE');
    expect(await readdir(root)).toEqual(['config']);
  });

  test('plants a link at the profile while the change is under way: the link is replaced, not followed', async () => {
    const target = join(root, 'target');
    await writeFile(target, 'untouched');
    await store.update('default', async ({ save }) => {
      await symlink(target, store.location('default'));
      await save(PROFILE);
    });
    expect(await readFile(target, 'utf8')).toBe('untouched');
    expect((await lstat(store.location('default'))).isFile()).toBe(true);
  });

  test.each(['.default.lock', '.default.new'])(
    'plants a link or a file at %s: nothing goes through it',
    async (name) => {
      const target = join(root, 'target');
      await mkdir(target);
      await writeFile(join(target, 'precious.tmp'), 'untouched');
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const planted = join(directory, name);
      for (const plantIt of [
        () => symlink(target, planted),
        () => symlink(join(root, 'no'), planted),
        () => writeFile(planted, ''),
      ]) {
        await plantIt();
        let called = false;
        const error = await failing(
          store.update('default', async () => {
            called = true;
          }),
        );
        expect([error.code, called]).toEqual(['STORE_UNAVAILABLE', false]);
        expect(error.message).toContain(planted);
        await rm(planted);
      }
      expect(await readdir(target)).toEqual(['precious.tmp']);
      expect(await readdir(directory)).toEqual([]);
    },
  );

  test('a config directory that is a link is the own choice of its owner', async () => {
    await mkdir(join(root, 'dotfiles'), { mode: 0o700 });
    await symlink(join(root, 'dotfiles'), join(root, 'config'));
    await put('default', PROFILE);
    expect(await readdir(join(root, 'dotfiles', 'profiles'))).toEqual(['default.json']);
  });

  test('§16 a file and a directory that are too open are named on reading, and closed by the next change', async () => {
    const path = await plant(encodeProfile(PROFILE));
    await chmod(path, 0o644);
    await chmod(directory, 0o755);
    await store.read('default');
    await store.read('default');
    expect(notices).toHaveLength(2);
    expect(notices.join()).toContain(`${path} is open to others (mode 0644)`);
    expect(notices.join()).toContain(`${directory} is open to others (mode 0755)`);
    expect([await modeOf(path), await modeOf(directory)]).toEqual(['644', '755']);
    await store.update('default', async () => {});
    expect([await modeOf(path), await modeOf(directory)]).toEqual(['600', '700']);
    expect(notices.slice(2).join()).toContain('its mode is 0600 now');
  });

  test.skipIf(!isRoot)(
    'a file, or a directory, that belongs to somebody else is refused and left as it is (needs root)',
    async () => {
      const path = await plant(encodeProfile(PROFILE), 0o644);
      await chmod(path, 0o644);
      await chown(path, 65534, 65534);
      expect((await refusedUntouched(path)).message).toContain(`${path} belongs to another user (65534)`);
      expect(await modeOf(path)).toBe('644');
      await chown(path, 0, 0);
      await chown(directory, 65534, 65534);
      expect((await refusedUntouched(path)).message).toContain(`${directory} belongs to another user`);
      expect(await readdir(directory)).toEqual(['default.json']);
    },
  );
});
