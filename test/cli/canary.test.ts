import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { some } from '../extent.ts';
import { APP, type Ended, type ProgramFixture, programFixture, robotBrowser } from './program.ts';
import { type Recorder, recorder } from './recorder.ts';

/** Every file under the home directory but the profiles themselves, and the program's own compiled code, which has the sandbox's apps in it. */
async function leftBehind(home: string): Promise<string> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const others = files.filter((file) => !/profiles\/\w+\.json$/.test(file) && !file.startsWith(join(home, 'cache/')));
  expect(others.some((file) => file.endsWith('.log'))).toBe(true);
  return (await Promise.all(others.map((file) => readFile(file, 'utf8')))).join('\n');
}

/** The address has to be printed and to be opened: the state that is in it is no secret there. */
const withoutAddress = (text: string) => text.replaceAll(/^http\S+oauth2\/authorize\?\S+$/gm, '');

async function expectNoSecret(at: ProgramFixture, before: Recorder, ended: Ended): Promise<void> {
  const [program = '', launcher = '', inherited = ''] = JSON.parse(
    await readFile(at.notes, 'utf8'),
  ) as readonly string[];
  expect(inherited).toContain('FITBIT_LOGIN_HOME');
  for (const secret of [APP.secret, 'FITBIT_CLIENT_SECRET']) expect(inherited).not.toContain(secret);
  const shown = [ended.stdout, withoutAddress(ended.stderr), await leftBehind(at.home), program].join('\n');
  const { secrets } = before;
  for (const name of ['code', 'code_verifier', 'state']) expect(secrets.get(name)).toMatch(/^[\w-]{20,}$/);
  for (const secret of [APP.secret, ...secrets.values()]) expect(shown).not.toContain(secret);
  for (const [name, secret] of [['client_secret', APP.secret] as const, ...secrets]) {
    if (name !== 'state') expect(launcher).not.toContain(secret);
  }
  // Neither has the Basic header's form of it been shown.
  expect(shown).not.toContain(Buffer.from(`${APP.id}:${APP.secret}`).toString('base64'));
}

const LEVELS = [['--log-level', 'trace', '--json'], [], ['--log-level', 'debug']] as const;

describe.skipIf(process.platform !== 'linux')('marked secrets are printed, logged, left or listed nowhere', () => {
  test.each(some(LEVELS, 1).map((level) => [level.join(' ') || 'by default', level] as const))(
    'when it goes well: %s',
    async (_name, level) => {
      await using at = await programFixture(await robotBrowser('allow'));
      await using before = await recorder(at.sandbox.origin);
      const ended = await at.run(at.login('--sandbox', before.origin, ...level), {
        environment: { ROBOT_NOTES: at.notes },
      });
      expect(ended.exit).toBe(0);
      expect(before.secrets.get('refresh_token')).toMatch(/^[0-9a-f]{64}$/);
      await expectNoSecret(at, before, ended);
    },
  );

  test.each(some(LEVELS, 1).map((level) => [level.join(' ') || 'by default', level] as const))(
    'when the provider repeats the code in its refusal: %s',
    async (_name, level) => {
      await using at = await programFixture(await robotBrowser('allow'));
      await using before = await recorder(at.sandbox.origin, () => at.sandbox.clock.step(11 * 60_000));
      const ended = await at.run(at.login('--sandbox', before.origin, ...level), {
        environment: { ROBOT_NOTES: at.notes },
      });
      expect(ended.exit).toBe(4);
      expect(ended.stdout + ended.stderr).toContain('Authorization code expired: [secret]');
      await expectNoSecret(at, before, ended);
    },
  );

  test('no program that is started inherits the client secret: neither a browser nor a command of exec', async () => {
    await using at = await programFixture(await robotBrowser('allow'));
    await using before = await recorder(at.sandbox.origin);
    const ended = await at.run(at.login('--sandbox', before.origin), { environment: { ROBOT_NOTES: at.notes } });
    expect(ended.exit).toBe(0);
    await expectNoSecret(at, before, ended);
    const { stdout } = await at.run(['exec', '--', 'env']);
    expect(stdout).toContain(`FITBIT_ACCESS_TOKEN=${before.secrets.get('access_token')}`);
    for (const secret of [APP.secret, 'FITBIT_CLIENT_SECRET']) expect(stdout).not.toContain(secret);
  });

  test('by status', async () => {
    await using at = await programFixture();
    await at.plant();
    for (const level of LEVELS) {
      const { exit, stdout, stderr } = await at.run(['status', ...level]);
      expect(exit).toBe(0);
      expect(stdout + stderr).not.toContain('marked');
    }
  });
});
