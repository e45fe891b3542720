import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consent } from '../../src/sandbox/consent.ts';
import { freePort, hasIpv6, lacks, netcat, nodeAt, pythonServer } from '../flow/port-programs.ts';
import { APP, type Desk, desk, type Program, person } from './program.ts';

const withoutNetcat = lacks('nc', '-h');
const withoutPython = lacks('python3', '--version');
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('SKIPPED: another user’s program, for which one has to be root.');

let at: Desk;
beforeAll(async () => {
  at = await desk(await person('allow'));
});
afterAll(() => at[Symbol.asyncDispose]());

const uri = (port: number, host = '127.0.0.1') => `http://${host}:${port}/callback`;
const login = (redirectUris: string, ...more: readonly string[]) => at.login('--redirect-uri', redirectUris, ...more);

/** Presses Allow for a login that opens no browser. */
async function allow(program: Program): Promise<Response> {
  const url = await program.address();
  at.sandbox.register({ id: APP.id, redirectUris: [url.searchParams.get('redirect_uri') ?? ''] });
  return consent(url);
}

describe('an earlier fitbit-login that still waits', () => {
  test('is told apart, goes on, and can still be finished', async () => {
    const redirectUri = uri(await freePort());
    const earlier = at.start(login(redirectUri, '--no-browser', '--profile', 'earlier'));
    await earlier.address();
    const { exit, stdout, stderr } = await at.run(login(redirectUri));
    const { pid } = earlier.child;
    expect([exit, stdout]).toEqual([6, '']);
    expect(stderr).toMatch(
      new RegExp(`^fitbit-login: 127.0.0.1:\\d+ is held by an earlier fitbit-login \\(pid ${pid}\\), which has waited`),
    );
    expect(stderr).toMatch(
      /1\. Finish the earlier sign-in.*\n.*2\. End it: Ctrl-C.*\n.*3\. Register a second redirect URI/,
    );
    expect(await (await allow(earlier)).text()).toContain('Signed in');
    expect((await earlier.ended).exit).toBe(0);
  });

  test('is ended by the command that is named, and the port is free then', async () => {
    const redirectUri = uri(await freePort());
    const earlier = at.start(login(redirectUri, '--no-browser', '--profile', 'earlier'));
    await earlier.address();
    const { stderr } = await at.run(login(redirectUri));
    const [, command = ''] = /`(kill \d+)`/.exec(stderr) ?? [];
    await promisify(execFile)('sh', ['-c', command]);
    expect((await earlier.ended).exit).toBe(130);
    expect((await at.run(login(redirectUri))).exit).toBe(0);
  });

  test.skipIf(!hasIpv6)('is told apart on both stacks, also under another of its names', async () => {
    const port = await freePort();
    const earlier = at.start(login(uri(port, 'localhost'), '--no-browser', '--profile', 'earlier'));
    await earlier.address();
    const both = await at.run(login(uri(port, 'localhost')));
    expect(both.stderr).toContain(`127.0.0.1:${port} and [::1]:${port} are held by an earlier fitbit-login (pid`);
    for (const host of ['127.0.0.1', '[::1]']) {
      const { stdout } = await at.run(login(uri(port, host), '--json'));
      expect(JSON.parse(stdout).error).toMatchObject({
        code: 'PORT_BUSY',
        port,
        pid: earlier.child.pid,
        process: 'node',
        earlier_sign_in: true,
        waiting_seconds: expect.any(Number),
      });
    }
    earlier.child.kill();
    await earlier.ended;
  });
});

