import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRINTING } from '../cli/failure.ts';
import { type ProgramFixture, programFixture, robotBrowser } from '../cli/program.ts';
import { mount, run } from '../flow/store-fixture.ts';

let at: ProgramFixture;
let stored = '';
let full: string | undefined;
beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
  expect((await at.run(at.login())).exit).toBe(0);
  stored = await at.stored();
  const directory = join(at.home, 'full');
  await mkdir(directory);
  full = await mount(directory, 'size=64k');
  if (full === undefined) console.warn('SKIPPED: a full disk, which takes the right to mount one.');
  else await writeFile(join(full, 'filler'), Buffer.alloc(64 * 1024)).catch(() => {});
});
afterAll(async () => {
  if (full !== undefined) await run('umount', [full]);
  await at[Symbol.asyncDispose]();
});

async function ends(typed: string, around: string) {
  for (const name of ['renamed', 'left']) await writeFile(join(dirname(at.file), `${name}.json`), stored);
  await at.run(['profiles', 'delete', 'again']);
  const { exit, stderr } = await at.run(typed.split(' '), { around });
  return { exit, stderr };
}

describe.skipIf(process.platform !== 'linux')('every command that prints', () => {
  test.each(PRINTING)('%s into a file on a full disk: 6', async (typed) => {
    if (full === undefined) return;
    expect(await ends(typed, `exec "$@" > '${full}/out'`)).toEqual({
      exit: 6,
      stderr: expect.stringContaining('ENOSPC'),
    });
  });

  test.each(PRINTING)('%s to an output opened for reading only: 6', async (typed) => {
    expect(await ends(typed, 'exec "$@" 1< /dev/null')).toEqual({ exit: 6, stderr: expect.stringContaining('EBADF') });
  });
});
