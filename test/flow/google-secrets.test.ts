import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DESKTOP, GOOGLE, GOOGLE_LIFETIME } from './google.ts';
import { signInFixture } from './sign-in.ts';
import { type SignedIn, signedIn } from './signed-in.ts';

async function logsOf(home: string): Promise<string> {
  const directory = join(home, 'log');
  const names = await readdir(directory);
  return (await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))).join('');
}

/** What each command is asked for, in good days and bad ones; none of these may print a secret. */
const SILENT = [
  ['status'],
  ['status', '--json'],
  ['status', '--check'],
  ['status', '--check', '--json'],
  ['refresh', '--json'],
  ['api', '/v4/users/me/identity', '--include'],
  ['api', '/v4/users/me/dataTypes/nothing/dataPoints'],
  ['profiles', '--json'],
  ['scopes'],
  ['migrate'],
  ['export', '--format', 'authorized-user', '--output', 'OUTPUT', '--keep'],
  ['export', '--format', 'ghealth', '--output', 'OTHER', '--json'],
  ['import', 'OUTPUT', '--sandbox', 'ORIGIN', '--replace'],
] as const;

test('Google: no secret is printed or logged at the most verbose level', async () => {
  await using at = await signedIn({ ...GOOGLE, scopes: ['sleep.readonly'] });
  const secrets = new Set<string>([DESKTOP.secret]);
  const printed: string[] = [];
  const silent = async (argv: readonly string[]) => {
    const { access_token, refresh_token } = await at.stored();
    secrets.add(access_token).add(refresh_token);
    const words: Readonly<Record<string, string>> = {
      OUTPUT: join(at.home, 'kept.json'),
      OTHER: join(at.home, 'other.json'),
      ORIGIN: at.sandbox.origin,
    };
    const { stdout, stderr } = await at.run([...argv.map((word) => words[word] ?? word), '--log-level', 'trace']);
    printed.push(stdout, stderr);
  };
  for (const argv of SILENT) await silent(argv);
  at.pass(GOOGLE_LIFETIME);
  for (const argv of SILENT) await silent(argv);
  // The provider repeats what it was sent: a dead grant, a token that it does not know.
  await repeating(at);
  for (const argv of [['token'], ['export'], ...SILENT]) await silent(argv);
  await silent(['logout', '--yes']);

  const everything = `${printed.join('\n')}\n${await logsOf(at.home)}`;
  expect(secrets.size).toBeGreaterThan(5);
  expect(everything).toContain('"event"');
  expect(everything).toContain('[secret]');
  for (const secret of secrets) expect(everything).not.toContain(secret);
});

async function repeating(at: SignedIn): Promise<void> {
  const marked = { refresh_token: '1//marked-refresh-token', access_token: 'ya29.marked-access-token' };
  await at.tamper({ ...marked, expires_at: at.runtimeOptions.now().toISOString() });
  const message = `It was ${marked.refresh_token} with ${DESKTOP.secret}`;
  at.sandbox.faults.add({ at: 'google-token', kind: 'status', status: 400, errorType: 'invalid_grant', message });
}

test('Google: neither the code nor a token is on the page, in the events or in the log of a sign-in', async () => {
  await using at = await signInFixture();
  const waiting = await at.begin(GOOGLE);
  const page = await waiting.consent();
  await waiting.result;
  const { access_token, refresh_token } = JSON.parse(await at.stored());
  const code = at.sent[0]?.get('code') ?? '';
  expect(code).toMatch(/^4\/0A/);
  const seen = [await page.text(), JSON.stringify(waiting.events), await logsOf(at.home)].join('\n');
  for (const secret of [code, access_token, refresh_token, DESKTOP.secret]) expect(seen).not.toContain(secret);
});
