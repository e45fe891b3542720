import { homedir } from 'node:os';
import {
  checkStore,
  findDownload,
  type LoginOptions,
  login,
  SETUP_PROVIDERS,
  type SetupOptions,
  type SignIn,
  setup,
} from '../../auth/index.ts';
import { noSetupPossible, setupTimedOut } from '../../messages.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { REDIRECT_URI, TIMEOUT } from '../options.ts';
import { signInProgress, timeLeft, waitingLine } from '../progress.ts';
import { signInJson, signInText } from '../report.ts';

/** How long the setup page waits: long enough to make an app. */
const SETUP_MS = 15 * 60_000;

export const setupCommand = command({
  name: 'setup',
  summary: 'Set up or change your app',
  options: [
    REDIRECT_URI,
    TIMEOUT,
    { flags: '--sandbox <origin>', description: 'set up an app of the sandbox at this origin' },
  ],
  examples: [
    { what: 'Open the setup page', command: 'fitbit-login setup' },
    { what: 'Add a second account', command: 'fitbit-login setup --profile partner' },
  ],
  run: async ({ profile, redirectUri: redirectUris, sandbox, timeout: timeoutMs }, context) => {
    const done = await runSetup({ profile, sandbox, redirectUris, timeoutMs, signal: context.signal }, context);
    await context.print(signInText(done, context), signInJson(done, context.now()));
  },
});

/**
 * Takes an app registration and signs in with it: on a page where one would be seen and a browser is wanted, else by
 * questions in the terminal.
 */
export async function runSetup(
  { browser = true, ...options }: SetupOptions & Pick<LoginOptions, 'browser'>,
  context: Context,
): Promise<SignIn> {
  const { terminal, runtimeOptions } = context;
  if (browser && terminal.elsewhere === undefined) return onPage(options, context);
  if (!terminal.canAsk) throw noSetupPossible();
  // Finds a full disk before anything is asked.
  await checkStore({ profile: options.profile, signal: context.signal }, runtimeOptions);
  const registration = await askForRegistration(context);
  using progress = signInProgress(context, { browser: false });
  return await login({ ...options, ...registration, ...progress.loginOptions }, runtimeOptions);
}

async function onPage(options: SetupOptions, { terminal, say, signal, now, runtimeOptions }: Context): Promise<SignIn> {
  using line = waitingLine(terminal);
  const until = new Date(now().getTime() + SETUP_MS);
  const timeUp = new AbortController();
  setTimeout(() => timeUp.abort(setupTimedOut(SETUP_MS / 60_000)), SETUP_MS).unref();
  return await setup(
    {
      ...options,
      signal: AbortSignal.any([signal, timeUp.signal]),
      onPage: (url) => {
        say(`Opening the setup page…\nIf nothing opens, visit:\n\n${url}\n`);
        if (terminal.canRedraw) line.show(() => 'Waiting for setup', until, now);
        else say(`Waiting for setup (time limit ${timeLeft(until, now())} minutes).`);
      },
    },
    runtimeOptions,
  );
}

/** Asks in the terminal for what the setup page asks for; the usual scopes are taken. */
async function askForRegistration(
  context: Context,
): Promise<Pick<LoginOptions, 'clientId' | 'clientSecret' | 'clientFile'>> {
  const { say, warn, terminal, colors } = context;
  say('No app is set up yet. Create your own, once, for free:');
  for (const { provider } of SETUP_PROVIDERS) {
    say(`\n${colors.err.bold(provider.name)}`);
    for (const [index, line] of provider.registration.entries()) say(`  ${index + 1}. ${line}`);
  }
  say('');
  for (;;) {
    const answer = await terminal.ask('Client ID, or the JSON file (path or contents; Enter looks in Downloads): ');
    if (answer === '') {
      const clientFile = await offerDownload(context);
      if (clientFile !== undefined) return { clientFile };
      continue;
    }
    const clientFile = answer.startsWith('{') ? answer : await textOf(answer, context);
    if (clientFile !== undefined) return { clientFile };
    if (SETUP_PROVIDERS.some(({ clientIdPattern }) => clientIdPattern.test(answer))) {
      const clientSecret = await terminal.askSecret('Client secret (Enter if it has none)', secretProblem);
      return { clientId: answer, clientSecret: clientSecret.trim() || undefined };
    }
    const problem = 'That is neither a file here nor a Fitbit or Google client ID.';
    warn(`${problem} Fitbit IDs are six letters and digits; Google IDs end in .apps.googleusercontent.com.`);
  }
}

/** The newest client file of the last hour, if a person says yes to it. */
async function offerDownload(context: Context): Promise<string | undefined> {
  const { warn, terminal, environment, now } = context;
  const found = await findDownload(environment, now());
  if (found === undefined) {
    warn('No client file from the last hour is in Downloads.');
    return undefined;
  }
  const isWanted = await terminal.confirm(`Use ${found.name}, ${found.minutes} min old?`);
  return isWanted ? textOf(found.path, context) : undefined;
}

/** The text of a file that is there. */
async function textOf(path: string, { readFile, signal }: Context): Promise<string | undefined> {
  if (path === '' || path === '-') return undefined;
  return readFile(path.replace(/^~(?=\/)/, homedir())).catch((thrown) => {
    if (signal.aborted) throw thrown;
    return undefined;
  });
}

function secretProblem(text: string): string | undefined {
  return /^[\x21-\x7e]*$/.test(text.trim())
    ? undefined
    : 'A client secret contains only ASCII characters and no spaces. Copy it again.';
}
