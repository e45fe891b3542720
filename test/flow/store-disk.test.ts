import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { encodeProfile } from '../../src/store/codec.ts';
import { some } from '../extent.ts';
import { counting, isRoot, modeOf, mount, NOBODY, run, test } from './store-fixture.ts';

describe.concurrent('§16 what a change writes is its owner’s alone from the first byte', () => {
  test.for(some(['777', '000', '022'], 1))('under umask %s', async (umask, { root, start }) => {
    const home = join(root, 'home');
    const directory = join(home, 'profiles');
    // Under this umask not even the owner can enter new directories: it is for the files.
    if (umask === '777') await mkdir(directory, { recursive: true, mode: 0o700 });
    const holder = start(['hold', directory, 'default', `umask=${umask}`]);
    await holder.says('holds');
    const modes = new Map<string, string>();
    for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
      modes.set(entry.name, await modeOf(join(entry.parentPath, entry.name)));
    }
    modes.delete('.default.lock'); // an empty directory, in one that only its owner can enter
    expect([...modes.keys()].filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
    for (const [name, mode] of modes) expect(`${name} ${mode}`).toBe(`${name} ${name.endsWith('.tmp') ? 600 : 700}`);
    holder.goOn();
    expect(await holder.ended()).toContain('done');
    expect(await modeOf(join(directory, 'default.json'))).toBe('600');
  });
});

describe.concurrent('the machine: no space on disk', () => {
  test('a full file system: locking fails, and a profile can still be deleted', async ({ root, start, skip }) => {
    const directory = (await mount(root, 'size=64k')) ?? skip('needs the right to mount');
    const path = join(directory, 'default.json');
    await writeFile(path, encodeProfile(counting(7)), { mode: 0o600 });
    const [line] = await start(['try', directory, 'default']).ended();
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*default\.json: .*\(ENOSPC\)\.$/);
    expect(await readFile(path, 'utf8')).toBe(encodeProfile(counting(7)));
    expect(await readdir(directory)).toEqual(['default.json']);
    await writeFile(join(directory, 'rest'), Buffer.alloc(64 * 1024)).catch(() => {});
    expect(await start(['remove', directory, 'default']).ended()).toEqual(['done']);
  });

  test('a limit on the size of files: locking fails', async ({ directory, start }) => {
    const [line] = await start(['try', directory, 'default'], { wrapper: 'ulimit -f 8' }).ended();
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*EFBIG/);
    expect(await readdir(directory)).toEqual([]);
  });

  test('a read-only directory: locking fails', async ({ root, directory, plant, start }) => {
    const path = await plant(encodeProfile(counting(7)));
    if (isRoot) for (const one of [root, dirname(directory), directory, path]) await chown(one, NOBODY, NOBODY);
    await chmod(directory, 0o500);
    const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const [line] = await start(['try', directory, 'default'], user).ended();
    await chmod(directory, 0o700);
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*\(EACCES\)/);
    expect(await readdir(directory)).toEqual(['default.json']);
    expect(await readFile(path, 'utf8')).toBe(encodeProfile(counting(7)));
  });

  test('a read-only file system: locking fails', async ({ root, start, skip }) => {
    const directory = (await mount(root, 'size=1m')) ?? skip('needs the right to mount');
    await writeFile(join(directory, 'default.json'), encodeProfile(counting(7)), { mode: 0o600 });
    await run('mount', ['-o', 'remount,ro', directory]);
    const [line] = await start(['try', directory, 'default']).ended();
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*read-only file system \(EROFS\)/);
  });
});
