import { addAbortListener } from 'node:events';
import {
  beginLogin,
  finishLogin,
  formatWithDistance,
  type LoginOptions,
  login,
  RESPOND_WITHIN_SECONDS,
} from '../../auth/index.ts';
import { AuthError } from '../../errors.ts';
import { notTogether, otherSites, requires } from '../../messages.ts';
import { command, type OptionSpec, type OptionsOf } from '../command.ts';
import type { Context } from '../context.ts';
import { list, NO_BROWSER, NO_EMAIL, REDIRECT_URI, TIMEOUT, timeSpan } from '../options.ts';
import { signInProgress } from '../progress.ts';
import { signInJson, signInText, withProfile } from '../report.ts';
import { runSetup } from './setup.ts';

const OPTIONS = [
  {
    flags: '--provider <name-or-url>',
    description: 'fitbit, google-health, or the issuer of any OAuth 2.0 server',
    defaultText: 'inferred from the client ID',
    offer: ['google-health', 'fitbit'],
  },
  {
    flags: '--allow-sites <hosts>',
    description: "other sites that a custom issuer's metadata may point to",
    defaultText: 'ask',
    parse: list,
  },
  { flags: '--client-id <id>', description: 'client ID of your app', defaultText: '$FITBIT_CLIENT_ID' },
  {
    flags: '--client-secret-file <file>',
    description: "file with the client secret: plain, .env, or Google's client_secret.json; - for stdin",
    defaultText: '$FITBIT_CLIENT_SECRET',
    offer: 'files',
  },
  {
    flags: '--scope <names>',
    description: 'scopes to request, space- or comma-separated; see `fitbit-login scopes`',
    defaultText: 'same as last time',
    offer: 'scopes',
    parse: list,
  },
  REDIRECT_URI,
  {
    flags: '--prompt <prompt>',
    description: 'OAuth prompt parameter: consent, login, "login consent" or none',
    defaultText: 'consent',
    offer: ['consent', 'login', 'none'],
    // Which of them the provider takes is checked there.
    parse: (text: string) => text as LoginOptions['prompt'],
  },
  { flags: '--login-hint <account>', description: 'account email to preselect (remembered; Google Health)' },
  NO_EMAIL,
  NO_BROWSER,
  TIMEOUT,
  { flags: '--begin', description: 'print the sign-in URL and exit; --finish completes the sign-in' },
  {
    flags: '--expires <time>',
    description: 'with --begin: how long the URL works (30m, 1h, 2d)',
    defaultText: '1h',
    parse: timeSpan,
  },
  { flags: '--finish', description: 'take the URL that the browser ended up on, pasted or from stdin' },
  { flags: '--sandbox [origin]', description: 'use the simulator: start one, or use the one at ORIGIN' },
] as const satisfies readonly OptionSpec[];
type Options = OptionsOf<typeof OPTIONS>;

export const loginCommand = command({
  name: 'login',
  summary: 'Sign in with your browser (default)',
  options: OPTIONS,
  examples: [
    { what: 'Sign in', command: 'fitbit-login' },
    {
      what: 'With the JSON that Google lets you download',
      command: 'fitbit-login login --client-secret-file client_secret.json',
    },
    { what: "With a notebook's .env", command: 'fitbit-login login --client-secret-file .env' },
    { what: 'Request fewer scopes', command: 'fitbit-login login --scope "activity sleep"' },
    {
      what: 'Sign in someone on another device, in two steps',
      command: 'fitbit-login login --begin --profile p17 --expires 1d',
    },
    { what: 'Try it without an app', command: 'fitbit-login login --sandbox --profile sandbox' },
  ],
  run: async (options, context) => {
    const { begin, finish, expires, json, browser } = options;
    const { terminal, runtimeOptions, print, now } = context;
    if (finish) return finishInTerminal(options, context);
    if (begin) return printUrl(options, context);
    if (expires !== undefined) throw requires('expires', 'begin');
    const wanted = await loginOptions(options, context);
    using progress = signInProgress(context, options);
    const done = await login({ ...wanted, ...progress.loginOptions }, runtimeOptions).catch((thrown) => {
      progress.end();
      const isFirstUse = thrown instanceof AuthError && thrown.code === 'NOT_CONFIGURED';
      // A script, and a person who wants no browser, gets the error, which says what is missing.
      const mayAsk = !json && (terminal.canAsk || (browser && terminal.elsewhere === undefined));
      if (!isFirstUse || !mayAsk) throw thrown;
      return runSetup(wanted, context);
    });
    progress.end();
    await print(signInText(done, context), signInJson(done, now()));
  },
});

