import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest, some } from '../extent.ts';
import { freePort, hasIpv6, nodeAt } from '../flow/port-programs.ts';
import { type ProgramFixture, programFixture, robotBrowser } from './program.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('SKIPPED: another user’s program, for which one has to be root.');

let at: ProgramFixture;
beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
});
afterAll(() => at[Symbol.asyncDispose]());

const uri = (port: number, host = '127.0.0.1') => `http://${host}:${port}/callback`;
const login = (redirectUris: string, ...more: readonly string[]) => at.login('--redirect-uri', redirectUris, ...more);

describe.skipIf(process.platform !== 'linux')('a port that another program holds', () => {
  test('is named with its program and pid, which keeps running; with --json each in a field', async () => {
    await using program = await nodeAt('127.0.0.1');
    const { port, pid } = program;
    const { exit, stderr } = await at.run(login(uri(port)));
    expect(exit).toBe(6);
    expect(stderr).toContain(`Port ${port} is used by node (pid ${pid}).`);
    expect(stderr).toContain(`kill ${pid}`);
    expect(stderr).toContain('--redirect-uri');
    const { stdout } = await at.run(login(uri(port), '--json'));
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'PORT_BUSY',
      address: '127.0.0.1',
      port,
      pid,
      process: 'node',
      tried: `127.0.0.1:${port}`,
    });
    expect(program.child.exitCode).toBeNull();
  });

  test.skipIf(!hasIpv6).each(some(['127.0.0.1', '::1'], 1))('on %s only is noticed for localhost', async (host) => {
    await using program = await nodeAt(host);
    const { exit, stderr } = await at.run(login(uri(program.port, 'localhost')));
    expect(exit).toBe(6);
    expect(stderr).toContain(`on ${host}, where localhost may lead too, is used by node (pid ${program.pid})`);
  });

  longTest('is skipped for the next registered URI; if all are taken, each is named with its holder', async () => {
    await using one = await nodeAt('127.0.0.1');
    await using other = await nodeAt('127.0.0.1');
    const free = uri(await freePort());
    const done = await at.run(login(`${uri(one.port)} ${free} ${uri(other.port)}`, '--no-browser', '--timeout', '1'));
    expect(done.stderr).toContain(new URL(free).host);
    const { exit, stderr } = await at.run(login(`${uri(one.port)},${uri(other.port)}`));
    expect(exit).toBe(6);
    for (const { port, pid } of [one, other]) expect(stderr).toContain(`port ${port} is used by node (pid ${pid})`);
  });

  longTest('is named for the sandbox too', async () => {
    await using program = await nodeAt('127.0.0.1');
    const { exit, stderr } = await at.run(['sandbox', '--port', String(program.port)]);
    expect(exit).toBe(6);
    expect(stderr).toContain(`${program.port} is used by node (pid ${program.pid})`);
    expect(stderr).toContain('fitbit-login sandbox --port 0');
  });

  test.skipIf(!isRoot)('held by another user is named by that user, with the command that shows it', async () => {
    const home = await mkdtemp(join(tmpdir(), 'other-user-'));
    await chmod(home, 0o777);
    await using program = await nodeAt('127.0.0.1');
    const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const { stderr } = await at.run(login(uri(program.port)), {
      within: asNobody,
      environment: { FITBIT_LOGIN_HOME: home },
    });
    expect(stderr).toContain('another user (uid 0)');
    expect(stderr).toContain(`sudo ss -ltnp sport = :${program.port}`);
    expect(stderr).not.toContain('kill');
    await rm(home, { recursive: true });
  });
});
