import { execFile, execFileSync } from 'node:child_process';
import { open, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest, some } from '../extent.ts';
import { DESKTOP } from '../flow/google.ts';
import { decideAtSandbox } from '../flow/providers.ts';
import { APP, authorizeUrlAt, noBrowser, type ProgramFixture, programFixture, robotBrowser } from './program.ts';
import { skipWithoutTerminal, type TerminalOptions, TypedInto } from './pseudo-terminal.ts';

/** Of every Unix. */
const MAKE_FIFO = 'mkfifo';
const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';
const SSH = { SSH_CONNECTION: '192.0.2.1 50022 203.0.113.7 2222' };

let at: ProgramFixture;
beforeAll(async () => {
  at = await programFixture();
});
afterAll(() => at[Symbol.asyncDispose]());

/** Allows access at the printed address. @returns the address that the browser would end on, and the code in it */
async function allow(address: string, decision = {}): Promise<{ readonly href: string; readonly code: string }> {
  const url = await authorizeUrlAt(address);
  const redirectUri = url.searchParams.get('redirect_uri') ?? '';
  const id = url.searchParams.get('client_id') ?? '';
  if (id === APP.id) at.sandbox.register({ id, redirectUris: [redirectUri] });
  const ended = await decideAtSandbox(url, decision);
  return { href: ended.href, code: ended.searchParams.get('code') ?? '' };
}

function terminalAt(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = SSH,
  options: TerminalOptions = {},
): TypedInto {
  const { id, secret } = APP;
  const app = { FITBIT_CLIENT_ID: id, FITBIT_CLIENT_SECRET: secret };
  return new TypedInto(args, { FITBIT_LOGIN_HOME: at.home, ...app, ...environment }, options);
}

const printed = async (terminal: TypedInto) => (await terminal.shows(/(?:^|visit )(http\S+)\r$/m))[1] ?? '';

async function expectNowhere(secret: string, ...shown: readonly string[]): Promise<void> {
  expect(secret).toMatch(/^\S{20,}$/);
  const files = (await readdir(at.home, { recursive: true })).filter((file) => file.endsWith('.log'));
  const logs = await Promise.all(files.map((file) => readFile(join(at.home, file), 'utf8')));
  expect(logs.length).toBeGreaterThan(0);
  for (const text of [...shown, ...logs]) expect(text).not.toContain(secret);
}

