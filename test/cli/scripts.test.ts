import { execFile, spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { accessToken } from '../../src/auth/index.ts';
import { longTest, some } from '../extent.ts';
import { type Ended, type ProgramFixture, programFixture, robotBrowser } from './program.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;

let at: ProgramFixture;
/** The token that is stored when a test begins. */
let fresh = '';
let path = '';

beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
  expect(await at.run(at.login())).toMatchObject({ exit: 0 });
  // As npm installs it: a link with the program's name on the PATH.
  const bin = join(at.home, 'bin');
  await mkdir(bin);
  await symlink(resolve('dist/bin.cjs'), join(bin, 'fitbit-login'));
  path = [bin, dirname(process.execPath), process.env.PATH].join(delimiter);
});
beforeEach(async () => {
  fresh = (await accessToken({}, { environment: { FITBIT_LOGIN_HOME: at.home } })).token.reveal();
});
afterAll(() => at[Symbol.asyncDispose]());

const tokenOf = (file: string): string => JSON.parse(file).access_token;

/** As eight hours do. */
async function expire(): Promise<void> {
  const file = JSON.parse(await at.stored());
  await at.plant(JSON.stringify({ ...file, expires_at: '2026-01-31T20:00:00.000Z' }));
}

/** Runs a command with fitbit-login on its PATH, and nothing of this process's own environment. */
function script(command: string, args: readonly string[], home = at.home): Promise<Ended> {
  return new Promise((done) => {
    const env = { PATH: path, FITBIT_LOGIN_HOME: home };
    const child = execFile(command, args, { env }, (_error, stdout, stderr) =>
      done({ exit: child.exitCode ?? child.signalCode, stdout, stderr }),
    );
    child.stdin?.end();
  });
}
const sh = (text: string, home?: string) => script('sh', ['-c', text], home);

describe('token loads a single file of the program', () => {
  const alone = async (during = async () => {}): Promise<Ended> => {
    const directory = await mkdtemp(join(tmpdir(), 'alone-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await copyFile('dist/bin.cjs', join(directory, 'bin.cjs'));
    const ended = script(process.execPath, [join(directory, 'bin.cjs'), 'token']);
    await during();
    return ended;
  };

  test('if the stored token is valid', async () => {
    expect(await alone()).toEqual({ exit: 0, stdout: `${fresh}\n`, stderr: '' });
  });

  longTest('if another process is about to store a valid one', async () => {
    const works = await at.stored();
    await expire();
    const lock = join(at.home, 'profiles/.default.lock');
    await mkdir(lock);
    const run = alone(async () => {
      await delay(300);
      await at.plant(works);
      await rmdir(lock);
    });
    expect(await run).toEqual({ exit: 0, stdout: `${fresh}\n`, stderr: '' });
  });

  test('but the whole program if there is something to report, even while another process refreshes', async () => {
    const lock = join(at.home, 'profiles/.default.lock');
    await mkdir(lock);
    await chmod(at.file, 0o640);
    try {
      expect(await alone()).toMatchObject({ exit: 1, stdout: '' });
    } finally {
      await chmod(at.file, 0o600);
      await rmdir(lock);
    }
  });

  longTest('but the whole program if it has to refresh, or another process takes long to', async () => {
    const works = await at.stored();
    await expire();
    expect(await alone()).toMatchObject({ exit: 1, stdout: '' });
    const lock = join(at.home, 'profiles/.default.lock');
    await mkdir(lock);
    expect(await alone()).toMatchObject({ exit: 1, stdout: '' });
    await rmdir(lock);
    await at.plant(works);
  });
});

describe.skipIf(process.platform === 'win32')('$(fitbit-login token) in a shell', () => {
  test('is the token and nothing else, under any log level', async () => {
    expect(await sh('echo "Bearer $(fitbit-login token)"')).toEqual({
      exit: 0,
      stdout: `Bearer ${fresh}\n`,
      stderr: '',
    });
    expect((await sh('echo "Bearer $(fitbit-login token --log-level trace)"')).stdout).toBe(`Bearer ${fresh}\n`);
    expect((await sh('fitbit-login token | cat')).stdout).toBe(`${fresh}\n`);
    expect((await sh('fitbit-login token | true')).exit).toBe(0);
  });

  longTest('is a new token once the old one has expired', async () => {
    await expire();
    const { stdout } = await sh('echo "Bearer $(fitbit-login token)"');
    expect(stdout).toBe(`Bearer ${tokenOf(await at.stored())}\n`);
    expect(stdout).not.toContain(fresh);
  });

  test('fails with a distinct exit code and nothing on stdout', async () => {
    const emptyHome = join(at.home, 'empty');
    expect(await sh('set -e; token=$(fitbit-login token); echo "$token"', emptyHome)).toMatchObject({
      exit: 3,
      stdout: '',
    });
    expect((await sh('fitbit-login token || [ $? -eq 3 ] && echo sign in', emptyHome)).stdout).toBe('sign in\n');
    await expire();
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 410, times: 1 });
    expect(await sh('token=$(fitbit-login token) || exit $?')).toMatchObject({ exit: 2, stdout: '' });
  });

  test('from several processes at the moment of expiry: one refresh, the same result', async () => {
    await expire();
    const { refreshes } = at.sandbox.state().counts;
    const { stdout } = await sh('for i in 1 2 3 4 5; do fitbit-login token & done; wait');
    const stored = tokenOf(await at.stored());
    expect(stdout).toBe(`${stored}\n`.repeat(5));
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: refreshes + 1, invalidGrants: 0 });
  });
});

