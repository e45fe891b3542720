import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consent } from '../../src/sandbox/consent.ts';
import { longTest, some } from '../extent.ts';
import { clientFile, DESKTOP } from '../flow/google.ts';
import { type ProgramFixture, programFixture } from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

const CLIENT = { id: '23ASKD', secret: 'marked5ec12e7asked' } as const;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

let at: ProgramFixture;
beforeAll(async () => {
  at = await programFixture();
});
afterAll(() => at[Symbol.asyncDispose]());

/** No DISPLAY and no BROWSER. */
function typedInto(args: readonly string[], environment: Readonly<Record<string, string>> = {}): TypedInto {
  return new TypedInto(args, { FITBIT_LOGIN_HOME: at.home, SSH_TTY: '/dev/pts/0', ...environment });
}

const setup = () => [
  'setup',
  '--profile',
  'default',
  '--sandbox',
  at.sandbox.origin,
  '--redirect-uri',
  'http://127.0.0.1:0/callback',
];

describe.skipIf(skipWithoutTerminal)('a terminal without a screen', () => {
  test('asks the setup page’s questions, shows no secret, and continues to signed in', async () => {
    await using terminal = typedInto(setup());
    // What is no client ID is asked for again.
    await terminal.answer(/Client ID.*: $/, 'no id');
    await terminal.answer(/neither a file[\s\S]*Client ID.*: $/, CLIENT.id);
    await terminal.answer(/Client secret/, CLIENT.secret);
    const [, address = ''] = await terminal.shows(/^(http\S+)\r$/m);
    const { searchParams } = new URL(address);
    expect(searchParams.get('client_id')).toBe(CLIENT.id);
    expect(searchParams.get('scope')).toContain('activity');
    at.sandbox.register({ ...CLIENT, redirectUris: [searchParams.get('redirect_uri') ?? ''] });
    await consent(address);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).toContain('Signed in');
    expect(terminal.screen).not.toContain(CLIENT.secret);
    expect(JSON.parse(await readFile(at.file, 'utf8'))).toMatchObject({ client_secret: CLIENT.secret });
  });

  test('leads through Google with the file in Downloads: Enter, yes, and walker@example.com is signed in', async () => {
    await writeFile(join(at.home, 'client_secret_1\u001b]0;owned\u0007\u009b2J\u202e.json'), clientFile('installed'));
    const google = ['setup', '--profile', 'google', '--sandbox', at.sandbox.origin];
    await using terminal = typedInto(google, { XDG_DOWNLOAD_DIR: at.home });
    for (const step of [
      'flows/enableapi',
      'auth/overview/create',
      'auth/clients/create',
      'auth/scopes',
      'auth/audience',
    ])
      await terminal.shows(new RegExp(`console\\.cloud\\.google\\.com/${step}`));
    await terminal.answer(/Client ID.*: $/, '');
    await terminal.shows(/Use client_secret_1 \]0;owned +2J \.json, \d+ min old/);
    for (const sequence of ['\u001b]0', '\u0007', '\u009b', '\u202e']) expect(terminal.bytes).not.toContain(sequence);
    terminal.type('y');
    const [, address = ''] = await terminal.shows(/^(http\S+)\r$/m);
    await consent(address);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).toContain('as walker@example.com');
    expect(terminal.screen).not.toContain(DESKTOP.secret);
  });

  longTest(
    'api is pretty-printed; logout from Google says what it ends and asks: no keeps everything, yes revokes',
    async () => {
      {
        await using login = typedInto(['login', '--profile', 'out', '--sandbox', at.sandbox.origin]);
        const [, address = ''] = await login.shows(/^(http\S+)\r$/m);
        await consent(address);
        expect(await login.ended).toBe(0);
      }
      {
        // What a person reads is set out for reading; a pipe gets the response to the byte.
        await using api = typedInto(['api', '/v4/users/me/identity', '--profile', 'out']);
        expect(await api.ended).toBe(0);
        expect(api.screen).toMatch(/^\{\s+"\w+": .+\r?\n/);
        const { stdout } = await at.run(['api', '/v4/users/me/identity', '--profile', 'out']);
        expect(api.screen.replaceAll(/\s/g, '')).toBe(stdout.replaceAll(/\s/g, ''));
        expect(stdout).not.toMatch(/^\{\s/);
      }
      const file = join(at.home, 'profiles/out.json');
      const { refresh_token: token } = JSON.parse(await readFile(file, 'utf8'));
      for (const [key, exit, lives] of [
        ['n', 4, true],
        ['y', 0, false],
      ] as const) {
        await using terminal = typedInto(['logout', '--profile', 'out']);
        await terminal.shows(/project[\s\S]*Revoke\?/);
        terminal.type(key);
        expect(await terminal.ended).toBe(exit);
        expect(at.sandbox.isLive(token)).toBe(lives);
      }
      await expect(readFile(file)).rejects.toThrow('ENOENT');
    },
  );

  longTest(
    'fitbit-login alone asks, explains how to register, and prints the authorization URL of the client ID’s provider',
    async () => {
      await using terminal = typedInto([
        'login',
        '--profile',
        'other',
        '--redirect-uri',
        'http://127.0.0.1:0/callback',
      ]);
      await terminal.shows(/https:\/\/dev\.fitbit\.com\/apps/);
      await terminal.answer(/Client ID.*: $/, CLIENT.id);
      await terminal.answer(/Client secret/, '');
      await terminal.shows(/^https:\/\/www\.fitbit\.com\/oauth2\/authorize\?\S+\r$/m);
      terminal.type(CTRL_C);
      expect(await terminal.ended).toBe(130);
    },
  );

  const DOWNLOADED = JSON.stringify({ installed: { client_id: CLIENT.id, client_secret: CLIENT.secret } }, null, 2);

  test.each(
    some(
      [
        ['the path of the downloaded file', (file: string) => file],
        ['its pasted text, which is not shown', () => DOWNLOADED.replaceAll('\n', '\r')],
      ] as const,
      1,
    ),
  )('accepts %s instead of both', async (_what, answer) => {
    const file = join(at.home, 'client.json');
    await writeFile(file, DOWNLOADED);
    await using terminal = typedInto([...setup(), '--profile', 'file']);
    await terminal.answer(/Client ID.*: $/, answer(file));
    const [, address = ''] = await terminal.shows(/^(http\S+)\r$/m);
    expect(new URL(address).searchParams.get('client_id')).toBe(CLIENT.id);
    expect(terminal.screen).not.toContain(CLIENT.secret);
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
  });

  test.each(
    some<readonly [string, readonly string[]]>(
      [
        ['the secret', [CLIENT.id]],
        ['the client ID', []],
      ],
      1,
    ),
  )('Ctrl-C at the prompt for %s exits with 130 and restores the terminal', async (_what, answers) => {
    await using terminal = typedInto([...setup(), '--profile', 'never']);
    const questions = [/Client ID.*: $/, /Client secret/];
    for (const [index, text] of answers.entries()) await terminal.answer(questions[index] ?? /never/, text);
    await terminal.shows(questions[answers.length] ?? /never/);
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    expect((await at.run(['status', '--profile', 'never'])).exit).toBe(3);
  });

  test('the end of the input (Ctrl-D) ends with 4', async () => {
    await using terminal = typedInto(setup());
    await terminal.shows(/Client ID.*: $/);
    terminal.type(CTRL_D);
    expect(await terminal.ended).toBe(4);
    // On a line of its own, not behind the question.
    expect(terminal.lines).toContainEqual(expect.stringMatching(/^✗ Input ended/));
  });

  longTest('--no-browser asks in the terminal even if a page could be shown', async () => {
    const environment = { BROWSER: '/nowhere/browser' };
    await using terminal = typedInto(['login', '--no-browser', '--profile', 'other'], environment);
    await terminal.shows(/Client ID.*: $/);
    expect(terminal.screen).not.toMatch(/127\.0\.0\.1:\d+\/\?key=/);
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
  });

  test('--json asks nothing', async () => {
    await using terminal = typedInto(['login', '--json', '--profile', 'other']);
    expect(await terminal.ended).toBe(2);
    expect(terminal.screen).toContain('NOT_CONFIGURED');
  });
});

test('exit 2 without a display and a terminal', async () => {
  const environment = { BROWSER: '', FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '' };
  for (const command of ['login', 'setup']) {
    const { exit, stdout, stderr } = await at.run([command, '--profile', 'other'], { environment });
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain('FITBIT_CLIENT_ID');
  }
});
