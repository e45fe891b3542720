import { chmod, chown, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { writeOutside } from '../../src/store/outside-file.ts';
import { encodeProfile } from '../../src/store/profile-file.ts';
import { failing, isPosix, isRoot, modeOf, NOBODY, named, noteOf, PROFILE, run, test } from './store-surroundings.ts';

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
    expect((await failing(store.remove('default'))).code).toBe('STORE_UNAVAILABLE');
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
    await store.update('default', async ({ save }) => {
      await symlink(target, store.location('default'));
      await save(PROFILE);
    });
    expect(await readFile(target, 'utf8')).toBe('untouched');
    expect((await lstat(store.location('default'))).isFile()).toBe(true);
  });

  test.for(['.default.lock', '.default.new'])(
    'plants a link or a file at %s: nothing goes through it',
    async (name, { root, directory, store }) => {
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

  test('a config directory that is a link is the own choice of its owner', async ({ root, put }) => {
    await mkdir(join(root, 'dotfiles'), { mode: 0o700 });
    await symlink(join(root, 'dotfiles'), join(root, 'config'));
    await put('default', PROFILE);
    expect(await readdir(join(root, 'dotfiles', 'profiles'))).toEqual(['default.json']);
  });

  test('§16 a file and a directory that are too open are named on reading, and closed by the next change', async ({
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
    async ({ directory, plant, refusedUntouched }) => {
      const path = await plant(encodeProfile(PROFILE), 0o644);
      await chmod(path, 0o644);
      await chown(path, NOBODY, NOBODY);
      expect((await refusedUntouched(path)).message).toContain(`${path} belongs to another user (${NOBODY})`);
      expect(await modeOf(path)).toBe('644');
      await chown(path, 0, 0);
      await chown(directory, NOBODY, NOBODY);
      expect((await refusedUntouched(path)).message).toContain(`${directory} belongs to another user`);
      expect(await readdir(directory)).toEqual(['default.json']);
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
        await expect(store.update('default', async () => {})).rejects.toThrow('belongs to another user');
      }
      // Files that the test's own workers have opened meanwhile are few.
      expect(await open()).toBeLessThan(before + 10);
    },
  );
});
