import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consent } from '../../src/sandbox/consent.ts';
import { longTest } from '../extent.ts';
import { createOtherUser, type OtherUser, skipWithoutOtherUser, skipWithoutSudo } from './other-user.ts';
import { APP, type Ended, OLD_TOKEN, type ProgramFixture, programFixture, type StartOptions } from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

const run = promisify(execFile);
/** One that cannot be started, but for which a page would be opened. */
const NO_BROWSER = { BROWSER: '/nowhere/browser' };
const FILE = 'fitbit-login/profiles/default.json';

let at: ProgramFixture;
beforeAll(async () => {
  at = await programFixture('');
});
afterAll(() => at[Symbol.asyncDispose]());

/** No FITBIT_LOGIN_HOME, and no browser. */
function inHome(home: string | undefined, more: StartOptions = {}): StartOptions {
  return {
    ...more,
    environment: { FITBIT_LOGIN_HOME: '', ...(home === undefined ? {} : { HOME: home }), ...more.environment },
  };
}

/** Signs in, pressing Allow once the address is there. */
async function signIn(options: StartOptions, ...more: readonly string[]): Promise<Ended> {
  const program = at.start(at.login(...more), options);
  const url = await program.address();
  at.sandbox.register({ id: APP.id, redirectUris: [url.searchParams.get('redirect_uri') ?? ''] });
  await consent(url);
  return program.ended;
}

/** That it ended before the person was asked anything, with one sentence, what was kept, and what to do. */
function expectRefused({ exit, stdout, stderr }: Ended, sentence: RegExp, hint: RegExp): void {
  expect(stderr).toMatch(/^✗ [^\n]+\n {2}[^\n]+\n {2}[^\n]+\n$/);
  const [what, kept, next] = stderr.trimEnd().split(/\n */);
  expect({ exit, stdout }).toEqual({ exit: 6, stdout: '' });
  expect(what).toMatch(sentence);
  expect(kept).toMatch(/^(?:Nothing was (sent|stored|changed)|.*(untouched|unchanged))/);
  expect(next).toMatch(hint);
  expect(stderr).not.toMatch(/If nothing opens|Open this URL/);
}

/** {@link expectRefused}, of every command. At once, so that none may take a lock. */
async function refusesEach(
  commands: readonly (readonly string[])[],
  options: StartOptions,
  sentence: RegExp,
  hint: RegExp,
): Promise<void> {
  const ended = await Promise.all(commands.map((args) => at.run(args, options)));
  for (const one of ended) expectRefused(one, sentence, hint);
}

/** A profile whose token works for a year, for who only reads. */
async function plant(directory: string, lifetimeMs = 365 * 86_400_000): Promise<string> {
  const content = JSON.parse(await at.plant());
  const expires = new Date(Date.now() + lifetimeMs).toISOString();
  const file = join(directory, FILE);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify({ ...content, expires_at: expires }), { mode: 0o600 });
  return file;
}

describe('a home directory with spaces and non-ASCII letters', () => {
  test('holds the tokens, and is named as it is; so is a file that is exported', async () => {
    const home = await mkdtemp(join(tmpdir(), 'Ännas Häuschen 家 '));
    const { exit, stdout } = await signIn(inHome(home));
    expect(exit).toBe(0);
    expect(stdout).toContain(join('~/.config', FILE));
    expect(await readdir(join(home, '.local/state/fitbit-login'))).toEqual(['fitbit-login.log']);
    const output = join(home, 'Notiz bücher', 'ключи.env');
    await mkdir(dirname(output));
    const exported = await at.run(['export', '--output', output, '--keep'], inHome(home));
    expect(exported).toMatchObject({ exit: 0, stderr: expect.stringContaining(`Wrote ${output}`) });
    expect(JSON.parse(await readFile(output, 'utf8'))).toHaveProperty('access_token');
    expect((await at.run(['refresh'], inHome(home))).exit).toBe(0);
    await rm(home, { recursive: true });
  });
});

describe('XDG_CONFIG_HOME and XDG_STATE_HOME', () => {
  test('that are relative are ignored, as the specification wants; absolute ones are used', async () => {
    const home = await mkdtemp(join(tmpdir(), 'xdg-'));
    const file = await plant(join(home, '.config'));
    const relative = inHome(home, { environment: { XDG_CONFIG_HOME: 'relative', XDG_STATE_HOME: './relative' } });
    expect(JSON.parse((await at.run(['status', '--json'], relative)).stdout).file).toBe(file);
    const absolute = inHome(home, {
      environment: { XDG_CONFIG_HOME: join(home, 'c'), XDG_STATE_HOME: join(home, 's') },
    });
    const { exit, stdout } = await signIn(absolute, '--json');
    expect([exit, JSON.parse(stdout).file]).toEqual([0, join(home, 'c', FILE)]);
    expect(await readdir(join(home, 's/fitbit-login'))).toEqual(['fitbit-login.log']);
    // Node 22 and later keep compiled code.
    expect((await readdir(home)).filter((name) => name !== '.cache')).toEqual(['.config', 'c', 's']);
    await rm(home, { recursive: true });
  });
});

