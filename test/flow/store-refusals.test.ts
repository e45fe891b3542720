import { chmod, chown, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, expect } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { writeOutside } from '../../src/store/atomic-file.ts';
import { encodeProfile } from '../../src/store/codec.ts';
import {
  failing,
  isPosix,
  isRoot,
  modeOf,
  NOBODY,
  named,
  noteOf,
  OTHER_USER,
  PROFILE,
  run,
  test,
} from './store-fixture.ts';

describe('a file that is not right is refused and left alone', () => {
  const CASES: readonly (readonly [string, string, ErrorCode])[] = [
    ['damaged', '{"version":1,', 'STORE_DAMAGED'],
    ['newer', '{"version":2,"client":{}}', 'STORE_VERSION'],
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
  ];

  test.for(CASES)('%s', async ([what, content, code], { directory, store, plant, refusedUntouched }) => {
    const path = await plant(content);
    if (!what.includes('written again')) expect((await failing(store.read('default'))).code).toBe(code);
    const error = await refusedUntouched(path);
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a directory or a pipe in its place is not waited for', async ({ store, put }) => {
    await mkdir(store.location('default'), { recursive: true });
    expect((await failing(store.read('default'))).code).toBe('STORE_UNAVAILABLE');
    expect((await failing(put('default', PROFILE))).code).toBe('STORE_UNAVAILABLE');
    if (!isPosix) return;
    await run('mkfifo', [store.location('pipe')]);
    expect((await failing(store.read('pipe'))).message).toContain('is not a file');
    expect((await failing(put('pipe', PROFILE))).message).toContain('is not a file');
  });

  test('a file in the place of the config directory', async ({ root, store, put }) => {
    await writeFile(join(root, 'config'), '');
    expect((await failing(store.read('default'))).code).toBe('STORE_UNAVAILABLE');
    expect((await failing(put('default', PROFILE))).code).toBe('STORE_UNAVAILABLE');
  });
});

