/**
 * `npm run demo`, `npm run demo -- --provider fitbit`: a whole sign-in at the built-in provider simulator, with the
 * program's own command line. Tokens go to a temporary directory, which is removed at the end. Without a display, the
 * demo presses Allow for you; every other step is the same.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { AuthError, consent, noDisplayReason, startSandbox } from '../src/auth/index.ts';
import { main } from '../src/cli/main.ts';

// Registered at the sandbox; the second and third are for machines where something else holds the first port.
const REDIRECT_URIS = [8976, 8986, 8996].map((port) => `http://127.0.0.1:${port}/callback`);
const CLIENT_IDS: Readonly<Record<string, string>> = {
  fitbit: '23TSTP',
  'google-health': '100000000001-desktop.apps.googleusercontent.com',
};
const { provider } = parseArgs({ options: { provider: { type: 'string', default: 'google-health' } } }).values;
const clientId = CLIENT_IDS[provider];
if (clientId === undefined) {
  process.stderr.write(`Unknown provider "${provider}". Pass --provider ${Object.keys(CLIENT_IDS).join(' or ')}.\n`);
  process.exit(2);
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const {
  FITBIT_CLIENT_ID: _id,
  FITBIT_CLIENT_SECRET: _secret,
  FITBIT_LOGIN_PROFILE: _profile,
  ...environment
} = process.env;
const screen = noDisplayReason(process.env) === undefined;
const home = await mkdtemp(join(tmpdir(), 'fitbit-login-demo-'));
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new AuthError('INTERRUPTED', 'Interrupted.')));
}

try {
  await using sandbox = await startSandbox();
  sandbox.register({ id: clientId, name: 'The demo', redirectUris: REDIRECT_URIS });
  say(`A simulated provider runs at ${sandbox.origin}. Nothing leaves this computer.`);
  say(
    screen
      ? 'Your browser opens its consent page: press Allow.\n'
      : 'Without a display, the demo presses Allow for you.\n',
  );

  const run = (...argv: string[]) => {
    say(`$ fitbit-login ${argv.join(' ')}`);
    return main({
      argv,
      version: 'demo',
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: stop.signal,
      runtimeOptions: {
        environment: { ...environment, FITBIT_LOGIN_HOME: home },
        ...(screen ? {} : { openBrowser: async (url: string) => void (await showPage(await consent(url))) }),
      },
    });
  };
  process.exitCode = await run(
    'login',
    '--provider',
    provider,
    '--sandbox',
    sandbox.origin,
    '--redirect-uri',
    REDIRECT_URIS.join(','),
  );
  if (process.exitCode === 0) {
    say('');
    process.exitCode = await run('status', '--profile', 'sandbox');
  }
} finally {
  await rm(home, { recursive: true, force: true });
  say('\nThe demo is over; its tokens and its directory are gone.');
}
process.exit();

/** Prints the title of the page at the end of the sign-in. */
async function showPage(page: Response): Promise<void> {
  const title = /<title>([^<]*)/.exec(await page.text())?.[1];
  say(`The browser's last page (${page.status}): ${title}`);
}