const PYTHON = `
import json, subprocess, sys
try:
    token = subprocess.check_output(["fitbit-login", "token"], text=True).strip()
except subprocess.CalledProcessError as error:
    sys.exit(error.returncode)
about = json.loads(subprocess.check_output(["fitbit-login", "status", "--json"]))
print(token, about["user_id"])
`;

describe.skipIf(!hasPython)('subprocess.check_output in Python', () => {
  test('returns the token, or the exit code if there is none', async () => {
    const { exit, stdout } = await script('python3', ['-c', PYTHON]);
    expect([exit, stdout]).toEqual([0, `${fresh} WALK01\n`]);
    expect(await script('python3', ['-c', PYTHON], join(at.home, 'empty'))).toMatchObject({ exit: 3, stdout: '' });
  });
});

describe('exec', () => {
  const exec = (args: readonly string[], input = '') =>
    at.run(['exec', '--', ...args], { input, environment: { PATH: path, MINE: 'kept' } });
  const node = (text: string, ...args: string[]) => [process.execPath, '-e', text, '--', ...args];

  test('adds the token, the user ID and the client ID to the command’s environment', async () => {
    const names = ['FITBIT_ACCESS_TOKEN', 'FITBIT_USER_ID', 'FITBIT_CLIENT_ID', 'MINE'];
    const { exit, stdout, stderr } = await exec(
      node(`console.log(JSON.stringify(${JSON.stringify(names)}.map((name) => process.env[name])))`),
    );
    expect([exit, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual([fresh, 'WALK01', '23TSTS', 'kept']);
  });

  longTest('refreshes first if the token is about to expire', async () => {
    await expire();
    const { stdout } = await exec(node('console.log(process.env.FITBIT_ACCESS_TOKEN)'));
    expect(stdout.trim()).toBe(tokenOf(await at.stored()));
    expect(stdout.trim()).not.toBe(fresh);
  });

  test.each(some([3, 0, 255], 1))('ends with the command’s own exit code: %i', async (code) => {
    expect(await exec(node(`process.exit(${code})`))).toMatchObject({ exit: code, stdout: '', stderr: '' });
  });

  test.skipIf(process.platform === 'win32').each(
    some(
      [
        ['SIGTERM', 143],
        ['SIGKILL', 137],
      ] as const,
      1,
    ),
  )('a command that %s ended is %i, as in a shell', async (signal, code) => {
    expect((await exec(node(`process.kill(process.pid, ${JSON.stringify(signal)})`))).exit).toBe(code);
  });

  test('passes standard input and both outputs through, to the byte', async () => {
    const input = 'one\r\ntwo\u0000\u00e4'.repeat(10_000);
    const piped = await exec(node('process.stdin.pipe(process.stdout); console.error("aside")'), input);
    expect(piped).toEqual({ exit: 0, stdout: input, stderr: 'aside\n' });
  });

  longTest('passes options after -- on, even those with its own names', async () => {
    const args = ['--profile', 'x', '--json', '--min-ttl', '9', '--help', '--', '-x', '', 'two words', '$HOME', '*'];
    const { stdout } = await exec(node('console.log(JSON.stringify(process.argv.slice(1)))', ...args));
    expect(JSON.parse(stdout)).toEqual(args);
  });

  test.each([
    ['127 where it is not there', 'no-such-command-here', 127],
    ['126 where it is no program', '/etc', 126],
  ])('a command is %s', async (_what, command, code) => {
    const { exit, stdout, stderr } = await exec([command, '--json', '--log-level', 'debug']);
    expect([exit, stdout]).toEqual([code, '']);
    expect(stderr).toMatch(new RegExp(`^✗ ${command}: .+\\n$`));
  });

  longTest('a command without a token is not run', async () => {
    expect((await at.run(['exec'])).exit).toBe(2);

    const ran = join(at.home, 'ran');
    const command = node(`require('node:fs').writeFileSync(${JSON.stringify(ran)}, '')`);
    expect((await at.run(['exec', '--profile', 'unused', '--', ...command])).exit).toBe(3);
    await expect(readFile(ran)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.skipIf(process.platform === 'win32')('a signal to it alone reaches the command', async () => {
    const running = at.start(['exec', '--', ...node('console.error("started"); setInterval(() => {}, 1000)')], {
      environment: { PATH: path },
    });
    await running.says(/started/);
    running.child.kill('SIGTERM');
    expect((await running.ended).exit).toBe(143);
  });

  test.skipIf(process.platform !== 'linux')('the token is in no process list', async () => {
    const { stdout } = await exec(['sh', '-c', 'cat /proc/$PPID/cmdline /proc/self/cmdline']);
    expect(stdout).toContain('exec');
    expect(stdout).not.toContain(fresh);
  });
});

longTest('the other commands of the README, in the built program', async () => {
  const file = join(at.home, '.env');
  await writeFile(file, '{"mine":1}');
  expect(await at.run(['export', '--format', 'notebook', '--output', file, '--keep'])).toMatchObject({ exit: 0 });
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ mine: 1, access_token: fresh });
  const api = await at.run(['api', '/1/user/-/body/log/weight.json', '--data', '@-'], { input: 'weight=70.5' });
  expect(JSON.parse(api.stdout).weightLog.weight).toBe('70.5');
  expect((await at.run(['status', '--check'])).stdout).toContain('accepts the token');
  expect((await at.run(['profiles'])).stdout).toMatch(/^default\s+WALK01/);
  const imported = await at.run(['import', file, '--profile', 'second', '--sandbox', at.sandbox.origin]);
  expect(imported).toMatchObject({ exit: 0 });
  expect((await at.run(['logout', '--profile', 'second', '--local'])).exit).toBe(0);
});
