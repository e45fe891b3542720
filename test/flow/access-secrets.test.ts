import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

/** Everything that was a secret of this profile at some time. */
async function secretsOf(at: SignedIn, known: Set<string>): Promise<void> {
  const { access_token, refresh_token, client_secret } = await at.stored();
  for (const secret of [access_token, refresh_token, client_secret]) known.add(String(secret));
}

async function logsOf(at: SignedIn): Promise<string> {
  const directory = join(at.home, 'log');
  const names = await readdir(directory);
  return (await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))).join('');
}

/** What each command is asked for, in good days and bad ones; none of these may print a secret. */
const SILENT = [
  ['status'],
  ['status', '--json'],
  ['status', '--check'],
  ['status', '--check', '--json'],
  ['refresh'],
  ['refresh', '--json'],
  ['api', '/1/user/-/profile.json', '--include'],
  ['profiles'],
  ['profiles', '--json'],
  ['export', '--output', 'OUTPUT', '--keep'],
  ['export', '--output', 'OUTPUT', '--json'],
  ['import', 'OUTPUT', '--sandbox', 'ORIGIN'],
  ['import', 'OUTPUT', '--sandbox', 'ORIGIN', '--json', '--replace'],
] as const;

test('no secret is printed or logged at the most verbose level, except by token and export', async () => {
  await using at = await signedIn();
  const [secrets, printed] = [new Set<string>(), new Set<string>()];
  const output = join(at.home, 'kept.json');
  const silent = async (argv: readonly string[]) => {
    await secretsOf(at, secrets);
    const given = argv.map((word) => word.replace('OUTPUT', output).replace('ORIGIN', at.sandbox.origin));
    const { stdout, stderr } = await at.run([...given, '--log-level', 'trace']);
    printed.add(stdout).add(stderr);
  };

  for (const argv of SILENT) await silent(argv);
  // The provider repeats what it was sent in what it answers: a dead grant, a token that it does not know.
  await at.tamper({ expires_at: new Date(at.runtimeOptions.now().getTime() + LIFETIME * 1000).toISOString() });
  at.sandbox.clock.step(LIFETIME * 1000);
  at.sandbox.faults.add({ at: 'token', kind: 'status', status: 503, times: 1 });
  for (const argv of SILENT) await silent(argv);
  await at.tamper({
    refresh_token: 'marked-refresh-token',
    access_token: 'marked-access-token',
    expires_at: at.runtimeOptions.now().toISOString(),
  });
  for (const argv of [['token'], ['export'], ...SILENT]) await silent(argv);
  await silent(['logout']);

  const everything = `${[...printed].join('\n')}\n${await logsOf(at)}`;
  expect(secrets.size).toBeGreaterThan(8);
  expect(everything).toContain('"event"');
  for (const secret of secrets) expect(everything).not.toContain(secret);
});

test('token and export print secrets on stdout only, not on stderr or in the log', async () => {
  await using at = await signedIn();
  const { access_token, refresh_token } = await at.stored();
  for (const [argv, secret] of [
    [['token'], access_token],
    [['token', '--json'], access_token],
    [['export'], refresh_token],
    [['export', '--format', 'dotenv'], refresh_token],
  ] as const) {
    const { stdout, stderr } = await at.run([...argv, '--log-level', 'trace']);
    expect(stdout).toContain(secret);
    expect(stderr).not.toContain(secret);
  }
  expect(await logsOf(at).catch(() => '')).not.toContain(refresh_token);
});
