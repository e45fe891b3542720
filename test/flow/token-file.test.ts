import { mkdir, readdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { keepTokenFile } from '../../src/auth/token-file.ts';
import { longTest } from '../extent.ts';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

const keep = (at: SignedIn) => keepTokenFile({ everyMs: 20 }, at.runtimeOptions);
const textOf = (path: string) => readFile(path, 'utf8').catch(() => undefined);
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('a working token is in a private file as long as it is kept, refreshed here or elsewhere, and kept exports with it', async () => {
  await using at = await signedIn();
  const kept = join(at.home, 'kept.json');
  await at.run(['export', '--output', kept, '--keep']);
  await using file = await keep(at);
  expect(file.path.startsWith(join(at.home, 'run'))).toBe(true);
  expect([await modeOf(file.path), await modeOf(dirname(file.path))]).toEqual(['600', '700']);
  const first = (await at.stored()).access_token;
  expect(await textOf(file.path)).toBe(first);
  at.pass(LIFETIME - 299);
  await vi.waitFor(async () => expect(await textOf(file.path)).not.toBe(first), 5_000);
  const { access_token: second } = await at.stored();
  await vi.waitFor(async () => expect(await textOf(file.path)).toBe(second), 5_000);
  expect(await textOf(kept)).toContain(second);
  // By another process.
  await at.run(['refresh']);
  const { access_token: third } = await at.stored();
  expect(third).not.toBe(second);
  await vi.waitFor(async () => expect(await textOf(file.path)).toBe(third), 5_000);
  await unlink(file.path);
  await vi.waitFor(async () => expect(await textOf(file.path)).toBe(third), 5_000);
  await file[Symbol.asyncDispose]();
  expect(await readdir(join(at.home, 'run'))).toEqual([]);
});

test('while the provider is unavailable the last token stays; with a dead grant it goes when it expires, with one notice; a new sign-in restores it', async () => {
  await using at = await signedIn();
  const notes = join(at.home, 'notes');
  const environment = { ...at.runtimeOptions.environment, FITBIT_LOGIN_NOTIFY: `sh -c 'cat >> ${notes}' sh` };
  await using file = await keepTokenFile({ everyMs: 20 }, { ...at.runtimeOptions, environment });
  const first = await textOf(file.path);
  at.sandbox.faults.add({ at: 'token', kind: 'status', status: 400, errorType: 'invalid_grant' });
  at.pass(LIFETIME - 200);
  await vi.waitFor(() => expect(at.notices).toHaveLength(1), 5_000);
  expect(at.notices[0]).toMatch(/FITBIT_TOKEN_FILE.*ended/);
  expect(await textOf(file.path)).toBe(first);
  // The owner is notified while the command runs.
  await vi.waitFor(async () => expect(await textOf(notes)).toMatch(/"event":"dead"/), 5_000);
  at.pass(300);
  await vi.waitFor(async () => expect(await textOf(file.path)).toBeUndefined(), 5_000);
  expect(at.notices).toHaveLength(1);
  at.sandbox.faults.clear();
  await at.signIn();
  const { access_token } = await at.stored();
  await vi.waitFor(async () => expect(await textOf(file.path)).toBe(access_token), 5_000);
  expect((await textOf(notes))?.match(/"event"/g)).toHaveLength(1);
});

longTest('after the machine has slept, the file is fresh before the next poll', async () => {
  await using at = await signedIn();
  await using file = await keepTokenFile({ everyMs: 3_600_000 }, at.runtimeOptions);
  const first = await textOf(file.path);
  // Timers stood still, the clock did not.
  at.pass(LIFETIME);
  await vi.waitFor(async () => expect(await textOf(file.path)).not.toBe(first), 5_000);
  expect(await textOf(file.path)).toBe((await at.stored()).access_token);
});

test('XDG_RUNTIME_DIR is preferred if set', async () => {
  await using at = await signedIn();
  const XDG_RUNTIME_DIR = join(at.home, 'runtime');
  await mkdir(XDG_RUNTIME_DIR);
  const environment = { ...at.runtimeOptions.environment, XDG_RUNTIME_DIR };
  await using file = await keepTokenFile({}, { ...at.runtimeOptions, environment });
  expect(file.path.startsWith(join(XDG_RUNTIME_DIR, 'fitbit-login'))).toBe(true);
});

test('the next command removes the files of dead processes, and of no live one', async () => {
  await using at = await signedIn();
  await using file = await keep(at);
  const run = join(at.home, 'run');
  // No process has this number: it is above Linux's highest.
  const left = join(run, `4999999-${'0'.repeat(16)}`);
  const [young, alive] = [join(run, `4999999-${'1'.repeat(16)}`), join(run, `${process.pid}-${'2'.repeat(16)}`)];
  for (const directory of [left, young, alive, join(run, 'not ours')]) {
    await mkdir(directory);
    await writeFile(join(directory, 'token'), 'marked-left-token');
    if (directory !== young) await utimes(directory, new Date(0), new Date(0));
  }
  await at.run(['doctor']);
  expect(await readdir(run)).toHaveLength(5);
  await at.run(['status']);
  expect(await textOf(join(left, 'token'))).toBeUndefined();
  for (const directory of [young, alive, join(run, 'not ours')])
    expect(await textOf(join(directory, 'token'))).toBe('marked-left-token');
  expect(await textOf(file.path)).toBeDefined();
});
