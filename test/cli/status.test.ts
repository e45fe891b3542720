import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { some } from '../extent.ts';
import { expectFailure } from './failure.ts';
import { type ProgramFixture, programFixture } from './program.ts';

let at: ProgramFixture;
let old = '';
beforeAll(async () => {
  at = await programFixture();
});
beforeEach(async () => {
  at.sandbox.faults.clear();
  await rm(dirname(at.file), { recursive: true, force: true });
  old = await at.plant();
});
afterAll(() => at[Symbol.asyncDispose]());

describe('status', () => {
  test('3: not signed in', async () => {
    await rm(at.file);
    expectFailure(await at.run(['status']), { exit: 3, code: 'NOT_SIGNED_IN', hint: 'fitbit-login login' }, false);
    expectFailure(
      await at.run(['status', '--json']),
      { exit: 3, code: 'NOT_SIGNED_IN', hint: 'fitbit-login login' },
      true,
    );
    const other = await at.run(['status', '--profile', 'other']);
    expect(other.stderr).toContain('fitbit-login login --profile other');
  });

  test('3: the access token has expired and cannot be refreshed', async () => {
    const { refresh_token: _, ...unrefreshable } = JSON.parse(old);
    await at.plant(JSON.stringify(unrefreshable));
    const { exit, stdout } = await at.run(['status']);
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^✗ Signed out: .*no refresh token/);
  });

  test('0: shows what is stored, as text and as JSON, without tokens', async () => {
    const text = await at.run(['status']);
    expect(text).toMatchObject({ exit: 0, stderr: '' });
    for (const words of ['✓ Signed in to Fitbit (sandbox) as WALK01', 'Renews itself', at.file])
      expect(text.stdout).toContain(words);
    const json = await at.run(['status', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      profile: 'default',
      user_id: 'WALK01',
      session: 'expired',
      refreshable: true,
      scope: ['sleep'],
      expires_at: '2026-01-31T20:00:00.000Z',
      expires_in: 0,
    });
    expect(text.stdout + json.stdout).not.toContain('marked');
  });

  test('--all: every profile by its name, unreadable ones included, without tokens', async () => {
    await writeFile(join(dirname(at.file), 'another.json'), JSON.stringify({ ...JSON.parse(old), user_id: 'OTHER1' }), {
      mode: 0o600,
    });
    await writeFile(join(dirname(at.file), 'broken.json'), '{', { mode: 0o600 });
    const text = await at.run(['status', '--all']);
    expect(text).toMatchObject({ exit: 0, stderr: '' });
    expect(text.stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^PROFILE +ACCOUNT +STATE +NEEDS YOU$/),
      // What needs a person comes first.
      expect.stringMatching(/^broken +- +✗ unreadable +now: /),
      expect.stringMatching(/^another +OTHER1 \(sandbox\) +✓ signed in +no$/),
      expect.stringMatching(/^default +WALK01 \(sandbox\) +✓ signed in +no$/),
      '',
      '3 profiles: 1 needs you now.',
    ]);
    const json = await at.run(['status', '--all', '--json']);
    const alone = await at.run(['status', '--json', '--profile', 'another']);
    expect(JSON.parse(json.stdout)).toEqual([
      JSON.parse(alone.stdout),
      { profile: 'broken', error: expect.objectContaining({ code: 'STORE_DAMAGED' }) },
      expect.objectContaining({ profile: 'default', user_id: 'WALK01', session: 'expired' }),
    ]);
    expect(text.stdout + json.stdout).not.toContain('marked');
    await rm(dirname(at.file), { recursive: true });
    expect(await at.run(['status', '--all', '--json'])).toMatchObject({ exit: 0, stdout: '[]\n' });
  });

  test.each(some(['--check', '--web', '--profile=other'], 1))('2: --all cannot be combined with %s', async (other) => {
    const ended = await at.run(['status', '--all', other]);
    expectFailure(ended, { exit: 2, code: 'USAGE', hint: 'fitbit-login status --help' }, false);
  });
});
