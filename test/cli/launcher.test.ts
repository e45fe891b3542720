import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consent } from '../../src/sandbox/consent.ts';
import { longTest, some } from '../extent.ts';
import { launchers, RECORD, XDG_TOOLS } from './launchers.ts';
import { APP, type Program, type ProgramFixture, programFixture, robotBrowser } from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

const run = promisify(execFile);
const LOUD = 'marked-loud';
const BY_HAND = /Open the URL above manually\./;

let at: ProgramFixture;
let allow = '';
beforeAll(async () => {
  allow = await robotBrowser('allow');
  at = await programFixture(allow);
});
afterAll(() => at[Symbol.asyncDispose]());

/** A login with these variables. `BROWSER`, `DISPLAY` and the like are only what is given here. */
function begin(environment: Readonly<Record<string, string>>, ...more: readonly string[]): Program {
  return at.start(at.login(...more), { environment: { BROWSER: '', ...environment } });
}

/** Presses Allow after opening the URL by hand. */
async function decide(program: Program): Promise<void> {
  const url = await program.authorizeUrl();
  at.sandbox.register({ id: APP.id, redirectUris: [url.searchParams.get('redirect_uri') ?? ''] });
  await consent(url);
}

async function interrupt(program: Program) {
  program.child.kill('SIGINT');
  return program.ended;
}

const isLinux = process.platform === 'linux';
/** A desktop whose own launcher is `gio`, with no other program on PATH than xdg-open's tools and the scripts of the test. */
const desktop = (bin: string) => ({ PATH: bin, DISPLAY: ':99', XDG_CURRENT_DESKTOP: 'GNOME' });

