import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { host, skipWithoutHosts } from './host.ts';
import { type Desk, desk, type Ended, nobody, type StartOptions } from './program.ts';

const URI = 'http://127.0.0.1:8976/callback';
const SECRETS = ['marked-old-access-token', 'marked-old-refresh-token', 'marked-proxy-password', 'marked-secret'];

let at: Desk;
beforeAll(async () => {
  at = await desk();
});
afterAll(() => at[Symbol.asyncDispose]());

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly found: string;
  readonly means: string;
  readonly todo: string | null;
}

/** A port that is free now, so that tests do not stand in each other's way. */
async function freeUri(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/callback`;
}

/** A home of its own for one test. */
async function home(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'doctor-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function run(args: readonly string[], environment: Readonly<Record<string, string>>, more: StartOptions = {}) {
  const ended = await at.run(['doctor', ...args], {
    ...more,
    environment: { FITBIT_CLIENT_SECRET: 'marked-secret', ...environment },
  });
  for (const secret of SECRETS) expect(ended.stdout + ended.stderr).not.toContain(secret);
  return ended;
}

async function look(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  more: StartOptions = {},
): Promise<Ended & { readonly checks: ReadonlyMap<string, Shown> }> {
  const ended = await run([...args, '--json'], environment, more);
  const { checks }: { readonly checks: readonly Shown[] } = JSON.parse(ended.stdout);
  return { ...ended, checks: new Map(checks.map((check) => [check.id, check])) };
}

/** A profile in a home, as a sign-in left it. */
async function plant(directory: string, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const file = join(directory, 'profiles/default.json');
  await mkdir(join(directory, 'profiles'), { recursive: true, mode: 0o700 });
  const stored = JSON.parse(await at.plant());
  await writeFile(file, JSON.stringify({ ...stored, ...fields }), { mode: 0o600 });
  return file;
}

describe('doctor on a machine where all is well', () => {
  test('finds nothing wrong, prints the redirect URI to register, asks nobody and changes nothing', async () => {
    const directory = await home();
    const before = at.sandbox.state().counts;
    const { exit, stdout, stderr, checks } = await look(['--redirect-uri', await freeUri()], {
      FITBIT_LOGIN_HOME: directory,
    });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect([...checks.values()].filter(({ state }) => state !== 'ok')).toEqual([]);
    expect([...checks.keys()]).not.toContain('provider');
    expect(JSON.parse(stdout)).toMatchObject({ profile: 'default', redirect_uris: [expect.stringMatching(/^http:/)] });
    expect(await readdir(directory)).toEqual([]);
    expect(at.sandbox.state().counts).toEqual(before);
  });

  test('as text, with the URI alone on its line', async () => {
    const uri = await freeUri();
    const { exit, stdout } = await run(['--redirect-uri', uri], { FITBIT_LOGIN_HOME: await home() });
    expect(exit).toBe(0);
    expect(stdout).toContain(`\n  ${uri}\n`);
    expect(stdout).toMatch(/11 ok, 0 to know of, 0 wrong\.\n$/);
  });

  test('leaves a stored profile, its times included, as it was', async () => {
    const directory = await home();
    const file = await plant(directory);
    const before = [await readFile(file, 'utf8'), (await stat(file)).mtimeMs, await readdir(directory)];
    await look(['--redirect-uri', await freeUri()], { FITBIT_LOGIN_HOME: directory });
    expect([await readFile(file, 'utf8'), (await stat(file)).mtimeMs, await readdir(directory)]).toEqual(before);
  });
});

describe('doctor finds', () => {
  type Case = readonly [id: string, state: string, words: RegExp, environment: Readonly<Record<string, string>>];
  const CASES: readonly Case[] = [
    ['registration', 'wrong', /looks like neither/, { FITBIT_CLIENT_ID: 'nonsense' }],
    ['registration', 'warning', /fitbit-login setup/, { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '' }],
    [
      'registration',
      'ok',
      /no redirect URI has to be registered/,
      { FITBIT_CLIENT_ID: '1-a.apps.googleusercontent.com' },
    ],
    ['browser', 'wrong', /“\/nowhere\/browser”, which cannot be run/, { BROWSER: '/nowhere/browser' }],
    ['browser', 'wrong', /not closed/, { BROWSER: 'firefox "%s' }],
    ['browser', 'warning', /SSH session/, { BROWSER: '', SSH_TTY: '/dev/pts/0' }],
    [
      'proxy',
      'ok',
      /HTTPS_PROXY names http:\/\/proxy\.example:3128, with a password/,
      { HTTPS_PROXY: 'http://me:marked-proxy-password@proxy.example:3128' },
    ],
    ['proxy', 'wrong', /SOCKS/, { HTTPS_PROXY: 'socks5://me:marked-proxy-password@proxy.example:1080' }],
    ['certificates', 'wrong', /cannot be read \(ENOENT\)/, { NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' }],
    ['certificates', 'wrong', /NODE_TLS_REJECT_UNAUTHORIZED/, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ];
  test.concurrent.each(CASES)('%s: %s, %s', async (id, state, words, environment) => {
    const directory = await mkdtemp(join(tmpdir(), 'doctor-'));
    try {
      const { exit, checks } = await look(['--redirect-uri', 'http://127.0.0.1:0/callback'], {
        FITBIT_LOGIN_HOME: directory,
        NODE_EXTRA_CA_CERTS: '',
        ...environment,
      });
      const check = checks.get(id);
      expect(`${check?.state}: ${check?.found} ${check?.means} ${check?.todo}`).toMatch(words);
      expect(check?.state).toBe(state);
      expect(exit).toBe(state === 'wrong' ? 6 : 0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('a file in the place of the directory', async () => {
    const directory = await home();
    await writeFile(join(directory, 'profiles'), '');
    const { exit, checks } = await look([], { FITBIT_LOGIN_HOME: directory });
    expect(checks.get('directory')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('not a directory'),
    });
    expect(exit).toBe(6);
  });

  test.skipIf(process.platform === 'win32')('what is open to others: directory, profile and log', async () => {
    const directory = await home();
    const file = await plant(directory);
    await mkdir(join(directory, 'log'));
    await writeFile(join(directory, 'log/fitbit-login.log'), '');
    for (const path of [join(directory, 'profiles'), file, join(directory, 'log/fitbit-login.log')])
      await chmod(path, 0o755);
    const { checks } = await look(['--redirect-uri', await freeUri()], { FITBIT_LOGIN_HOME: directory });
    for (const id of ['directory', 'profile', 'log']) {
      expect(checks.get(id)).toMatchObject({ state: 'warning', todo: expect.stringContaining('chmod') });
    }
  });

  test('a damaged profile, which is left as it is', async () => {
    const directory = await home();
    const file = await plant(directory);
    await writeFile(file, '{"version":1,');
    const { exit, checks } = await look([], { FITBIT_LOGIN_HOME: directory });
    expect(checks.get('profile')).toMatchObject({ state: 'wrong', found: expect.stringContaining(file) });
    expect(exit).toBe(6);
    expect(await readFile(file, 'utf8')).toBe('{"version":1,');
  });

  test('a link in the place of a profile, which is never written through', async () => {
    const directory = await home();
    const file = await plant(directory);
    const { rename, symlink } = await import('node:fs/promises');
    await rename(file, join(directory, 'real.json'));
    await symlink(join(directory, 'real.json'), file);
    const { checks } = await look([], { FITBIT_LOGIN_HOME: directory });
    expect(checks.get('profile')).toMatchObject({ state: 'wrong', found: expect.stringContaining('symbolic link') });
  });

  test('tokens that were obtained in the future of this clock', async () => {
    const directory = await home();
    await plant(directory, { obtained_at: '2099-01-01T00:00:00.000Z', expires_at: '2099-01-01T08:00:00.000Z' });
    const { checks } = await look([], { FITBIT_LOGIN_HOME: directory });
    expect(checks.get('clock')).toMatchObject({ state: 'wrong', found: expect.stringContaining('2099') });
  });

  test('who holds the port, and whether another one is free', async () => {
    const directory = await home();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const held = `http://127.0.0.1:${port}/callback`;
    const alone = await look(['--redirect-uri', held], { FITBIT_LOGIN_HOME: directory });
    expect(alone.checks.get('port')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining(`${port}`),
    });
    if (process.platform === 'linux') expect(alone.checks.get('port')?.found).toContain(`pid ${process.pid}`);
    expect(alone.exit).toBe(6);
    const free = await freeUri();
    const both = await look(['--redirect-uri', `${held} ${free}`], { FITBIT_LOGIN_HOME: directory });
    expect(both.checks.get('port')).toMatchObject({ state: 'warning', means: expect.stringContaining(free) });
    expect(both.exit).toBe(0);
  });
});