describe.skipIf(skipWithoutTerminal)('the browser is elsewhere: in a terminal', () => {
  test('over SSH: the URL first, the tunnel to this host and port, and a prompt for the redirect', async () => {
    await using terminal = terminalAt(at.login());
    const address = await printed(terminal);
    await terminal.shows(/Paste the URL here \(\d:\d\d left, Ctrl-C to cancel\)/);
    const port = new URL(new URL(address).searchParams.get('redirect_uri') ?? '').port;
    const sandbox = new URL(at.sandbox.origin).port;
    const [first, empty, second] = terminal.lines;
    expect([first, empty, second]).toEqual(['Open this URL on any device:', '', address]);
    expect(terminal.lines).toContainEqual(
      expect.stringMatching(
        `^  ssh -N -L ${port}:127\\.0\\.0\\.1:${port} -L ${sandbox}:127\\.0\\.0\\.1:${sandbox} -p 2222 \\S+@203\\.0\\.113\\.7$`,
      ),
    );
    const { href, code } = await allow(address);
    terminal.type(`${href}\r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.lines).toContain('✓ Signed in to Fitbit (sandbox) as WALK01');
    // Neither was it shown while it was typed: what scrolls away cannot be taken back.
    await expectNowhere(code, terminal.bytes);
    expect(terminal.lines.filter((line) => /left|characters/.test(line))).toEqual([]);
  });

  longTest('what is wrong says why, and the prompt is there again', async () => {
    await using terminal = terminalAt(at.login());
    const address = await printed(terminal);
    const { href, code } = await allow(address);
    await terminal.shows(/Paste the URL here/);
    for (const [wrong, why] of [
      ['marked-and-mistyped-text', /neither a URL nor a code/],
      [address, /consent page/],
      [href.replace('state=', 'state=x'), /belongs to another sign-in/],
    ] as const) {
      terminal.type(`${wrong}\r`);
      await terminal.shows(why);
      await terminal.shows(new RegExp(`${why.source}[\\s\\S]*Paste the URL here`));
    }
    terminal.type(`"${code}"\r`);
    expect(await terminal.ended).toBe(0);
    await expectNowhere(code, terminal.bytes);
    await expectNowhere('marked-and-mistyped-text', terminal.bytes);
  });

  longTest('a code that was cut off is rejected, and the prompt is there again for the whole one', async () => {
    await using terminal = terminalAt(at.login());
    const { href, code } = await allow(await printed(terminal));
    await terminal.shows(/Paste the URL here/);
    terminal.type(`${href.replace(code, code.slice(0, 20))}\r`);
    await terminal.shows(/rejected that code[\s\S]*Paste the URL here/);
    terminal.type(`${href}\r`);
    expect(await terminal.ended).toBe(0);
    await expectNowhere(code, terminal.bytes);
  });

  const LONG = 'x'.repeat(9_000);
  test.each<readonly [string, (href: string) => string]>(
    some(
      [
        ['9,000 characters, more than a line of a terminal can hold', (href) => `${href}&scope=${LONG}\r`],
        ['several lines, as a terminal broke it', (href) => `${href.replace(/(.{50})/g, '$1\r')}\r`],
        ['in brackets, with line breaks', (href) => `\u001b[200~\n${href.replace(/(.{50})/g, '$1\n')}\n\u001b[201~\r`],
        ['after something that was taken back', (href) => `nonsense\u0015x\u007f${href}\r`],
        ['with arrows and other keys between', (href) => `\u001b[A\t\u001bx${href}\u001b[D\r`],
      ],
      1,
    ),
  )('a paste of %s', async (_name, form) => {
    await using terminal = terminalAt(at.login());
    const { href, code } = await allow(await printed(terminal));
    await terminal.shows(/Paste the URL here/);
    terminal.type(form(href));
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).not.toMatch(/neither|another sign-in/);
    await expectNowhere(code, terminal.bytes);
  });

  longTest('a paste of several lines that ends without a line break is whole only after Enter', async () => {
    await using terminal = terminalAt(at.login());
    const { href } = await allow(await printed(terminal));
    await terminal.shows(/Paste the URL here/);
    terminal.type(`${href.slice(0, 60)}\r${href.slice(60, 90)}`);
    // Longer than a terminal pauses within a paste.
    await delay(400);
    terminal.type(`${href.slice(90)}\r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).not.toMatch(/neither|another sign-in/);
  });

  longTest('a denial ends with 4', async () => {
    await using terminal = terminalAt(at.login());
    const { href } = await allow(await printed(terminal), { allow: false });
    await terminal.answer(/Paste the URL here/, href);
    expect(await terminal.ended).toBe(4);
    expect(terminal.screen).toContain('You denied access');
  });

  longTest('a paste is accepted even if a browser was opened here', async () => {
    await using terminal = terminalAt(at.login(), { BROWSER: noBrowser });
    const { href } = await allow(await printed(terminal));
    await terminal.answer(/Waiting for your browser/, href);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).not.toContain('ssh -N');
  });

  longTest('the browser that comes back by itself, while something is typed, leaves nothing behind', async () => {
    await using terminal = terminalAt(at.login());
    const { href } = await allow(await printed(terminal));
    await terminal.shows(/Paste the URL here/);
    terminal.type('half of i');
    await terminal.shows(/9 characters pasted, not shown/);
    expect((await fetch(href)).ok).toBe(true);
    expect(await terminal.ended).toBe(0);
    expect(terminal.lines.filter((line) => /left|characters/.test(line))).toEqual([]);
  });

  longTest('migrate accepts a paste', async () => {
    await using other = await programFixture(await robotBrowser('allow'));
    expect((await other.run(other.login())).exit).toBe(0);
    await using terminal = new TypedInto(['migrate'], { FITBIT_LOGIN_HOME: other.home, ...SSH });
    const ended = await decideAtSandbox(new URL(await printed(terminal)));
    await terminal.answer(/Paste the URL here/, ended.searchParams.get('code') ?? '');
    await terminal.answer(/Same account[\s\S]*Revoke/, 'n');
    expect(await terminal.ended).toBe(0);
    const stored = JSON.parse(await readFile(join(other.home, 'profiles/default-google.json'), 'utf8'));
    expect(stored).toMatchObject({ client_id: DESKTOP.id, legacy_user_id: 'WALK01' });
  });

  longTest('setup in the terminal ends in a prompt that accepts a paste', async () => {
    const client = { id: '23PSTD', secret: 'marked5ec12e7pasted' };
    const args = ['setup', '--sandbox', at.sandbox.origin, '--redirect-uri', 'http://127.0.0.1:0/callback'];
    await using terminal = terminalAt([...args, '--profile', 'asked'], {
      ...SSH,
      FITBIT_CLIENT_ID: '',
      FITBIT_CLIENT_SECRET: '',
    });
    await terminal.answer(/Client ID.*: $/, client.id);
    await terminal.answer(/Client secret/, client.secret);
    const address = await printed(terminal);
    at.sandbox.register({ ...client, redirectUris: [new URL(address).searchParams.get('redirect_uri') ?? ''] });
    const { href } = await allow(address);
    await terminal.answer(/Paste the URL here/, href);
    expect(await terminal.ended).toBe(0);
  });
});

describe.skipIf(skipWithoutTerminal)('the terminal is left as it was', () => {
  /** Runs the program, prints the terminal's state afterwards, and exits with its exit code. */
  const shell = '$PROGRAM; code=$?; stty -a; exit $code';
  const sane = /(?<!-)\bicanon\b[\s\S]*(?<!-)\becho\b/;

  test.each<readonly [string, number, (terminal: TypedInto, href: string) => unknown]>(
    some(
      [
        ['a paste', 0, (terminal, href) => terminal.type(`${href}\r`)],
        ['an answer of the browser', 0, (_terminal, href) => fetch(href)],
        ['Ctrl-C', 130, (terminal) => terminal.type(CTRL_C)],
        ['Ctrl-C twice', 130, (terminal) => terminal.type(CTRL_C + CTRL_C)],
      ],
      1,
    ),
  )('after %s', async (_name, exit, end) => {
    await using terminal = terminalAt(at.login(), SSH, { shell });
    const { href } = await allow(await printed(terminal));
    await terminal.shows(/Paste the URL here/);
    terminal.type('something');
    await terminal.shows(/9 characters pasted/);
    terminal.type('\u0015');
    await end(terminal, href);
    expect(await terminal.ended).toBe(exit);
    expect(terminal.screen).toMatch(sane);
    expect(terminal.lines.filter((line) => /left|characters/.test(line))).toEqual([]);
  });

  longTest('Ctrl-Z stops it, and fg brings the prompt back', async () => {
    const stopped = 'set -m; $PROGRAM; stty -a; fg';
    await using terminal = terminalAt(at.login(), SSH, { shell: stopped });
    const { href } = await allow(await printed(terminal));
    await terminal.shows(/Paste the URL here/);
    terminal.type(CTRL_Z);
    await terminal.shows(sane);
    await terminal.shows(new RegExp(`${sane.source}[\\s\\S]*Paste the URL here`));
    terminal.type(`${href}\r`);
    expect(await terminal.ended).toBe(0);
  });

  test.skipIf(process.platform !== 'linux')(
    'a background job leaves the terminal to the shell, and the browser still finishes',
    async () => {
      const background = 'set -m; $PROGRAM & wait %1; exit $?';
      await using terminal = terminalAt(at.login(), SSH, { shell: background });
      const { href } = await allow(await printed(terminal));
      expect((await fetch(href)).ok).toBe(true);
      expect(await terminal.ended).toBe(0);
    },
  );
});

describe('the browser is elsewhere: without a terminal', () => {
  longTest('a URL written to a pipe in pieces is accepted', async () => {
    const program = at.start(at.login('--no-browser'), { input: { left: 'open' } });
    const { href, code } = await allow((await program.address()).href);
    await program.says(/Open this URL/);
    program.write('marked-and-mistyped-text\n');
    await program.says(/neither a URL nor a code/);
    program.write(href.slice(0, 50));
    program.write(`${href.slice(50)}\n`);
    const { exit, stdout, stderr } = await program.ended;
    expect({ exit, stderr: stderr.replace(/^http\S+$/m, '') }).toMatchObject({
      exit: 0,
      stderr: expect.not.stringContaining('marked'),
    });
    expect(stdout).toMatch(/^✓ Signed in/);
    await expectNowhere(code, stdout, stderr);
  });

  longTest('over SSH --no-browser is implied, and --json prints as usual', async () => {
    const program = at.start(at.login('--json'), { input: { left: 'open' }, environment: { ...SSH, BROWSER: '' } });
    const { code } = await allow((await program.address()).href);
    await program.says(/^ +ssh -N -L /m);
    program.write(`${code}\n`);
    const { exit, stdout, stderr } = await program.ended;
    expect({ exit, answer: JSON.parse(stdout) }).toMatchObject({ exit: 0, answer: { user_id: 'WALK01' } });
    await expectNowhere(code, stdout, stderr);
  });

  test.skipIf(process.platform === 'win32')('a FIFO, from a writer that ends no line and leaves it open', async () => {
    const fifo = join(at.home, 'fifo');
    execFileSync(MAKE_FIFO, [fifo]);
    await using writer = await open(fifo, 'r+');
    const program = at.start(at.login('--no-browser'), { around: `exec "$@" < '${fifo}'` });
    const { href, code } = await allow((await program.address()).href);
    await writer.write(href);
    const { exit, stdout, stderr } = await program.ended;
    expect(exit).toBe(0);
    await expectNowhere(code, stdout, stderr);
  });

  longTest('the end of the input is not the end of the wait', async () => {
    const program = at.start(at.login('--no-browser'), { input: 'nothing of use' });
    const { href } = await allow((await program.address()).href);
    await program.says(/neither a URL nor a code/);
    expect((await fetch(href)).ok).toBe(true);
    expect((await program.ended).exit).toBe(0);
  });

  test.skipIf(process.platform === 'win32')(
    'a shell loop around it keeps its input if a browser was opened here',
    async () => {
      const [node, program] = [process.execPath, resolve('dist/bin.cjs')];
      const login = [node, program, ...at.login('--json')].map((word) => `'${word}'`).join(' ');
      const script = `printf 'one\\ntwo\\n' | while read word; do ${login} > /dev/null 2>&1; echo $word $?; done`;
      const app = { FITBIT_CLIENT_ID: APP.id, FITBIT_CLIENT_SECRET: APP.secret };
      const env = { PATH: process.env.PATH, FITBIT_LOGIN_HOME: at.home, BROWSER: await robotBrowser('allow'), ...app };
      const { stdout } = await promisify(execFile)('sh', ['-c', script], { env });
      expect(stdout).toBe('one 0\ntwo 0\n');
    },
  );

  longTest('an input that held the client’s file is not read for a paste', async () => {
    const input = JSON.stringify({ client_id: APP.id, client_secret: APP.secret });
    const program = at.start(at.login('--no-browser', '--client-secret-file', '-'), { input });
    const { href } = await allow((await program.address()).href);
    expect((await fetch(href)).ok).toBe(true);
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr).not.toContain('standard input');
  });
});
