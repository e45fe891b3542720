import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { consent } from '../../src/sandbox/consent.ts';
import { longTest, some } from '../extent.ts';
import { DESKTOP, PREFIX } from '../flow/google.ts';
import { APP, type ProgramFixture, programFixture, robotBrowser } from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

/** Signed in to Fitbit. */
async function signedInFixture(): Promise<ProgramFixture> {
  const at = await programFixture(await robotBrowser('allow'));
  expect((await at.run(at.login())).exit).toBe(0);
  return at;
}

const refreshTokenOf = async (at: ProgramFixture) => String(JSON.parse(await at.stored()).refresh_token);

describe('migrate, in the built program', () => {
  test('with a Fitbit app in the environment: signs in to Google, keeps the old sign-in, stdout is the result alone', async () => {
    await using at = await signedInFixture();
    const { exit, stdout, stderr } = await at.run(['migrate', '--json']);
    expect({ exit, json: JSON.parse(stdout) }).toMatchObject({
      exit: 0,
      json: { provider: 'google-health', client_id: DESKTOP.id, same_account: true, old_revoked: false },
    });
    expect(stderr).toMatch(/heartrate → health_metrics_and_measurements\.readonly[\s\S]*social has no successor/);
    expect(stdout + stderr).not.toContain(APP.secret);
    const moved = JSON.parse(await readFile(join(at.home, 'profiles/default-google.json'), 'utf8'));
    expect(moved).toMatchObject({
      legacy_user_id: 'WALK01',
      scope: expect.stringContaining(`${PREFIX}sleep.readonly`),
    });
    expect(at.sandbox.isLive(await refreshTokenOf(at))).toBe(true);
  });

  test('3: nothing to migrate, with a hint what to do instead', async () => {
    await using at = await programFixture();
    const { exit, stdout, stderr } = await at.run(['migrate']);
    expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
    expect(stderr).toMatch(/no Fitbit sign-in to migrate/);
  });
});

describe.skipIf(skipWithoutTerminal)('migrate, in a terminal', () => {
  test.each(
    some(
      [
        ['y', false, 'was revoked and deleted'],
        ['', true, 'was kept'],
      ] as const,
      1,
    ),
  )('offers to revoke the old sign-in, and follows the reply %j', async (typed, lives, words) => {
    await using at = await signedInFixture();
    const token = await refreshTokenOf(at);
    await using terminal = new TypedInto(['migrate', '--no-browser'], { FITBIT_LOGIN_HOME: at.home });
    const [, address = ''] = await terminal.shows(/^(http\S+)\r$/m);
    await consent(address);
    await terminal.answer(/Same account.*WALK01\.[\s\S]*Fitbit ends[\s\S]*Revoke/, typed);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).toContain(words);
    expect(at.sandbox.isLive(token)).toBe(lives);
  });

  longTest('to a different account does not offer it, and warns', async () => {
    await using at = await signedInFixture();
    await using terminal = new TypedInto(['migrate', '--no-browser'], { FITBIT_LOGIN_HOME: at.home });
    const [, address = ''] = await terminal.shows(/^(http\S+)\r$/m);
    await consent(address, { person: 'SLEEP2' });
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).toContain('different account');
    expect(terminal.screen).not.toContain('Revoke');
    expect(at.sandbox.isLive(await refreshTokenOf(at))).toBe(true);
  });
});

longTest('scopes lists both providers’ scopes in plain words, with the successor of each Fitbit scope', async () => {
  await using at = await programFixture();
  const { exit, stdout } = await at.run(['scopes']);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^ +\* sleep\.readonly +Sleep stages/m);
  expect(stdout).toMatch(/^ {4}ecg\.readonly +Electrocardiogram/m);
  expect(stdout).toMatch(/^ {2}\* heartrate +Heart rate.* → health_metrics_and_measurements\.readonly$/m);
  expect(stdout).toMatch(/^ {2}\* social +.* → \(none\)$/m);
  expect(JSON.parse((await at.run(['scopes', '--json'])).stdout)).toMatchObject({
    fitbit: expect.any(Array),
    'google-health': expect.any(Array),
  });
});