async function printUrl(options: Options, context: Context): Promise<number> {
  if (options.timeout !== undefined || !options.browser) throw notTogether('begin', '--timeout and --no-browser');
  const { print, say, now } = context;
  const { browser: _, ...wanted } = await loginOptions(options, context);
  const begun = await beginLogin({ ...wanted, expiresMs: options.expires }, context.runtimeOptions);
  const { profile, providerName, url, redirectUri, expiresAt } = begun;
  if (!options.json)
    say(`Open this URL on any device before ${formatWithDistance(expiresAt, now())}, and allow access:`);
  await print(url, {
    profile,
    provider: begun.provider,
    provider_name: providerName,
    client_id: begun.clientId,
    scope: begun.scopes,
    url,
    redirect_uri: redirectUri,
    state: begun.state,
    expires_at: expiresAt,
    respond_within_seconds: RESPOND_WITHIN_SECONDS,
  });
  if (!options.json)
    say(
      `Within ${RESPOND_WITHIN_SECONDS / 60} minutes of allowing it (${providerName}'s response expires), run \`${withProfile('login --finish', profile)}\` and paste the URL your browser ended up on. It begins with ${redirectUri} and its page shows an error.`,
    );
  return 0;
}

async function finishInTerminal(options: Options, context: Context): Promise<number> {
  const { terminal, say, warn, print, signal, runtimeOptions, now } = context;
  const others = Object.keys(options).filter(
    (name) => !['finish', 'browser', 'email', 'profile', 'json', 'logLevel'].includes(name),
  );
  if (others.length > 0 || !options.browser) throw notTogether('finish', 'any option but --profile');
  using pastes = terminal.pastes({ piped: true });
  if (pastes === undefined) throw new AuthError('USAGE', 'There is no terminal and no standard input to read from.');
  const end = () => pastes[Symbol.dispose]();
  using _ = addAbortListener(signal, end);
  // First, so that nothing of what is pasted is shown.
  pastes.open();
  if (terminal.canAsk) say('Paste the URL your browser ended up on, then press Enter (it is not shown):');
  const { profile } = options;
  const done = await finishLogin({ profile, pasted: pastes, signal, onRefused: warn }, runtimeOptions);
  end();
  await print(signInText(done, context), signInJson(done, now()));
  return 0;
}

async function loginOptions(options: Options, { signal, terminal, readFile }: Context): Promise<LoginOptions> {
  const { profile, provider, clientId, clientSecretFile, prompt, loginHint, browser, sandbox } = options;
  const clientFile = clientSecretFile === undefined ? undefined : await readFile(clientSecretFile);
  return {
    ...{ profile, provider, clientId, clientFile, prompt, loginHint, browser, sandbox, signal },
    timeoutMs: options.timeout,
    scopes: options.scope,
    // Without the option it is as before.
    email: options.email ? undefined : false,
    redirectUris: options.redirectUri,
    // Before the browser is opened: an issuer could lead people to the sign-in page of a service that they trust, and take the code.
    confirmSites: async (sites) => {
      const others = sites.filter((site) => !options.allowSites?.includes(site));
      if (others.length === 0 || options.json || !terminal.canAsk) return others.length === 0;
      return terminal.confirm(otherSites(others));
    },
  };
}
