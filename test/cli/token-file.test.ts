import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, type ProgramFixture, programFixture, robotBrowser } from './program.ts';

let at: ProgramFixture;
beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
  expect((await at.run(at.login())).exit).toBe(0);
});
afterAll(() => at[Symbol.asyncDispose]());

const exec = (script: string) =>
  at.start(['exec', '--token-file', '--', 'sh', '-c', script], { input: { left: 'open' } });
/** The path that the command prints first, on stderr. */
async function begun(program: Program) {
  const [, path = ''] = await program.says(/^BEGUN (.*)$/m);
  return { path };
}
const BEGIN = 'echo BEGUN "$FITBIT_TOKEN_FILE" >&2';

describe.skipIf(process.platform === 'win32')('exec --token-file', () => {
  test('the command reads a working token, its exit code is ours, and the file is gone afterwards', async () => {
    const { exit, stdout, stderr } = await exec('cat "$FITBIT_TOKEN_FILE"; echo " $FITBIT_USER_ID"; exit 7').ended;
    expect({ exit, stderr }).toEqual({ exit: 7, stderr: '' });
    expect(stdout).toBe(`${JSON.parse(await at.stored()).access_token} WALK01\n`);
    expect(await readdir(join(at.home, 'run'))).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)(
    '%s goes to the command; the file is gone when that has ended',
    async (signal) => {
      const program = exec(
        `trap 'cat "$FITBIT_TOKEN_FILE" >/dev/null && exit 9' TERM HUP; ${BEGIN}; while :; do sleep 0.1; done`,
      );
      const { path } = await begun(program);
      program.child.kill(signal);
      expect((await program.ended).exit).toBe(9);
      expect(existsSync(path)).toBe(false);
    },
  );

  test('killed with SIGKILL: the watcher removes the file, and the command continues without it', async () => {
    const program = exec(`${BEGIN}; while test -e "$FITBIT_TOKEN_FILE"; do sleep 0.1; done; echo GONE >&2`);
    const { path } = await begun(program);
    expect(await readFile(path, 'utf8')).toMatch(/\S{20}/);
    program.child.kill('SIGKILL');
    // Said by the command, after its parent has died.
    await program.says(/GONE/);
    await program.ended;
  });

  test('a command that does not exist leaves no file', async () => {
    const { exit } = await at.run(['exec', '--token-file', '--', '/nowhere/command']);
    expect(exit).toBe(127);
    expect(await readdir(join(at.home, 'run'))).toEqual([]);
  });
});
