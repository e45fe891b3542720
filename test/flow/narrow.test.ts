import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SignedIn, signedIn } from './signed-in.ts';

let at: SignedIn;
beforeAll(async () => {
  at = await signedIn();
});
afterAll(() => at[Symbol.asyncDispose]());

const COMMANDS = 'login setup status token refresh exec api logout import export profiles migrate scopes sandbox'.split(
  ' ',
);
const ANY_PORT = ['--redirect-uri', 'http://127.0.0.1:0/callback'];

const SAID: readonly (readonly [string, readonly string[]])[] = [
  ['the help', ['--help']],
  ...COMMANDS.map((name) => [`the help of ${name}`, [name, '--help']] as const),
  ['status', ['status']],
  ['status --check', ['status', '--check']],
  ['profiles', ['profiles']],
  ['scopes', ['scopes']],
  ['refresh', ['refresh']],
  ['nobody there', ['token', '--profile', 'nobody']],
  ['no app', ['login', '--profile', 'nobody']],
  ['an unknown scope', ['login', '--scope', 'everything']],
  ['an unknown command', ['sign-in']],
  ['an unknown provider', ['login', '--provider', 'garmin']],
  ['a time limit', ['login', '--no-browser', '--timeout', '1', ...ANY_PORT]],
  ['a move', ['migrate', '--no-browser', '--timeout', '1', '--client-id', '1-x.apps.googleusercontent.com']],
];

/** What is said in a terminal of this width, line by line. */
async function said(columns: number, argv: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await at.run(argv, { columns, environment: { BROWSER: '' } });
  // What was drawn in place is a line each time.
  return stripVTControlCharacters(`${stdout}${stderr}`.replaceAll('\r\u001b[2K', '\n')).split('\n');
}

/** Longer lines are one word, an address, a path, something in backticks, or a command to copy. */
const COPIED = /^\s*(?:\* )?(?:\S+|(?:fitbit-login|curl|export) .*)$/;

describe.each([40, 80])('in a terminal of %i columns, a longer line is one thing to copy', (columns) => {
  test.concurrent.each(SAID)('%s', async (_name, argv) => {
    const lines = await said(columns, argv);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      if (line.length > columns) expect(line.replace(/`[^`]*`/g, 'x')).toMatch(COPIED);
    }
  });
});

test('JSON is never broken', async () => {
  const { stdout } = await at.run(['status', '--json'], { columns: 40 });
  expect(stdout).toBe((await at.run(['status', '--json'])).stdout);
});

test('off a terminal nothing is broken but the help', async () => {
  const { stdout } = await at.run(['status']);
  expect(stdout.split('\n').some((line) => line.length > 100)).toBe(true);
});