describe.runIf(process.platform !== 'win32').concurrent('BROWSER', () => {
  test('receives its arguments as written, with the URL in place of %s', async () => {
    await using scripts = await launchers();
    const browser = await scripts.make('my browser', RECORD);
    const program = begin({ BROWSER: `"${browser}" -P 'a  b' --url=%s 100%% $HOME '; touch "x"'` });
    const address = (await program.address()).href;
    const args = await scripts.recorded('my browser');
    expect(args).toEqual(['-P', 'a  b', `--url=${address}`, '100%', '$HOME', '; touch "x"']);
    const { stderr } = await interrupt(program);
    expect(stderr).not.toMatch(BY_HAND);
  });

  test('does not get the client secret in its environment', async () => {
    await using scripts = await launchers();
    const browser = await scripts.make('browser', 'env > "$0.environment"', RECORD);
    const program = begin({ BROWSER: browser, FITBIT_CLIENT_SECRET: 'marked-secret', FITBIT_LOGIN_NOTE: 'kept' });
    await scripts.recorded('browser');
    const environment = await readFile(`${browser}.environment`, 'utf8');
    expect(environment).not.toContain('marked-secret');
    expect(environment).toContain('FITBIT_LOGIN_NOTE=kept');
    await interrupt(program);
  });

  longTest('that is a file path with spaces receives the URL', async () => {
    await using scripts = await launchers();
    const program = begin({ BROWSER: await scripts.make('my browser', RECORD) });
    expect(await scripts.recorded('my browser')).toEqual([(await program.address()).href]);
    await interrupt(program);
  });

  test('is a list: each launcher that fails is reported, and the next is tried', async () => {
    await using scripts = await launchers();
    const failing = await scripts.make('failing', RECORD, 'exit 3');
    const killed = await scripts.make('killed', 'kill -9 $$');
    const third = await scripts.make('third', RECORD);
    const never = await scripts.make('never', RECORD);
    const program = begin({ BROWSER: `/nowhere/browser:'${failing}' -x:'${killed}':"${third}":'${never}'` });
    await scripts.recorded('third');
    const { exit, stdout, stderr } = await interrupt(program);
    expect([exit, stdout]).toEqual([130, '']);
    expect(stderr).toContain(
      '"/nowhere/browser" (BROWSER) couldn\'t be started: command not found (ENOENT). Trying the next one.',
    );
    expect(stderr).toContain(`"'${failing}' -x" (BROWSER) exited with code 3.`);
    expect(stderr).toContain(`"'${killed}'" (BROWSER) was killed by SIGKILL.`);
    expect(stderr).not.toMatch(BY_HAND);
    expect(await scripts.runs('never')).toBe(0);
  });

  longTest('whose commands all fail leaves the URL to open by hand, and the sign-in continues', async () => {
    await using scripts = await launchers();
    const program = begin({ BROWSER: `/nowhere/one:'${await scripts.make('two', 'exit 1')}'` });
    await program.says(/exited with code 1\. Open the URL above manually\./);
    await decide(program);
    expect((await program.ended).exit).toBe(0);
  });

  test.each([
    ['firefox "', 'unclosed quote'],
    ['::', 'BROWSER is empty'],
  ])('that cannot be parsed is reported: %s', async (BROWSER, words) => {
    const program = begin({ BROWSER });
    await program.says(BY_HAND);
    expect((await interrupt(program)).stderr).toContain(words);
  });

  test('never reaches a shell: metacharacters in URL and command have no effect', async () => {
    await using scripts = await launchers();
    const browser = await scripts.make('browser', RECORD);
    const touched = join(scripts.directory, 'touched');
    const program = begin({ BROWSER: `'${browser}' $(touch\\ '${touched}') \`touch\\ '${touched}'\` %s` });
    expect(await scripts.recorded('browser')).toHaveLength(3);
    await interrupt(program);
    expect(await readdir(scripts.directory)).not.toContain('touched');
  });

  longTest('and its children may write to standard output and error: nothing is shown', async () => {
    await using scripts = await launchers();
    const shout = `echo ${LOUD}; echo ${LOUD} >&2`;
    const browser = await scripts.make('loud', `(${shout}; sleep 0.1; ${shout}) &`, shout, `exec ${allow} "$1"`);
    const { exit, stdout, stderr } = await begin({ BROWSER: browser }, '--json').ended;
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ user_id: 'WALK01' });
    expect(stdout + stderr).not.toContain(LOUD);
  });

  longTest('that is still running is reported once, not as a failure', async () => {
    await using scripts = await launchers();
    const stays = await scripts.make('stays', 'echo $$ > "$0.pid"', RECORD, 'exec sleep 600');
    const other = await scripts.make('other', RECORD);
    const program = begin({ BROWSER: `'${stays}':'${other}'` });
    await program.says(/\(BROWSER\) is still running.*open the URL above manually/);
    // Closed later, and not well: that is said, and opens no other one.
    process.kill(Number(await readFile(`${stays}.pid`, 'utf8')), 'SIGTERM');
    await program.says(/\(BROWSER\) was killed by SIGTERM\. Open the URL above manually\./);
    await decide(program);
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr.match(/is still running/g)).toHaveLength(1);
    expect(await scripts.runs('other')).toBe(0);
  });

  test.skipIf(skipWithoutTerminal)('keeps running when Ctrl-C ends the wait and the terminal is closed', async () => {
    await using scripts = await launchers();
    const stays = await scripts.make('stays', 'echo $$ > "$0.pid"', RECORD, 'exec sleep 600');
    const terminal = new TypedInto(at.login(), {
      FITBIT_LOGIN_HOME: at.home,
      FITBIT_CLIENT_ID: APP.id,
      BROWSER: stays,
    });
    await scripts.recorded('stays');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    const pid = Number(await readFile(`${stays}.pid`, 'utf8'));
    // Neither gone nor a zombie.
    expect(await run('ps', ['-o', 'stat=', '-p', String(pid)])).toMatchObject({ stdout: expect.stringMatching(/^S/) });
    process.kill(pid);
  });
});

