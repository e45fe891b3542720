import { once } from 'node:events';
import { readdir, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { longTest, some } from '../extent.ts';
import { expectFailure, type Failure } from './failure.ts';
import { OLD_TOKEN, type ProgramFixture, programFixture, robotBrowser } from './program.ts';

let at: ProgramFixture;
let allow = '';
let deny = '';
let old = '';
beforeAll(async () => {
  [allow, deny] = await Promise.all([robotBrowser('allow'), robotBrowser('deny')]);
  at = await programFixture(allow);
});
beforeEach(async () => {
  at.sandbox.faults.clear();
  await rm(dirname(at.file), { recursive: true, force: true });
  old = await at.plant();
});
afterAll(() => at[Symbol.asyncDispose]());

interface Case extends Failure {
  readonly name: string;
  /** What is wrong. @returns further arguments */
  readonly arrange?: () => Promise<readonly string[]>;
  readonly browser?: () => string;
  readonly environment?: Readonly<Record<string, string>>;
}

const broken = (status: number) => async () => {
  at.sandbox.faults.add({ at: 'token', kind: 'status', status });
  return [];
};
const given =
  (...args: string[]) =>
  async () =>
    args;

const LOGIN: readonly Case[] = [
  {
    name: 'a defect',
    exit: 1,
    code: 'UNEXPECTED',
    hint: 'report what it prints',
    environment: { NODE_OPTIONS: sabotage() },
  },
  { name: 'an unknown option', exit: 2, code: 'USAGE', hint: '--help', arrange: given('--colour') },
  { name: 'a time limit that is none', exit: 2, code: 'USAGE', hint: '--help', arrange: given('--timeout', '1.5') },
  { name: 'an unknown scope', exit: 2, code: 'USAGE', hint: 'Its scopes are', arrange: given('--scope', 'everything') },
  { name: 'an unknown provider', exit: 2, code: 'USAGE', hint: '--provider', arrange: given('--provider', 'garmin') },
  { name: 'a name that cannot be one', exit: 2, code: 'USAGE', hint: '1 to 64', arrange: given('--profile', '../x') },
  {
    name: 'a redirect URI elsewhere',
    exit: 2,
    code: 'USAGE',
    hint: 'http://127.0.0.1',
    arrange: given('--redirect-uri', 'http://192.0.2.1/'),
  },
  {
    name: 'a sandbox elsewhere',
    exit: 2,
    code: 'USAGE',
    hint: '--sandbox http://127.0.0.1',
    arrange: given('--sandbox', 'http://192.0.2.1'),
  },
  {
    name: 'a wrong secret',
    exit: 2,
    code: 'CLIENT_REJECTED',
    hint: 'client secret',
    environment: { FITBIT_CLIENT_SECRET: 'wrong' },
  },
  {
    name: 'a request that is not understood',
    exit: 2,
    code: 'REQUEST_REJECTED',
    hint: 'app registration',
    arrange: broken(400),
  },
  { name: 'Deny', exit: 4, code: 'DENIED', hint: 'to try again', browser: () => deny },
  {
    name: 'connection refused',
    exit: 4,
    code: 'TIMED_OUT',
    hint: 'registered',
    arrange: given('--timeout', '1', '--no-browser'),
  },
  { name: '410 Gone', exit: 2, code: 'RETIRED', hint: 'Google Health', arrange: broken(410) },
  { name: '503', exit: 5, code: 'UNAVAILABLE', hint: 'Try again later', arrange: broken(503) },
  { name: '429', exit: 5, code: 'RATE_LIMITED', hint: 'once it resets', arrange: broken(429) },
  {
    name: 'a client file that is not there',
    exit: 6,
    code: 'FILE_UNREADABLE',
    hint: 'path',
    arrange: given('--client-secret-file', '/nowhere/secret'),
  },
];

describe('login ends with its exit code, its hint, and the old tokens intact', () => {
  const check = async ({ arrange, browser, environment, ...expected }: Case, json: boolean) => {
    const more = (await arrange?.()) ?? [];
    const BROWSER = browser?.() ?? allow;
    const ended = await at.run(at.login(...more, ...(json ? ['--json'] : [])), {
      environment: { BROWSER, ...environment },
    });
    expectFailure(ended, expected, json);
    expect(await at.stored()).toBe(old);
    expect(await readdir(dirname(at.file))).toEqual(['default.json']);
    if (!json && expected.exit > 3) expect(ended.stderr).toMatch(/untouched|unchanged|kept|can.t read|cannot be read/i);
  };
  const isFirst = ({ exit }: Case, index: number) => LOGIN.findIndex((other) => other.exit === exit) === index;
  const first = LOGIN.filter(isFirst);
  const rows = [...first, ...LOGIN.filter((row) => !first.includes(row))];
  test.each(some(rows, first.length))('$exit $code: $name', (failure) => check(failure, false));
  test.each(some(first, 1))('--json: $exit $code: $name', (failure) => check(failure, true));

  longTest('0: signed in, the result on stdout alone', async () => {
    const { exit, stdout, stderr } = await at.run(at.login());
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^✓ Signed in to Fitbit \(sandbox\) as WALK01/);
    expect(stdout).toContain(at.file);
    expect(stderr).not.toContain('Signed in');
    expect(JSON.parse(await at.stored()).access_token).not.toBe(OLD_TOKEN);
  });

  test('0 --json: signed in, and stdout is JSON and nothing else', async () => {
    const { exit, stdout } = await at.run(at.login('--json', '--scope', 'sleep,profile'));
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ user_id: 'WALK01', session: 'valid', missing_scope: [], file: at.file });
  });

  test.each([
    ['TLS', 'https://127.0.0.1:1', '', "Can't reach 127.0.0.1:1"],
    ['a proxy', 'https://issuer.example', 'http://127.0.0.1:1', "Can't reach the proxy"],
  ])('5 UNAVAILABLE: the built program connects over %s', async (_how, provider, HTTPS_PROXY, words) => {
    const args = ['login', '--provider', provider, '--client-id', 'app', '--scope', 'openid', '--profile', 'other'];
    const { exit, stderr } = await at.run(args, { environment: { HTTPS_PROXY } });
    expect(exit).toBe(5);
    expect(stderr).toContain(words);
    expect(stderr).toContain('ECONNREFUSED');
  });

  test('2 NOT_CONFIGURED: without an app, the hint says how to register one', async () => {
    await rm(at.file);
    // No display and no terminal: a script.
    const environment = { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '', BROWSER: '', CI: 'true' };
    const { exit, stdout, stderr } = await at.run([], { environment });
    expect([exit, stdout]).toEqual([2, '']);
    for (const words of [
      'https://dev.fitbit.com/apps',
      'http://127.0.0.1:8976/callback',
      'FITBIT_CLIENT_ID',
      '--client-secret-file',
    ])
      expect(stderr).toContain(words);
    const asJson = await at.run(['login', '--json'], { environment });
    expect(JSON.parse(asJson.stdout).error).toMatchObject({ code: 'NOT_CONFIGURED', exit_code: 2 });
  });

  longTest('2: an unknown command points to the help', async () => {
    const { exit, stdout, stderr } = await at.run(['sign-in']);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/unknown command.*fitbit-login --help/is);
  });

  test('6 PORT_BUSY: says which port, and the program that holds it is left alone', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const ended = await at.run(at.login('--redirect-uri', `http://127.0.0.1:${port}/callback`));
    expectFailure(ended, { exit: 6, code: 'PORT_BUSY', hint: '--redirect-uri' }, false);
    expect(ended.stderr).toContain(`${port}`);
    expect(await at.stored()).toBe(old);
    holder.close();
  });

  test.each(
    some(
      [
        ['STORE_DAMAGED', '{"version":1,"access_token":"marked-old-access-token"', 'move it away'],
        ['STORE_VERSION', '{"version":2,"access_token":"marked-old-access-token"}', 'Update fitbit-login'],
      ],
      1,
    ),
  )('6 %s: names the file, and leaves it alone', async (code, content, hint) => {
    await at.plant(content);
    for (const args of [at.login(), ['status']]) {
      const ended = await at.run(args);
      expectFailure(ended, { exit: 6, code, hint }, false);
      expect(ended.stderr).toContain(at.file);
      expect(await at.stored()).toBe(content);
    }
  });

  test.skipIf(process.platform !== 'linux')('6 STORE_UNAVAILABLE: before any browser is opened', async () => {
    await rm(dirname(at.file), { recursive: true });
    // Not writable, even by root.
    await symlink('/proc/1', dirname(at.file));
    const ended = await at.run(at.login());
    expectFailure(ended, { exit: 6, code: 'STORE_UNAVAILABLE', hint: 'permissions' }, false);
    expect(ended.stderr).not.toMatch(/If nothing opens|Open this URL/);
  });
});

longTest('an internal error shows its stack under --log-level debug only', async () => {
  const environment = { NODE_OPTIONS: sabotage() };
  const { stderr } = await at.run(at.login('--log-level', 'debug'), { environment });
  expect(stderr).toMatch(/^\s+at .+:\d+/m);
  expect((await at.run(at.login('--log-level', 'info'), { environment })).stderr).not.toMatch(/^\s+at .+:\d+/m);
});

/** A defect where none is expected: no random numbers of the length of a state. */
function sabotage(): string {
  const script =
    'import crypto from "node:crypto";const r=crypto.randomBytes;' +
    'crypto.randomBytes=(n)=>{if(n===32)throw(new(RangeError)(`boom`));return(r(n))}';
  return `--import data:text/javascript,${encodeURIComponent(script)}`;
}
