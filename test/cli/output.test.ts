import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest, some } from '../extent.ts';
import { PRINTING } from './failure.ts';
import { type ProgramFixture, programFixture, robotBrowser } from './program.ts';

let at: ProgramFixture;
let spare = '';
beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
  expect((await at.run(at.login())).exit).toBe(0);
  spare = join(at.home, 'spare.json');
  await at.run(['export', '--format', 'notebook', '--output', spare]);
  const stored = await at.stored();
  for (const name of ['renamed', 'left']) {
    await writeFile(join(dirname(at.file), `${name}.json`), stored, { mode: 0o600 });
  }
});
afterAll(() => at[Symbol.asyncDispose]());

describe.skipIf(process.platform !== 'linux')('a result that could not be written', () => {
  test.each(some(PRINTING, 4))('%s > /dev/full: a sentence, and 6', async (typed) => {
    const { exit, stderr } = await at.run(typed.split(' '), { around: 'exec "$@" > /dev/full' });
    expect({ exit, stderr }).toEqual({ exit: 6, stderr: expect.stringMatching(/^✗ Can't write .*ENOSPC/m) });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  longTest('login, import and errors as JSON: the same', async () => {
    for (const args of [at.login(), ['import', spare, '--profile', 'taken', '--sandbox', at.sandbox.origin]]) {
      const { exit, stderr } = await at.run(args, { around: 'exec "$@" > /dev/full' });
      expect({ exit, stderr }).toEqual({ exit: 6, stderr: expect.stringContaining('ENOSPC') });
    }
    const { exit, stderr } = await at.run(['status', '--json', '--profile', 'absent'], {
      around: 'exec "$@" > /dev/full',
    });
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining('login --profile absent') });
  });

  test.each(some(['token', 'token --json', 'status', 'export'], 1))(
    '%s to an output opened for reading only: 6',
    async (typed) => {
      const { exit, stderr } = await at.run(typed.split(' '), { around: 'exec "$@" 1< /dev/null' });
      expect({ exit, stderr }).toEqual({ exit: 6, stderr: expect.stringContaining('EBADF') });
    },
  );

  test.each(some(['token', 'status', '--help'], 1))(
    '%s to a reader that has gone: no failure and no word',
    async (typed) => {
      const { exit, stderr } = await at.run(typed.split(' '), { around: '{ sleep 0.3; "$@"; echo $? >&2; } | :' });
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '0\n' });
    },
  );
});
