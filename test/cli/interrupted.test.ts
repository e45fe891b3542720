import { readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectFailure } from './failure.ts';
import { type Desk, desk, person } from './program.ts';

let at: Desk;
let old = '';
beforeAll(async () => {
  at = await desk(await person('allow'));
});
beforeEach(async () => {
  at.sandbox.faults.clear();
  await rm(dirname(at.file), { recursive: true, force: true });
  old = await at.plant();
});
afterAll(() => at[Symbol.asyncDispose]());

describe('130: interrupted', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s while waiting', async (signal) => {
    const program = at.start(at.login('--no-browser'));
    await program.address();
    program.child.kill(signal);
    const ended = await program.ended;
    expectFailure(ended, { exit: 130, code: 'INTERRUPTED', hint: 'when you are ready' }, false);
    expect(ended.stderr).toContain('untouched');
    expect(await at.stored()).toBe(old);
    expect(await readdir(dirname(at.file))).toEqual(['default.json']);
  });

  test('--json: stdout says so', async () => {
    const program = at.start(at.login('--no-browser', '--json'));
    await program.address();
    program.child.kill('SIGINT');
    expectFailure(await program.ended, { exit: 130, code: 'INTERRUPTED', hint: 'when you are ready' }, true);
  });

  test('a second signal ends at once what the first one let finish', async () => {
    at.sandbox.faults.add({ at: 'token', kind: 'hang' });
    const program = at.start(at.login());
    await program.says(/The answer has arrived/);
    // Two of one kind could become one on their way.
    program.child.kill('SIGINT');
    program.child.kill('SIGTERM');
    expect((await program.ended).exit).toBe(130);
    expect(await at.stored()).toBe(old);
  });
});