describe('a port that another program holds', () => {
  test('is told with its process, its pid and three ways out; with --json each in a field', async () => {
    await using program = await nodeAt('127.0.0.1');
    const { port, pid } = program;
    const { exit, stderr } = await at.run(login(uri(port)));
    expect(exit).toBe(6);
    expect(stderr).toMatch(new RegExp(`^fitbit-login: 127.0.0.1:${port} is held by node \\(pid ${pid}\\)\\.$`, 'm'));
    expect(stderr).toContain(`1. End that program: \`kill ${pid}\`.`);
    expect(stderr).toMatch(new RegExp(`2\\. Register a second .*\`--redirect-uri "${uri(port)} http://127`, 's'));
    expect(stderr).toContain('`--redirect-uri http://127.0.0.1:0/callback`');
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

  test('the second redirect URI that is suggested works as it is given', async () => {
    await using program = await nodeAt('127.0.0.1');
    const { stderr } = await at.run(login(uri(program.port)));
    const [, suggested = ''] = /`--redirect-uri "([^"]+)"`/.exec(stderr) ?? [];
    const { exit, stdout } = await at.run(login(suggested, '--json'));
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).session).toBe('fresh');
  });

  test.skipIf(withoutPython)('Python’s web server on all addresses', async () => {
    await using program = await pythonServer();
    const { stderr } = await at.run(login(uri(program.port)));
    expect(stderr).toMatch(new RegExp(`is held by python[\\d.]* \\(pid ${program.pid}\\)`));
  });

  test.skipIf(withoutNetcat)('netcat, which still waits for its one connection afterwards', async () => {
    await using program = await netcat();
    const { stderr } = await at.run(login(uri(program.port)));
    expect(stderr).toMatch(new RegExp(`is held by nc\\S* \\(pid ${program.pid}\\)`));
    const socket = connect(program.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  });

  test.skipIf(!hasIpv6).each([
    ['127.0.0.1', '127.0.0.1', '[::1]'],
    ['::1', '[::1]', '127.0.0.1'],
  ])('on %s only is noticed for localhost', async (host, taken, free) => {
    await using program = await nodeAt(host);
    const { port, pid } = program;
    const { exit, stderr } = await at.run(login(uri(port, 'localhost')));
    expect(exit).toBe(6);
    expect(stderr).toContain(`${taken}:${port} is held by node (pid ${pid}) (${free}:${port} is free`);
  });

  test('the next registered URI is used; where all are taken, each is told with its holder', async () => {
    await using one = await nodeAt('127.0.0.1');
    await using other = await nodeAt('127.0.0.1');
    const free = uri(await freePort());
    const done = await at.run(login(`${uri(one.port)} ${free} ${uri(other.port)}`, '--no-browser', '--timeout', '1'));
    expect(done.stderr).toContain(`Waiting for the answer at ${free}`);
    const { exit, stderr } = await at.run(login(`${uri(one.port)},${uri(other.port)}`));
    expect(exit).toBe(6);
    for (const { port, pid } of [one, other]) {
      expect(stderr).toContain(`127.0.0.1:${port} is held by node (pid ${pid})`);
      expect(stderr).toContain(`\`kill ${pid}\``);
    }
  });

  test('is told for the sandbox too', async () => {
    await using program = await nodeAt('127.0.0.1');
    const { exit, stderr } = await at.run(['sandbox', '--port', String(program.port)]);
    expect(exit).toBe(6);
    expect(stderr).toContain(`127.0.0.1:${program.port} is held by node (pid ${program.pid})`);
    expect(stderr).toContain(`\`kill ${program.pid}\`; or take any free port: \`fitbit-login sandbox --port 0\``);
  });

  test.skipIf(!isRoot || process.platform !== 'linux')(
    'another user’s is told by that user, and how to find it',
    async () => {
      const home = await mkdtemp(join(tmpdir(), 'nobody-'));
      await chmod(home, 0o777);
      await using program = await nodeAt('127.0.0.1');
      const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
      const ended = await at.run(login(uri(program.port)), {
        within: nobody,
        environment: { FITBIT_LOGIN_HOME: home },
      });
      expect(ended.stderr).toContain(`127.0.0.1:${program.port} is held by another program, of the user with id 0.`);
      expect(ended.stderr).toContain(`\`sudo ss -ltnp sport = :${program.port}\` shows which it is`);
      expect(ended.stderr).not.toContain('`kill');
      await rm(home, { recursive: true });
    },
  );
});

test('a program that answers half as we do is not taken for one of ours', async () => {
  const server = createServer((_request, response) => response.end('{"waiting":"fitbit-login"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const { stderr } = await at.run(login(uri(port)));
  expect(stderr).toContain(`is held by node (pid ${process.pid})`);
  server.close();
});
