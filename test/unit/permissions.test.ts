import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { inspect } from '../../src/store/permissions.ts';

test.skipIf(process.platform === 'win32').each([
  ['FAT', 0x4d44, true],
  ['SMB 3', 0xfe534d42, true],
  ['a disk of Windows in its Linux', 0x01021997, true],
  ['ext4', 0xef53, false],
] as const)('a directory on %s that others can open: keeps no modes? %s → %s', async (_name, type, keepsNoModes) => {
  const directory = await mkdtemp(join(tmpdir(), 'modes-'));
  try {
    await chmod(directory, 0o755);
    const found = await inspect(directory, 'directory', {}, async () => ({ type, bavail: 3, bsize: 1024 }));
    expect(found).toEqual({ exists: true, openMode: '0755', freeBytes: 3072, keepsNoModes });
  } finally {
    await rm(directory, { recursive: true });
  }
});