describe.runIf(isLinux).concurrent('the system’s own launcher', () => {
  test('is the bundled xdg-open if the machine has none', async () => {
    await using scripts = await launchers();
    const bin = await scripts.bin(...XDG_TOOLS);
    await scripts.make('bin/gio', `echo ${LOUD}; echo ${LOUD} >&2`, '[ "$1" = open ] || exit 0', RECORD);
    const program = begin(desktop(bin));
    const address = (await program.address()).href;
    expect(await scripts.recorded('bin/gio')).toEqual(['open', address]);
    await decide(program);
    const { exit, stdout, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stdout + stderr).not.toContain(LOUD);
  });

  longTest('comes after the commands of BROWSER, and does not try them again', async () => {
    await using scripts = await launchers();
    const bin = await scripts.bin(...XDG_TOOLS);
    const failing = await scripts.make('failing', RECORD, 'exit 1');
    await scripts.make('bin/firefox', RECORD);
    // A desktop that xdg-open does not know, with no browser chosen: it looks at BROWSER, and only then for those that it knows.
    const program = begin({ ...desktop(bin), XDG_CURRENT_DESKTOP: 'sway', BROWSER: failing });
    const address = (await program.address()).href;
    expect(await scripts.recorded('bin/firefox')).toEqual([address]);
    expect((await interrupt(program)).stderr).toMatch(/exited with code 1\. Trying the next one\./);
    expect(await scripts.runs('failing')).toBe(1);
  });

  longTest('that finds no browser, or a failing one, is reported', async () => {
    await using scripts = await launchers();
    const bin = await scripts.bin(...XDG_TOOLS);
    const without = begin({ ...desktop(bin), XDG_CURRENT_DESKTOP: 'sway' });
    await without.says(/default opener found no browser \(code 3\)\. Open the URL above/);
    await interrupt(without);
    await scripts.make('bin/gio', '[ "$1" = help ]');
    const failing = begin(desktop(bin));
    await failing.says(/default opener found a browser that failed \(code 4\)\. Open/);
    await interrupt(failing);
  });
});

describe('a browser on another machine', () => {
  const NONE: Readonly<Record<string, string>> = { DISPLAY: '', WAYLAND_DISPLAY: '' };
  const CASES: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    [
      'SSH, even with a forwarded display',
      { SSH_CONNECTION: '203.0.113.7 50022 198.51.100.1 22', DISPLAY: 'localhost:10.0' },
      /Open this URL on any device/,
    ],
    ['CI', { CI: 'true', DISPLAY: ':99' }, /automated job \(CI is set\)/],
    ['a container', { ...NONE, container: 'podman' }, /This is a container/],
  ];
  test.runIf(isLinux).concurrent.each(some(CASES, 1))(
    '%s: none is opened, a message says so, and the sign-in continues',
    async (_what, environment, words) => {
      await using scripts = await launchers();
      const bin = await scripts.bin(...XDG_TOOLS);
      await scripts.make('bin/gio', RECORD);
      const program = begin({ ...desktop(bin), ...environment });
      await program.says(words);
      await decide(program);
      const { exit, stderr } = await program.ended;
      expect(exit).toBe(0);
      expect(stderr).not.toMatch(BY_HAND);
      expect(await scripts.runs('bin/gio')).toBe(0);
    },
  );

  test('BROWSER wins over SSH: remote editors set it to a command that opens pages on your side', async () => {
    const { exit, stderr } = await begin({ BROWSER: allow, SSH_TTY: '/dev/pts/0' }).ended;
    expect(exit).toBe(0);
    expect(stderr).not.toContain('SSH');
  });

  test('--no-browser over SSH shows how to forward the port, and does not mention a browser', async () => {
    const program = begin({ SSH_TTY: '/dev/pts/0' }, '--no-browser');
    await decide(program);
    const { stderr } = await program.ended;
    expect(stderr).toContain('ssh -N -L');
    expect(stderr).not.toContain('no browser was opened');
  });
});

describe('the setup page and the status page', () => {
  test.each(['status --web', 'setup'])('%s says that its page could not be opened', async (command) => {
    const program = at.start(command.split(' '), { environment: { BROWSER: '/nowhere/browser', DISPLAY: '' } });
    await program.says(/! "\/nowhere\/browser" \(BROWSER\) couldn't be started/);
    await interrupt(program);
  });
});
