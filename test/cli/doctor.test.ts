import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { longTest } from '../extent.ts';
import { host, skipWithoutHosts } from './host.ts';
import { type Ended, noBrowser, type ProgramFixture, programFixture, type StartOptions } from './program.ts';

const URI = 'http://127.0.0.1:8976/callback';
const SECRETS = ['marked-old-access-token', 'marked-old-refresh-token', 'marked-proxy-password', 'marked-secret'];

let at: ProgramFixture;
beforeAll(async () => {
  at = await programFixture();
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

describe('doctor on a healthy machine', () => {
  test('finds no problem, prints the redirect URI to register, uses no network and changes nothing', async () => {
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

  longTest('as text: the summary first, and every check with --verbose', async () => {
    const uri = await freeUri();
    const { exit, stdout } = await run(['--redirect-uri', uri], { FITBIT_LOGIN_HOME: await home() });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^✓ 11 checks passed\n/);
    expect(stdout).toContain(`Redirect URI to register: ${uri}\n`);
    expect(stdout).toMatch(/--verbose to see every check\.\n$/);
    const verbose = await run(['--verbose', '--redirect-uri', uri], { FITBIT_LOGIN_HOME: await home() });
    expect(verbose.stdout.match(/^✓ /gm)).toHaveLength(12);
  });
});

test('what is wrong ends with 6, and no secret of the environment is shown', async () => {
  const HTTPS_PROXY = 'socks5://me:marked-proxy-password@proxy.example:1080';
  const environment = { FITBIT_LOGIN_HOME: await home(), HTTPS_PROXY };
  const { exit, checks } = await look(['--redirect-uri', 'http://127.0.0.1:0/callback'], environment);
  expect(checks.get('proxy')).toMatchObject({ state: 'wrong', found: expect.stringContaining('SOCKS') });
  expect(exit).toBe(6);
});

describe('doctor --online', () => {
  test('reaches the provider, and holds the clock against its', async () => {
    const directory = await home();
    await plant(directory);
    const { exit, checks } = await look(['--online', '--redirect-uri', await freeUri()], {
      FITBIT_LOGIN_HOME: directory,
    });
    expect(checks.get('provider')).toMatchObject({ state: 'ok' });
    expect(checks.get('clock')).toMatchObject({ state: 'ok', found: expect.stringContaining("the provider's") });
    expect(exit).toBe(0);
  });

  test('an unreachable provider alone is exit 5', async () => {
    const directory = await home();
    const { origin } = new URL(await freeUri());
    await plant(directory, { sandbox: origin });
    const { exit, checks } = await look(['--online', '--redirect-uri', await freeUri()], {
      FITBIT_LOGIN_HOME: directory,
    });
    expect(checks.get('provider')).toMatchObject({ state: 'wrong', found: expect.stringContaining('ECONNREFUSED') });
    expect(exit).toBe(5);
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

  longTest('reports a loopback interface that is down', async () => {
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

test('opens no port', async () => {
  const { stdout } = await run(['--verbose', '--redirect-uri', await freeUri()], {
    FITBIT_LOGIN_HOME: await home(),
    BROWSER: noBrowser,
  });
  expect(stdout).toContain(`BROWSER="${noBrowser}"`);
});