describe.runIf(isPosix)('another user of the same machine, on disk', () => {
  test('plants a symbolic link at the profile: reading may go through it, writing never does', async ({
    root,
    directory,
    store,
    refusedUntouched,
  }) => {
    const target = join(root, 'elsewhere.json');
    await writeFile(target, encodeProfile(named('elsewhere')), { mode: 0o600 });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await symlink(target, store.location('default'));
    expect(noteOf(await store.read('default'))).toBe('elsewhere');
    const error = await refusedUntouched(target);
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toContain(`${store.location('default')} is a symbolic link`);
    expect((await failing(store.lock('default', { forRemoval: true }))).code).toBe('STORE_UNAVAILABLE');
    expect((await failing(store.rename('default', 'x'))).code).toBe('STORE_UNAVAILABLE');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('plants a link that leads nowhere: nothing is created where it points', async ({
    root,
    directory,
    store,
    put,
  }) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await symlink(join(root, 'nowhere.json'), store.location('default'));
    expect((await failing(put('default', PROFILE))).code).toBe('STORE_UNAVAILABLE');
    expect(await readdir(root)).toEqual(['config']);
  });

  test('plants a link at the profile while the change is under way: the link is replaced, not followed', async ({
    root,
    store,
  }) => {
    const target = join(root, 'target');
    await writeFile(target, 'untouched');
    await using locked = await store.lock('default');
    await symlink(target, store.location('default'));
    await locked.commit(PROFILE);
    expect(await readFile(target, 'utf8')).toBe('untouched');
    expect((await lstat(store.location('default'))).isFile()).toBe(true);
  });

  test('plants a link or a file at the lock: nothing goes through it', async ({ root, directory, store }) => {
    const target = join(root, 'target');
    await mkdir(target);
    await writeFile(join(target, 'precious.tmp'), 'untouched');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const planted = join(directory, '.default.lock');
    for (const plantIt of [
      () => symlink(target, planted),
      () => symlink(join(root, 'no'), planted),
      () => writeFile(planted, ''),
    ]) {
      await plantIt();
      const error = await failing(store.lock('default'));
      expect(error.code).toBe('STORE_UNAVAILABLE');
      expect(error.message).toContain(planted);
      await rm(planted);
    }
    expect(await readdir(target)).toEqual(['precious.tmp']);
    expect(await readdir(directory)).toEqual([]);
  });

  test('plants a link where a temporary file of ours could be: it is removed, and nothing goes through it', async ({
    root,
    directory,
    put,
  }) => {
    await writeFile(join(root, 'target'), 'untouched');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await symlink(join(root, 'target'), join(directory, '.default.json.0123456789abcdef.tmp'));
    await put('default', PROFILE);
    expect(await readFile(join(root, 'target'), 'utf8')).toBe('untouched');
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a config directory that is a link is its owner’s choice', async ({ root, put }) => {
    await mkdir(join(root, 'dotfiles'), { mode: 0o700 });
    await symlink(join(root, 'dotfiles'), join(root, 'config'));
    await put('default', PROFILE);
    expect(await readdir(join(root, 'dotfiles', 'profiles'))).toEqual(['default.json']);
  });

  test('can open a file and a directory: reading closes both, and says so once', async ({
    directory,
    notices,
    store,
    plant,
  }) => {
    const path = await plant(encodeProfile(PROFILE));
    await chmod(path, 0o644);
    await chmod(directory, 0o755);
    await store.read('default');
    await store.read('default');
    expect(notices).toEqual([
      expect.stringContaining(`${directory} was readable by other users (0755); it is 0700 now`),
      expect.stringContaining(`${path} was readable by other users (0644); it is 0600 now`),
    ]);
    expect([await modeOf(path), await modeOf(directory)]).toEqual(['600', '700']);
  });

  test.for([
    [0o777, '700'],
    [0o720, '700'],
    [0o755, '755'],
    [0o1777, '777'],
  ] as const)(
    'can write to the config directory (mode %o): reading closes it, but no other',
    async ([mode, then], { directory, notices, store, plant }) => {
      await plant(encodeProfile(PROFILE));
      await chmod(dirname(directory), mode);
      expect((await store.read('default'))?.client.id).toBe('ABC123');
      expect([await modeOf(dirname(directory)), notices.length]).toEqual([then, then === '700' ? 1 : 0]);
    },
  );

  test('can open a directory without a file yet: the first change closes it', async ({ directory, notices, put }) => {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o750);
    await put('default', PROFILE);
    expect([notices.length, await modeOf(directory)]).toEqual([1, '700']);
  });

  test.skipIf(!isRoot)(
    'owns the file, its directory or the config directory: nothing in it is believed or changed (needs root)',
    async ({ directory, store, plant, refusedUntouched }) => {
      const path = await plant(encodeProfile(PROFILE), 0o644);
      for (const one of [path, directory, dirname(directory)]) {
        await chown(one, OTHER_USER, OTHER_USER);
        const error = await failing(store.read('default'));
        expect([error.code, error.message]).toEqual([
          'STORE_UNAVAILABLE',
          expect.stringContaining(`${one} belongs to another user (${OTHER_USER})`),
        ]);
        expect(await store.list()).toMatchObject([{ error: { code: 'STORE_UNAVAILABLE' } }]);
        expect((await refusedUntouched(path)).code).toBe('STORE_UNAVAILABLE');
        await chown(one, 0, 0);
      }
    },
  );

  test.skipIf(!isRoot)(
    'owns the file, but the kernel cannot name the user: read, and neither changed nor replaced (needs root)',
    async ({ store, plant, refusedUntouched }) => {
      const path = await plant(encodeProfile(PROFILE), 0o644);
      await chmod(path, 0o644);
      await chown(path, NOBODY, NOBODY);
      expect((await store.read('default'))?.client.id).toBe('ABC123');
      expect((await refusedUntouched(path)).message).toContain(`${path} belongs to another user (${NOBODY})`);
      expect(await modeOf(path)).toBe('644');
    },
  );

  test.skipIf(!isRoot || process.platform !== 'linux')(
    'a refusal leaves no file open behind it (needs root)',
    async ({ directory, store, plant }) => {
      await mkdir(directory, { recursive: true });
      const outside = join(directory, 'kept.json');
      await writeFile(outside, '{}');
      await chown(outside, NOBODY, NOBODY);
      const path = await plant(encodeProfile(PROFILE));
      await chown(path, NOBODY, NOBODY);
      const open = async () => (await readdir('/proc/self/fd')).length;
      const before = await open();
      for (let round = 0; round < 20; round += 1) {
        await expect(writeOutside(outside, '{}')).rejects.toThrow('belongs to another user');
        await expect(store.lock('default')).rejects.toThrow('belongs to another user');
      }
      // Files that the test's own workers have opened meanwhile are few.
      expect(await open()).toBeLessThan(before + 10);
    },
  );
});