describe.skipIf(process.platform === 'win32')('a config directory that is a link, as dotfiles managers make it', () => {
  let home = '';
  let link = '';
  let target = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'links-'));
    link = join(home, '.config/fitbit-login');
    target = join(home, 'dotfiles/fitbit-login');
    await mkdir(dirname(link));
    await mkdir(dirname(target));
    await symlink(target, link);
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  test('that is dangling is reported by every command, and nothing is created instead', async () => {
    await refusesEach(
      [['status'], ['token'], ['refresh'], ['logout'], ['profiles'], ['setup'], at.login()],
      inHome(home, { environment: NO_BROWSER }),
      /fitbit-login is a link to .*dotfiles\/fitbit-login, which does not exist\.$/,
      /remove the link/,
    );
    expect(await readdir(dirname(target))).toEqual([]);
    expect(await readdir(dirname(link))).toEqual(['fitbit-login']);
  });

  test('to a directory is used for reading and writing, and stays a link', async () => {
    await mkdir(target, { mode: 0o700 });
    expect((await signIn(inHome(home))).exit).toBe(0);
    expect(await readdir(join(target, 'profiles'))).toEqual(['default.json']);
    for (const args of [['status'], ['token'], ['refresh'], ['profiles']]) {
      expect(await at.run(args, inHome(home))).toMatchObject({ exit: 0 });
    }
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  longTest('may contain a linked profiles directory; a linked profile is read but never written', async () => {
    const profiles = join(target, 'profiles');
    await run('mv', [profiles, join(home, 'elsewhere')]);
    await symlink(join(home, 'elsewhere'), profiles);
    expect((await at.run(['refresh'], inHome(home))).exit).toBe(0);
    const file = join(home, 'elsewhere/default.json');
    await run('mv', [file, join(home, 'moved.json')]);
    await symlink(join(home, 'moved.json'), file);
    const before = await readFile(join(home, 'moved.json'), 'utf8');
    expect((await at.run(['status'], inHome(home))).exit).toBe(0);
    expectRefused(await at.run(['refresh'], inHome(home)), /is a symbolic link/, /remove it/);
    expect(await readFile(join(home, 'moved.json'), 'utf8')).toBe(before);
  });
});

test.skipIf(process.platform === 'win32')('a pipe instead of the log file does not block', async () => {
  const home = await mkdtemp(join(tmpdir(), 'pipe-'));
  const log = join(home, '.local/state/fitbit-login/fitbit-login.log');
  await mkdir(dirname(log), { recursive: true });
  await run('mkfifo', [log]);
  expect((await signIn(inHome(home))).exit).toBe(0);
  expect((await lstat(log)).isFIFO()).toBe(true);
  await rm(home, { recursive: true });
});

describe.skipIf(skipWithoutOtherUser)('a disk that cannot be written', () => {
  let home = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', home]);
  });
  afterAll(async () => {
    await run('umount', [home]);
    await rm(home, { recursive: true });
  });
  const PLACE = /FITBIT_LOGIN_HOME/;
  const within = () => inHome(home, { environment: NO_BROWSER });

  async function refusesToWrite(sentence: RegExp): Promise<void> {
    for (const args of [at.login(), ['setup'], ['refresh']])
      expectRefused(await at.run(args, within()), sentence, PLACE);
    // What can be read still works.
    expect(await at.run(['token'], within())).toEqual({ exit: 0, stdout: `${OLD_TOKEN}\n`, stderr: '' });
    expect((await at.run(['status'], within())).exit).toBe(0);
  }

  test('because it is full: reported before a browser is opened, and a valid token is still printed', async () => {
    const file = await plant(join(home, '.config'));
    await writeFile(join(home, 'rest'), Buffer.alloc(256 * 1024)).catch(() => {});
    const before = await readFile(file, 'utf8');
    await refusesToWrite(/\(ENOSPC\)\.$/);
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(await readdir(dirname(file))).toEqual(['default.json']);
  });

  longTest('because it is read-only: the same', async () => {
    await run('mount', ['-o', 'remount,ro', home]);
    await refusesToWrite(/\(EROFS\)\.$/);
    // Without a display the terminal asks, but not for what could not be stored.
    if (skipWithoutTerminal) return;
    await using terminal = new TypedInto(['setup'], { HOME: home, SSH_TTY: '/dev/pts/0' });
    expect(await terminal.ended).toBe(6);
    expect(terminal.screen).not.toContain('Client ID');
  });
});

const NOTEBOOK = JSON.stringify({ client_id: APP.id, access_token: 'marked-a', refresh_token: 'marked-r' });
const ROOT_IN_USERS_HOME = /belongs to another user \(other\); this process runs as root/;
const AS_USER = /sudo -u other fitbit-login.*FITBIT_LOGIN_HOME=\/var\/lib\/fitbit-login/;

