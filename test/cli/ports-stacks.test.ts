import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest } from '../extent.ts';
import { type Host, host, skipWithoutHosts } from './host.ts';
import { type Ended, type ProgramFixture, programFixture, robotBrowser } from './program.ts';

let at: ProgramFixture;
beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
});
afterAll(() => at[Symbol.asyncDispose]());

/** A sign-in of which every part is there: the program, a sandbox in it, and the person. */
function signIn(inside: readonly string[], redirectUri: string, ...more: readonly string[]): Promise<Ended> {
  const environment = { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '' };
  return at.run(['login', '--sandbox', '--redirect-uri', redirectUri, ...more], { within: inside, environment });
}

const LOCALHOST = 'http://localhost:8976/callback';
const IPV6 = 'http://[::1]:8976/callback';

describe.skipIf(skipWithoutHosts)('a host with IPv6 switched off', () => {
  let there: Host;
  beforeAll(async () => {
    there = await host();
    await there.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
  });
  afterAll(() => there[Symbol.asyncDispose]());

  test('§6: signs in at a localhost URI, and its log says that there is one stack', async () => {
    const { exit, stdout, stderr } = await signIn(there.inside, LOCALHOST, '--log-level', 'info');
    expect(exit).toBe(0);
    expect(stdout).toContain('Signed in');
    expect(stderr).toContain('"absent":["::1"]');
  });

  longTest('signs in at any port of localhost', async () => {
    expect((await signIn(there.inside, 'http://localhost:0/callback')).exit).toBe(0);
  });

  test('explains what an [::1] URI needs, and the suggested fix works', async () => {
    const { exit, stderr } = await signIn(there.inside, IPV6);
    expect(exit).toBe(6);
    expect(stderr).toMatch(/Cannot listen on \[::1\]:8976.*IPv6/);
    expect(stderr).toContain('http://127.0.0.1:8976/callback instead');
    const [, setting = ''] = /sudo sysctl (\S+=\d)/.exec(stderr) ?? [];
    await there.run('sysctl', '-qw', setting);
    expect((await signIn(there.inside, IPV6)).exit).toBe(0);
  });
});

describe.skipIf(skipWithoutHosts)('a host', () => {
  let there: Host;
  beforeAll(async () => {
    there = await host();
  });
  afterAll(() => there[Symbol.asyncDispose]());

  test('signs in at a localhost URI on both stacks', async () => {
    const { exit, stderr } = await signIn(there.inside, LOCALHOST, '--log-level', 'info');
    expect(exit).toBe(0);
    expect(stderr).not.toContain('"absent"');
  });

  longTest('with an IPv6 loopback address only: localhost listens there', async () => {
    await there.run('ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
    const program = at.start(['login', '--redirect-uri', LOCALHOST, '--no-browser', '--timeout', '1'], {
      within: there.inside,
    });
    await program.says(/Waiting for the redirect to http:\/\/localhost:8976/);
    expect((await program.ended).exit).toBe(4);
    const { exit, stderr } = await at.run(['login', '--redirect-uri', 'http://127.0.0.1:8976/callback'], {
      within: there.inside,
    });
    expect(exit).toBe(6);
    expect(stderr).toContain('Cannot listen on 127.0.0.1:8976: the loopback interface');
    const [, ...command] = /sudo (ip) (addr) (\S+) (\S+) (\S+) (\w+)/.exec(stderr) ?? [];
    await there.run(...command);
    expect((await signIn(there.inside, LOCALHOST)).exit).toBe(0);
  });
});

test.skipIf(skipWithoutHosts)('a loopback interface that is down is reported', async () => {
  await using there = await host();
  await there.run('ip', 'link', 'set', 'lo', 'down');
  await there.run('ip', 'addr', 'flush', 'dev', 'lo');
  const { exit, stderr } = await at.run(['login', '--redirect-uri', LOCALHOST], { within: there.inside });
  expect(exit).toBe(6);
  expect(stderr).toContain('Cannot listen on 127.0.0.1:8976: the loopback interface');
  const [, ...command] = /sudo (ip) (link) (\S+) (\S+) (\w+)/.exec(stderr) ?? [];
  await there.run(...command);
  expect((await signIn(there.inside, LOCALHOST)).exit).toBe(0);
});

const WITHOUT_IPV6 = ['python3', join(import.meta.dirname, 'without-ipv6.py')];
const skipWithoutFilter =
  process.platform !== 'linux' || spawnSync(WITHOUT_IPV6[0] ?? '', [...WITHOUT_IPV6.slice(1), 'true']).status !== 0;
if (skipWithoutFilter) console.warn('SKIPPED: a kernel without IPv6, which needs Python and a Linux with seccomp.');

describe.skipIf(skipWithoutFilter)('a kernel that was built without IPv6', () => {
  test('signs in at a localhost URI', async () => {
    expect((await signIn(WITHOUT_IPV6, 'http://localhost:0/callback')).exit).toBe(0);
  });

  test('explains what an [::1] URI needs, and suggests no sysctl that does not exist', async () => {
    const { exit, stderr } = await signIn(WITHOUT_IPV6, IPV6);
    expect(exit).toBe(6);
    expect(stderr).toMatch(/Cannot listen on \[::1\]:8976.*IPv6/);
    expect(stderr).toContain('http://127.0.0.1:8976/callback instead');
    expect(stderr).not.toContain('sysctl');
  });
});
