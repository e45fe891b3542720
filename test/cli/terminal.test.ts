import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { consent } from '../../src/sandbox/consent.ts';
import { longTest, some } from '../extent.ts';
import { decideAtSandbox } from '../flow/providers.ts';
import { APP, noBrowser, type ProgramFixture, programFixture, robotBrowser } from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

let at: ProgramFixture;
let allow = '';
beforeAll(async () => {
  allow = await robotBrowser('allow');
  at = await programFixture(allow);
});
beforeEach(() => at.sandbox.faults.clear());
afterAll(() => at[Symbol.asyncDispose]());

async function decide(url: URL): Promise<Response> {
  at.sandbox.register({ id: APP.id, redirectUris: [url.searchParams.get('redirect_uri') ?? ''] });
  return consent(url);
}

describe('a waiting login', () => {
  longTest('prints the URL first, whole and on its own line, before a browser is opened', async () => {
    const program = at.start(at.login(), { environment: { BROWSER: '/nowhere/browser' } });
    await program.says(/couldn't be started.*Open the URL above/);
    // Neither the state nor the challenge: a launcher's arguments are readable by everyone on this machine.
    expect((await program.address()).href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/start\/[\w-]{22}$/);
    const url = await program.authorizeUrl();
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ client_id: APP.id, code_challenge_method: 'S256' });
    await decide(url);
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr).toMatch(/^Opening your browser to sign in to .+…\nIf nothing opens, visit http\S+\n/);
  });

  longTest('--no-browser opens none, and says where it waits and for how long', async () => {
    const environment = { BROWSER: '/nowhere/browser' };
    const program = at.start(at.login('--no-browser', '--timeout', '90'), { environment });
    const url = await program.address();
    const [, minutes] = await program.says(/Waiting for the redirect to \S+ \(time limit (\d:\d\d) minutes\)/);
    expect(minutes).toMatch(/^1:(30|2\d)$/);
    await decide(url);
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr).not.toContain("couldn't be started");
  });

  longTest('a browser launcher that fails, or that stays, changes nothing', async () => {
    // The second one ends when its work here is long done.
    for (const code of ['process.exit(3)', 'setTimeout(Boolean,15e3)']) {
      const program = at.start(at.login(), { environment: { BROWSER: `${noBrowser.replace(/0$/, code)} --` } });
      const url = await program.authorizeUrl();
      await decide(url);
      expect((await program.ended).exit).toBe(0);
    }
  });

  test('the browser itself: the process exits once it has responded, though sockets stay open', async () => {
    const program = at.start(at.login(), { environment: { BROWSER: noBrowser } });
    const url = await program.authorizeUrl();
    const { hostname, port } = new URL(url.searchParams.get('redirect_uri') ?? '');
    const sockets = Array.from({ length: 8 }, () =>
      connect({ host: hostname, port: Number(port), allowHalfOpen: true }),
    );
    for (const socket of sockets) {
      socket.on('error', () => {});
      await once(socket, 'connect');
    }
    sockets[0]?.write('GET /callback?state=');
    const page = await decide(url);
    expect(await page.text()).toMatch(/signed in/i);
    // Nothing here closes them: were the process to wait for it, this would never end.
    expect((await program.ended).exit).toBe(0);
    for (const socket of sockets) socket.destroy();
  });

  longTest('an unexpected request is mentioned once, and the sign-in still waits', async () => {
    const program = at.start(at.login('--no-browser'));
    const url = await program.address();
    const redirectUri = url.searchParams.get('redirect_uri') ?? '';
    for (const query of ['code=forged&state=forged', 'error=access_denied', 'code=x']) {
      expect((await fetch(`${redirectUri}?${query}`)).status).toBe(400);
    }
    await decide(url);
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr.match(/unrelated request/g)).toHaveLength(1);
    expect(stderr).not.toContain('forged');
  });
});

describe('stdout and stderr', () => {
  longTest('stdout has the result only, at any log level', async () => {
    const { exit, stdout, stderr } = await at.run(at.login('--json', '--log-level', 'trace'));
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ user_id: 'WALK01' });
    expect(stderr).toContain('"level":');
  });

  longTest('a closed pipe affects neither the sign-in nor the exit code', async () => {
    const before = at.sandbox.state().counts.exchanges;
    const program = at.start(at.login());
    program.child.stdout?.destroy();
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|Error/);
    expect(at.sandbox.state().counts.exchanges).toBe(before + 1);
  });

  longTest('nor does a closed stderr, nor do outputs that were closed before the start', async () => {
    const program = at.start(at.login());
    program.child.stderr?.destroy();
    expect(await program.ended).toMatchObject({ exit: 0, stdout: expect.stringContaining('Signed in') });
    const closed = at.start(['status'], { around: 'exec "$@" >&- 2>&- <&-' });
    expect(await closed.ended).toEqual({ exit: 0, stdout: '', stderr: '' });
  });

  test('without a terminal, nothing is coloured or redrawn', async () => {
    const { stdout, stderr } = await at.run(at.login());
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('\r');
  });
});