describe.skipIf(skipWithoutOtherUser)('another user of the machine', () => {
  let user: OtherUser;
  beforeAll(async () => {
    user = await createOtherUser();
  });
  afterAll(() => user[Symbol.asyncDispose]());
  const as = (within: readonly string[], home?: string, environment: Readonly<Record<string, string>> = {}) =>
    inHome(home, { within, program: user.program, environment });

  test('without HOME: the home directory is the one that the system knows', async () => {
    const { exit, stdout } = await signIn(as(user.command));
    expect(exit).toBe(0);
    expect(stdout).toContain(join(user.home, '.config', FILE));
    // Node 22 and later keep compiled code.
    const [cached, belongings] = [/^4711 \.cache(?:\/|$)/, await user.belongings()];
    expect(belongings.filter((one) => !cached.test(one))).toEqual(
      [
        ...[
          '.config',
          '.config/fitbit-login',
          '.config/fitbit-login/profiles',
          `.config/${FILE}`,
          '.local',
          '.local/state',
        ],
        ...['.local/state/fitbit-login', '.local/state/fitbit-login/fitbit-login.log'],
      ].map((name) => `${user.uid} ${name}`),
    );
  });

  longTest('unknown to the system, without HOME: the hint names FITBIT_LOGIN_HOME, which works', async () => {
    await refusesEach(
      [['status'], ['token'], ['setup'], ['profiles'], at.login()],
      as(user.unknownUser, undefined, NO_BROWSER),
      /HOME is not set/,
      /FITBIT_LOGIN_HOME=\/path/,
    );
    const FITBIT_LOGIN_HOME = await user.make('elsewhere');
    expect((await signIn(as(user.command, undefined, { FITBIT_LOGIN_HOME }))).exit).toBe(0);
    await rm(FITBIT_LOGIN_HOME, { recursive: true });
  });

  longTest('whose home is read-only: reported before a browser is opened', async () => {
    const home = await user.make('locked');
    await chmod(home, 0o500);
    const hint = /permissions, .*FITBIT_LOGIN_HOME/;
    expectRefused(await at.run(at.login(), as(user.command, home)), /create .*\(EACCES\)\.$/, hint);
    await rm(home, { recursive: true });
  });

  test('whose config directory leads into another user’s: nothing is stored there', async () => {
    const theirs = join(user.root, 'theirs');
    await mkdir(theirs);
    await chmod(theirs, 0o777);
    await chown(theirs, user.uid + 1, user.uid + 1);
    const home = await user.make('linked');
    const config = await user.make('linked', '.config');
    await symlink(theirs, join(config, 'fitbit-login'));
    expectRefused(
      await at.run(at.login(), as(user.command, home)),
      new RegExp(`belongs to another user \\(${user.uid + 1}\\)`),
      /as the owner/,
    );
    expect(await readdir(join(theirs, 'profiles')).catch(() => [])).toEqual([]);
    await rm(home, { recursive: true });
  });

  test.skipIf(skipWithoutSudo)(
    'as root through sudo: no file of root is left in the caller’s home, and a message says so',
    async () => {
      const home = await user.make('sudo');
      const outside = await user.make('sudo', 'notebooks');
      const file = join(home, '.config', FILE);
      expect((await signIn(as(user.command, home))).exit).toBe(0);
      const before = [await user.belongings(), await readFile(file, 'utf8')];
      const sudo = as(user.sudo, home, NO_BROWSER);
      await refusesEach(
        [
          at.login(),
          at.login('--profile', 'other'),
          ['setup'],
          ['refresh'],
          ['logout'],
          ['status'],
          ['token'],
          ['export'],
        ],
        sudo,
        ROOT_IN_USERS_HOME,
        AS_USER,
      );
      await refusesEach(
        [
          ['import', '-', '--profile', 'imported'],
          ['profiles', 'rename', 'default', 'new'],
          ['profiles', 'delete', 'default'],
          ['export', '--output', join(outside, 'a.env')],
          ['export', '--output', join(outside, 'b.env'), '--keep'],
        ],
        { ...sudo, input: NOTEBOOK },
        ROOT_IN_USERS_HOME,
        AS_USER,
      );
      expect([await user.belongings(), await readFile(file, 'utf8')]).toEqual(before);
      await rm(home, { recursive: true });
    },
  );

  longTest(
    'as root without sudo: no file either, even if the directory is missing or root created it earlier',
    async () => {
      const home = await user.make('empty');
      const root = as([], home);
      for (const prepare of [async () => {}, () => mkdir(join(home, '.config/fitbit-login'), { recursive: true })]) {
        await prepare();
        const before = await user.belongings();
        expectRefused(
          await at.run(at.login(), root),
          new RegExp(`\\(${user.uid}\\); this process runs as root`),
          new RegExp(`sudo -u '#${user.uid}'`),
        );
        expect(await at.run(['token'], root)).toMatchObject({ exit: 3 });
        expect(await user.belongings()).toEqual(before);
      }
      await rm(home, { recursive: true });
    },
  );

  longTest('as root with a directory of its own: works', async () => {
    const FITBIT_LOGIN_HOME = join(user.root, 'of root');
    expect((await signIn(as([], user.home, { FITBIT_LOGIN_HOME }))).exit).toBe(0);
    expect((await stat(join(FITBIT_LOGIN_HOME, 'profiles/default.json'))).uid).toBe(0);
  });
});