describe('doctor --online', () => {
  test('reaches the provider, and holds the clock against its', async () => {
    const directory = await home();
    await plant(directory);
    const { exit, checks } = await look(['--online', '--redirect-uri', await freeUri()], {
      FITBIT_LOGIN_HOME: directory,
    });
    expect(checks.get('provider')).toMatchObject({ state: 'ok' });
    expect(checks.get('clock')).toMatchObject({ state: 'ok', found: expect.stringContaining('the provider’s') });
    expect(exit).toBe(0);
  });

  test('a provider that cannot be reached is 5, where nothing else is wrong', async () => {
    const directory = await home();
    const { origin } = new URL(await freeUri());
    await plant(directory, { sandbox: origin });
    const { exit, checks } = await look(['--online', '--redirect-uri', await freeUri()], {
      FITBIT_LOGIN_HOME: directory,
    });
    expect(checks.get('provider')).toMatchObject({ state: 'wrong', found: expect.stringContaining('ECONNREFUSED') });
    expect(exit).toBe(5);
  });

  test.each([
    ['a service that was retired', 410, 0, 'provider', 'wrong', /retired/],
    ['a clock that is two minutes behind', 400, 120, 'clock', 'warning', /1[12]\d seconds behind/],
    ['a clock that is a day ahead', 400, -86_400, 'clock', 'wrong', /seconds ahead of/],
  ] as const)('%s', async (_what, status, aheadSeconds, id, state, words) => {
    const server = createHttpServer((_request, response) => {
      response.sendDate = false;
      response.writeHead(status, { date: new Date(Date.now() + aheadSeconds * 1000).toUTCString() }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const directory = await home();
    await plant(directory, { sandbox: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const { checks } = await look(['--online', '--redirect-uri', await freeUri()], { FITBIT_LOGIN_HOME: directory });
    expect(checks.get(id)?.state).toBe(state);
    expect(checks.get(id)?.found).toMatch(words);
  });
});

describe.skipIf(skipWithoutHosts)('doctor on another host', () => {
  const LOCALHOST = 'http://localhost:8976/callback';

  test('without IPv6: enough for localhost, wrong for [::1]', async () => {
    await using there = await host();
    await there.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.lo.disable_ipv6=1');
    const environment = { FITBIT_LOGIN_HOME: await home() };
    const inside = { within: there.inside };
    const localhost = await look(['--redirect-uri', LOCALHOST], environment, inside);
    expect(localhost.checks.get('loopback-ipv6')).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('no IPv6'),
    });
    const only = await look(['--redirect-uri', 'http://[::1]:8976/callback'], environment, inside);
    expect(only.checks.get('loopback-ipv6')).toMatchObject({
      state: 'wrong',
      todo: expect.stringContaining('--redirect-uri'),
    });
    expect([localhost.exit, only.exit]).toEqual([0, 6]);
  });

  test('whose loopback interface is down', async () => {
    await using there = await host();
    await there.run('ip', 'link', 'set', 'lo', 'down');
    await there.run('ip', 'addr', 'flush', 'dev', 'lo');
    const { exit, checks } = await look(
      ['--redirect-uri', URI],
      { FITBIT_LOGIN_HOME: await home() },
      { within: there.inside },
    );
    expect(checks.get('loopback-ipv4')).toMatchObject({ state: 'wrong', found: expect.stringContaining('127.0.0.1') });
    expect(exit).toBe(6);
  });
});

test('nothing is opened by looking', async () => {
  const { stdout } = await run(['--redirect-uri', await freeUri()], {
    FITBIT_LOGIN_HOME: await home(),
    BROWSER: nobody,
  });
  expect(stdout).toContain(`BROWSER names “${nobody}”`);
});
