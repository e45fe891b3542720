import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  FencedWrite,
  makePrivateDirectory,
  readOutside,
  syncDirectory,
  writeOutside,
} from '../../src/store/atomic-file.ts';

let root: string;
let target: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'atomic-'));
  target = join(root, 'tokens.json');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const content = () => readFile(target, 'utf8');
const modeOf = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);

describe('a fenced write', () => {
  test('reserves the space next to the target, for the owner only', async () => {
    const write = await FencedWrite.reserve(target, 4096);
    const [name = ''] = await readdir(root);
    expect(name).toMatch(/^\.tokens\.json\.[0-9a-f]{16}\.tmp$/);
    const bytes = await readFile(join(root, name));
    expect(bytes).toHaveLength(4096);
    expect(bytes.equals(Buffer.alloc(4096))).toBe(false);
    expect(await modeOf(join(root, name))).toBe('600');
    expect([write.bytes, write.uid]).toEqual([4096, process.geteuid?.() ?? 0]);
    expect(await write.isCurrent()).toBe(true);
    await write.abort();
    expect(await readdir(root)).toEqual([]);
    expect(await write.isCurrent()).toBe(false);
  });

  test('replaces the target whole, whether what was reserved is longer or shorter', async () => {
    for (const [bytes, text] of [
      [4096, 'short'],
      [1, 'longer than what was reserved: ä'],
    ] as const) {
      const write = await FencedWrite.reserve(target, bytes);
      await write.commit(text);
      expect(await content()).toBe(text);
      expect(await readdir(root)).toEqual(['tokens.json']);
      expect(await write.isCurrent()).toBe(true);
      await write.abort();
      expect(await content()).toBe(text);
    }
  });

  test('commits once only', async () => {
    const write = await FencedWrite.reserve(target, 1);
    await write.commit('one');
    await expect(write.commit('two')).rejects.toMatchObject({
      code: 'UNEXPECTED',
      message: expect.stringContaining('only once'),
    });
    expect(await content()).toBe('one');
  });

  test('stores a checkpoint at once, and keeps the reserved space for the commit', async () => {
    const write = await FencedWrite.reserve(target, 64);
    await write.checkpoint('one');
    expect(await content()).toBe('one');
    expect(await readdir(root)).toHaveLength(2);
    expect(await modeOf(target)).toBe('600');
    expect(await write.isCurrent()).toBe(true);
    await write.assertCurrent();
    await write.commit('two');
    expect(await content()).toBe('two');
    expect(await readdir(root)).toEqual(['tokens.json']);
  });

  test('that another process took over writes nothing', async () => {
    await writeFile(target, 'old');
    const write = await FencedWrite.reserve(target, 8);
    const next = await FencedWrite.reserve(target, 8);
    const lost = { code: 'LOCKED', message: expect.stringContaining(target), details: { path: target } };
    expect(await write.isCurrent()).toBe(false);
    await expect(write.assertCurrent()).rejects.toMatchObject(lost);
    await expect(write.checkpoint('late')).rejects.toMatchObject({
      ...lost,
      preserved: expect.stringContaining('nothing'),
      hint: expect.stringContaining('again'),
    });
    await expect(write.commit('late')).rejects.toMatchObject(lost);
    expect(await write.isCurrent()).toBe(false);
    expect(await content()).toBe('old');
    expect(await readdir(root)).toHaveLength(2);
    await write.abort();
    await next.commit('next');
    expect(await content()).toBe('next');
    expect(await readdir(root)).toEqual(['tokens.json']);
  });

  test('takes over nothing but temporary files of its own target', async () => {
    const others = ['.tokens.json.tmp', '.tokens.json.0123456789abcdef.tmp.bak', '.x.tokens.json.0123456789abcdef.tmp'];
    const more = [
      '.token.json.0123456789abcdef.tmp',
      '.tokens.json.x0123456789abcdef.tmp',
      '.tokens.json.0123456789abcdex.tmp',
    ];
    for (const name of [...others, ...more, '.tokens.json.0123456789abcdef.tmp', '.tokens.json.fedcba9876543210.tmp'])
      await writeFile(join(root, name), '');
    const write = await FencedWrite.reserve(target, 1);
    await write.commit('x');
    expect((await readdir(root)).sort()).toEqual([...others, ...more, 'tokens.json'].sort());
  });

  test('says which target has no room, and leaves nothing behind', async () => {
    const nowhere = join(root, 'missing', 'tokens.json');
    await expect(FencedWrite.reserve(nowhere, 1)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(`reserve space for ${nowhere}`),
    });
    // Something that cannot be unlinked stands in the way.
    await mkdir(join(root, '.tokens.json.0123456789abcdef.tmp'));
    await expect(FencedWrite.reserve(target, 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await readdir(root)).toEqual(['.tokens.json.0123456789abcdef.tmp']);
  });

  test('says which target cannot be written, and a checkpoint that fails leaves nothing behind', async () => {
    const write = await FencedWrite.reserve(target, 1);
    await mkdir(target);
    const failed = { code: 'STORE_UNAVAILABLE', message: expect.stringContaining(`write ${target}`) };
    await expect(write.checkpoint('x')).rejects.toMatchObject(failed);
    expect(await readdir(root)).toHaveLength(2);
    await expect(write.commit('x')).rejects.toMatchObject(failed);
    await write.abort();
    expect(await readdir(root)).toEqual(['tokens.json']);
  });

  test.runIf(process.platform === 'linux')('leaves no file open, whatever its end', async () => {
    const open = async () => {
      const names = await readdir('/proc/self/fd');
      return names.length;
    };
    const before = await open();
    const commits = await FencedWrite.reserve(target, 1);
    await commits.checkpoint('x');
    await commits.commit('x');
    await (await FencedWrite.reserve(target, 1)).abort();
    const late = await FencedWrite.reserve(target, 1);
    await (await FencedWrite.reserve(target, 1)).abort();
    await late.checkpoint('x').catch(() => {});
    await late.abort();
    await mkdir(join(root, '.tokens.json.0123456789abcdef.tmp'));
    await FencedWrite.reserve(target, 1).catch(() => {});
    await syncDirectory(root);
    expect(await open()).toBe(before);
  });

  // Node changes the umask in no worker thread, which is what the mutation tests run in.
  test.runIf(isMainThread)('can be written whatever the umask takes', async () => {
    const umask = process.umask(0o777);
    try {
      const write = await FencedWrite.reserve(target, 1);
      await write.commit('x');
    } finally {
      process.umask(umask);
    }
    expect(await modeOf(target)).toBe('600');
  });
});