describe.skipIf(skipWithoutTerminal)('on a terminal', () => {
  const ESC = '\u001b';
  const typedInto = (environment: Readonly<Record<string, string>>, columns = 80) =>
    new TypedInto(
      at.login(),
      {
        FITBIT_LOGIN_HOME: at.home,
        FITBIT_CLIENT_ID: APP.id,
        FITBIT_CLIENT_SECRET: APP.secret,
        SSH_TTY: '/dev/pts/0',
        ...environment,
      },
      { columns },
    );
  const decided = async (terminal: TypedInto) => {
    const [, address = ''] = await terminal.shows(/^(http\S+)\r$/m);
    at.sandbox.register({ id: APP.id, redirectUris: [new URL(address).searchParams.get('redirect_uri') ?? ''] });
    return decideAtSandbox(new URL(address));
  };

  test('TERM=dumb gets plain lines: nothing is redrawn, and a paste is accepted', async () => {
    await using terminal = typedInto({ TERM: 'dumb' });
    const { href } = await decided(terminal);
    await terminal.shows(/\(time\s+limit\s+\d:\d\d\s+minutes\)/);
    terminal.type(`${href}\r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.bytes).not.toContain(ESC);
    expect(terminal.bytes.replaceAll('\r\n', '')).not.toContain('\r');
    expect(terminal.bytes).not.toContain(href);
  });

  test.each<readonly [string, Record<string, string>, boolean]>(
    some(
      [
        ['none with NO_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
        ['none with FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
        ['some otherwise', {}, true],
        ['some with FORCE_COLOR, on a dumb one too', { FORCE_COLOR: '1', TERM: 'dumb' }, true],
      ],
      1,
    ),
  )('there are colours: %s', async (_when, environment, hasColors) => {
    await using terminal = typedInto(environment);
    terminal.type(`${(await decided(terminal)).href}\r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.bytes.includes(`${ESC}[32m✓`)).toBe(hasColors);
    expect(terminal.bytes.includes(`${ESC}[1mfitbit-login token`)).toBe(hasColors);
    expect(terminal.lines.filter((line) => line !== '').slice(-3)).toEqual([
      '✓ Signed in to Fitbit (sandbox) as WALK01',
      expect.stringContaining('Renews itself. Tokens saved in'),
      expect.stringContaining('Next: fitbit-login token'),
    ]);
  });

  test('the waiting line fits 40 columns and is erased afterwards', async () => {
    await using terminal = typedInto({}, 40);
    const ended = await decided(terminal);
    await terminal.shows(/Paste the URL here/);
    const drawn = terminal.bytes
      .split(`\r${ESC}[2K`)
      .slice(1)
      .map((line) => line.split(/[\r\n]/)[0] ?? '');
    for (const line of drawn) expect(line.length).toBeLessThan(40);
    terminal.type(`${ended.href}\r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.lines.filter((line) => line.includes('left'))).toEqual([]);
  });

  longTest('with standard input redirected, the paste is read from the controlling terminal', async () => {
    const input = JSON.stringify({ client_id: APP.id, client_secret: APP.secret });
    await using terminal = new TypedInto(
      at.login('--client-secret-file', '-'),
      { FITBIT_LOGIN_HOME: at.home, SSH_TTY: '/dev/pts/0' },
      { shell: `echo '${input}' | $PROGRAM` },
    );
    const { href } = await decided(terminal);
    await terminal.answer(/Paste the URL here/, href);
    expect(await terminal.ended).toBe(0);
  });
});

describe('the program', () => {
  test('--version and --help print to stdout and exit with 0', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(await at.run(['--version'])).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' });
    const help = await at.run(['--help']);
    expect(help).toMatchObject({ exit: 0, stderr: '' });
    for (const words of ['login', 'status', 'sandbox', 'Exit codes', 'FITBIT_CLIENT_SECRET'])
      expect(help.stdout).toContain(words);
    expect((await at.run(['login', '--help'])).stdout).toContain('--client-secret-file');
  });

  longTest('runs from its source as npm start does', async () => {
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'src/bin.ts', '--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  longTest('a fresh sandbox lives as long as the sign-in to it', async () => {
    const args = [
      'login',
      '--sandbox',
      '--redirect-uri',
      'http://127.0.0.1:0/callback',
      '--profile',
      'fresh',
      '--json',
    ];
    const { exit, stdout } = await at.run(args, { environment: { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '' } });
    expect(exit).toBe(0);
    const { sandbox } = JSON.parse(stdout);
    expect(sandbox).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await expect(fetch(sandbox)).rejects.toThrow();
  });
});

describe('sandbox', () => {
  test.each(some(['SIGTERM', 'SIGINT'] as const, 1))('runs until %s, and login signs in to it', async (signal) => {
    const program = at.start(['sandbox', '--port', '0', '--json']);
    const [line] = await once(program.child.stdout ?? program.child, 'data');
    const { origin, clients } = JSON.parse(String(line));
    expect(clients).toContainEqual(expect.objectContaining({ client_id: APP.id, type: 'server' }));
    const { exit } = await at.run(['login', '--sandbox', origin, '--redirect-uri', 'http://127.0.0.1:0/callback']);
    expect(exit).toBe(0);
    // A page left open in a browser holds a socket open.
    const { port, hostname } = new URL(origin);
    const idle = connect(Number(port), hostname).on('error', () => {});
    await once(idle, 'connect');
    program.child.kill(signal);
    expect((await program.ended).exit).toBe(0);
    idle.destroy();
  });

  longTest('6 PORT_BUSY: names the port', async () => {
    const { port } = new URL(at.sandbox.origin);
    const { exit, stderr } = await at.run(['sandbox', '--port', port]);
    expect(exit).toBe(6);
    expect(stderr).toContain(port);
  });
});
