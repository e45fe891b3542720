import { execFile } from 'node:child_process';
import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether this process may mount: root on Linux, where no container forbids it. */
export async function canMount(probe: string): Promise<boolean> {
  return mount(probe).then(
    () => unmount(probe).then(() => true),
    () => false,
  );
}

/** A file system of one MiB and 64 inodes, in memory, at a path where nothing is. */
export async function mount(path: string): Promise<void> {
  await mkdir(path);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=64,mode=755', 'tmpfs', path]);
}

export async function makeReadOnly(path: string): Promise<void> {
  await run('mount', ['-o', 'remount,ro', path]);
}

export async function unmount(path: string): Promise<void> {
  await run('umount', [path]);
}

/** Leaves `free` bytes. */
export async function fill(path: string, free: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  await writeFile(join(path, 'full'), Buffer.alloc(Math.max(0, bavail * bsize - free)));
}

/** Leaves room for bytes, but for no other file. */
export async function useUpInodes(path: string): Promise<void> {
  for (let index = 0; (await statfs(path)).ffree > 0; index += 1) await writeFile(join(path, `full-${index}`), '');
}
