import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cable, type Host, host, skipWithoutHosts } from './host.ts';
import { Program, robotBrowser } from './program.ts';

const SSHD = '/usr/sbin/sshd';
const withoutSsh = [SSHD, 'ssh', 'ssh-keygen'].some((program) => spawnSync(program, ['-?']).error !== undefined);
if (withoutSsh) console.warn('SKIPPED: sign-ins through a tunnel, which need OpenSSH’s client and server.');

const REMOTE = '198.51.100.2';
const LOCAL = '198.51.100.1';
const REDIRECT = 'http://127.0.0.1:8976/callback';
const SANDBOX = 'http://127.0.0.1:8977';
const { username } = userInfo();

/**
 * Two hosts, a cable, and a real sshd. The program runs on the remote one, in a session that came by ssh; the browser is on the other.
 * The provider, which both would reach over the internet, is a sandbox on the remote host, and the same forward leads to it.
 */
describe.skipIf(withoutSsh || skipWithoutHosts)('a sign-in on another host, by SSH', () => {
  const started: ChildProcess[] = [];
  let remote: Host;
  let local: Host;
  let directory = '';
  const at = (file: string) => join(directory, file);

  /** Starts a command on a host; resolves once it says so. */
  async function start(there: Host, command: readonly string[], ready: RegExp): Promise<ChildProcess> {
    const [file = '', ...args] = [...there.inside, ...command];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let said = '';
    await new Promise<void>((done, fail) => {
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (chunk: string) => {
          said += chunk;
          if (ready.test(said)) done();
        });
      child.once('close', () => fail(new Error(`${file} ended: ${said}`)));
    });
    return child;
  }

  /** What a test adds to an ssh command: the key, and no configuration of the user. */
  const ours = () => [
    ...['-F', 'none', '-i', at('key'), '-o', 'IdentitiesOnly=yes'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ExitOnForwardFailure=yes'],
  ];

  beforeAll(async () => {
    [remote, local] = await Promise.all([host(), host()]);
    await cable([local, LOCAL], [remote, REMOTE]);
    directory = await mkdtemp(join(tmpdir(), 'tunnel-'));
    for (const key of ['key', 'host_key'])
      await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
    const config = [
      `ListenAddress ${REMOTE}`,
      `HostKey ${at('host_key')}`,
      `AuthorizedKeysFile ${at('key.pub')}`,
      `AllowUsers ${username}`,
      'AuthenticationMethods publickey',
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
    ];
    await writeFile(at('sshd_config'), config.join('\n'));
    // Its directory for unprivileged children is made where only this host sees it.
    const sshd = `mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec ${SSHD} -D -e -f ${at('sshd_config')}`;
    await start(remote, ['sh', '-c', sshd], /Server listening/);
    await start(
      remote,
      [process.execPath, resolve('dist/bin.cjs'), 'sandbox', '--port', '8977'],
      /Press Ctrl-C to stop/,
    );
  });
  afterAll(async () => {
    for (const child of started) child.kill('SIGKILL');
    for (const there of [local, remote]) await there?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  async function ended(child: ChildProcess): Promise<void> {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }

  /** Starts a login in a session on the remote host, as you would from the local machine. */
  function remoteLogin(): Program {
    const session = ['ssh', ...ours(), `${username}@${REMOTE}`, 'env', `FITBIT_LOGIN_HOME=${at('home')}`];
    const args = ['login', '--no-browser', '--sandbox', SANDBOX, '--redirect-uri', REDIRECT, '--json'];
    return new Program(args, { PATH: process.env.PATH }, { within: [...local.inside, ...session] });
  }

  test('finishes in the browser on the local machine, through the printed ssh command', async () => {
    const browser = (await robotBrowser('allow')).split(' ');
    const login = remoteLogin();
    const { href } = await login.address();
    // Without the forward, nothing on the local machine leads there.
    await expect(local.run(...browser, href)).rejects.toThrow('ECONNREFUSED');

    const [printed] = await login.says(/(?<=^ +)ssh -N -L .*$/m);
    const forward = `${printed} ${ours().join(' ')} -o LogLevel=DEBUG1`;
    const ssh = await start(local, ['sh', '-c', `exec ${forward}`], /Entering interactive session/);
    expect(await local.run(...browser, href)).toMatch(/signed in/i);
    const { exit, stdout } = await login.ended;
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      session: 'valid',
      sandbox: SANDBOX,
      file: at('home/profiles/sandbox.json'),
    });
    await ended(ssh);
  });
});