describe('a file outside the store', () => {
  test('is written whole, for its owner only, and replaced', async () => {
    await writeOutside(target, 'one');
    expect([await content(), await modeOf(target)]).toEqual(['one', '600']);
    await chmod(target, 0o644);
    await writeOutside(target, 'two');
    expect([await content(), await modeOf(target)]).toEqual(['two', '600']);
    expect(await readOutside(target)).toBe('two');
    expect(await readdir(root)).toEqual(['tokens.json']);
  });

  test('is not written through a link', async () => {
    await writeFile(join(root, 'real'), 'untouched');
    await symlink(join(root, 'real'), target);
    await expect(writeOutside(target, 'x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await readFile(join(root, 'real'), 'utf8')).toBe('untouched');
  });

  test.runIf(process.geteuid?.() === 0)('of another user, or in another user’s directory, is left alone', async () => {
    await writeFile(target, 'theirs');
    await chown(target, 12345, 12345);
    await expect(writeOutside(target, 'x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect([await content(), await readdir(root)]).toEqual(['theirs', ['tokens.json']]);
    await unlink(target);
    await chown(root, 12345, 12345);
    await expect(writeOutside(target, 'x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await readdir(root)).toEqual([]);
  });

  test('that is not there is nothing, and one that is too large is refused', async () => {
    expect(await readOutside(target)).toBeUndefined();
    await writeFile(target, Buffer.alloc(1024 * 1024 + 1));
    await expect(readOutside(target)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining(`${target} is larger`),
      hint: expect.stringContaining('path'),
    });
    await rm(target);
    await mkdir(target);
    await expect(readOutside(target)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('behind a link that leads nowhere is an error, not nothing', async () => {
    await symlink(join(root, 'missing'), target);
    await expect(readOutside(target)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

test('directories are made for their owner only, as many as are missing', async () => {
  const path = join(root, 'a', 'b', 'c');
  await makePrivateDirectory(path);
  for (const made of ['a', 'a/b', 'a/b/c']) expect(await modeOf(join(root, made))).toBe('700');
  await makePrivateDirectory(path);
});

test('a directory that is not there cannot be synced', async () => {
  await expect(syncDirectory(join(root, 'missing'))).rejects.toThrow('ENOENT');
});
