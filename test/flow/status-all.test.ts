import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { GOOGLE } from './google.ts';
import { LIFETIME, signedIn } from './signed-in.ts';

/** Of Debian's `prometheus`. */
const PROMTOOL = 'promtool';
const skipWithoutPromtool = spawnSync(PROMTOOL, ['--version']).error !== undefined;
if (skipWithoutPromtool) console.warn('SKIPPED: promtool is not there to check metrics with.');

test('--within exits with 3 when a profile needs a person by then, with who and when', async () => {
  await using at = await signedIn();
  const within = async (time: string) => (await at.run(['status', '--all', '--within', time])).code;
  expect(await within('24d')).toBe(0);
  await at.signIn({ ...GOOGLE, profile: 'google' });
  const end = new Date(at.runtimeOptions.now().getTime() + 3 * 86_400_000);
  const google = join(dirname(at.file), 'google.json');
  const stored = JSON.parse(await readFile(google, 'utf8'));
  await writeFile(google, JSON.stringify({ ...stored, refresh_expires_at: end.toISOString() }));
  expect([await within('2d'), await within('3d')]).toEqual([0, 3]);
  const { stdout } = await at.run(['status', '--all', '--within', '3d', '--json']);
  expect(JSON.parse(stdout)).toMatchObject([
    { profile: 'default', needs_person_at: null },
    { profile: 'google', needs_person_at: end.toISOString() },
  ]);
  await at.tamper({ refresh_token: undefined });
  expect([await within('7h'), await within('8h')]).toEqual([0, 3]);
  at.pass(LIFETIME);
  expect(await within('1m')).toBe(3);
  expect((await at.run(['status', '--all'])).code).toBe(0);
  await writeFile(at.file, '{');
  expect(await within('1m')).toBe(6);
  expect((await at.run(['status', '--within', '2d'])).code).toBe(2);
  expect((await at.run(['status', '--all', '--within', '2'])).code).toBe(2);
});

test.skipIf(skipWithoutPromtool)('--metrics passes promtool, and names no account unless asked', async () => {
  await using at = await signedIn();
  await at.signIn({ ...GOOGLE, profile: 'google' });
  await writeFile(join(dirname(at.file), 'damaged.json'), '{');
  const { code, stdout } = await at.run(['status', '--all', '--metrics']);
  expect(code).toBe(0);
  const checked = spawnSync(PROMTOOL, ['check', 'metrics'], { input: stdout, encoding: 'utf8' });
  expect({ status: checked.status, said: checked.stdout + checked.stderr }).toEqual({ status: 0, said: '' });
  const now = at.runtimeOptions.now().getTime() / 1000;
  for (const line of [
    'fitbit_login_signed_in{profile="default",provider="fitbit"} 1',
    'fitbit_login_signed_in{profile="google",provider="google-health"} 1',
    'fitbit_login_signed_in{profile="damaged",provider="unknown"} 0',
    `fitbit_login_token_expiry_timestamp_seconds{profile="default",provider="fitbit"} ${now + LIFETIME}`,
    `fitbit_login_last_refresh_timestamp_seconds{profile="default",provider="fitbit"} ${now}`,
    'fitbit_login_missing_scopes{profile="default",provider="fitbit"} 0',
  ])
    expect(stdout).toContain(`${line}\n`);
  expect(stdout).not.toContain('WALK01');
  expect((await at.run(['status', '--all', '--metrics', '--accounts'])).stdout).toContain('account="WALK01"');
});

test('--output replaces a file that others may read, in one step, and says why it cannot', async () => {
  await using at = await signedIn();
  const directory = join(at.home, 'collector');
  await mkdir(directory);
  const file = join(directory, 'fitbit.prom');
  await writeFile(file, 'old');
  await chmod(file, 0o600);
  const run = (output: string) => at.run(['status', '--all', '--metrics', '--output', output]);
  expect(await run(file)).toMatchObject({ code: 0, stdout: '' });
  expect(await readFile(file, 'utf8')).toMatch(/^# HELP/);
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  expect(await readdir(directory)).toEqual(['fitbit.prom']);
  expect((await run(join(directory, 'absent/fitbit.prom'))).code).toBe(6);
  expect((await run(directory)).code).toBe(6);
  expect(await readdir(directory)).toEqual(['fitbit.prom']);
});
