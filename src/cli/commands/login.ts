import * as v from 'valibot';
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
import type { Command, Context } from '../command.ts';
import { fileText } from '../input.ts';
import { list, NO_BROWSER, NO_EMAIL, REDIRECT_URI, TIMEOUT, timeSpan } from '../options.ts';
import { inJsonOr, mark, toJson } from '../output.ts';
import { SignInProgress } from '../progress.ts';
import { signInJson, signInText, withProfile } from '../report.ts';
import { commonOptions } from './options.ts';
import { runSetup } from './setup.ts';

const Options = v.object({
  ...commonOptions,
  provider: v.optional(v.string()),
  allowSites: v.optional(v.array(v.string()), []),
  clientId: v.optional(v.string()),
  clientSecretFile: v.optional(v.string()),
  scope: v.optional(v.array(v.string())),
  redirectUri: v.optional(v.array(v.string())),
  // Which of them the provider takes is checked there.
  prompt: v.optional(v.custom<LoginOptions['prompt']>((value) => typeof value === 'string')),
  loginHint: v.optional(v.string()),
  email: v.optional(v.boolean(), true),
  browser: v.optional(v.boolean(), true),
  timeout: v.optional(v.number(), 300),
  begin: v.optional(v.boolean(), false),
  expires: v.optional(v.number()),
  finish: v.optional(v.boolean(), false),
  sandbox: v.optional(v.union([v.literal(true), v.string()])),
});
type Options = v.InferOutput<typeof Options>;

export const loginCommand: Command = {
  name: 'login',
  summary: 'Sign in with your browser (default)',
  options: [
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
  ],
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
  run: async (given, context) => {
    const options = v.parse(Options, given);
    if (options.finish) return finish(given, options, context);
    if (options.begin) return begin(given, options, context);
    if (options.expires !== undefined) throw requires('expires', 'begin');
    const wanted = await loginOptions(options, context);
    using progress = new SignInProgress(context, options);
    const done = await login({ ...wanted, ...progress.loginOptions }, context.surroundings).catch((thrown) => {
      progress.end();
      if (!isUnconfigured(thrown) || !mayAsk(options, context)) throw thrown;
      return runSetup(wanted, context);
    });
    progress.end();
    await context.print(inJsonOr(options.json, signInJson(done, context.now()), signInText(done, context)));
    return 0;
  },
};

async function begin(given: object, options: Options, context: Context): Promise<number> {
  if ('timeout' in given || !options.browser) throw notTogether('begin', '--timeout and --no-browser');
  const { print, say, now } = context;
  const { browser: _, timeoutMs: __, ...wanted } = await loginOptions(options, context);
  const begun = await beginLogin({ ...wanted, expiresMs: options.expires }, context.surroundings);
  const { profile, providerName, url, redirectUri, expiresAt } = begun;
  const minutes = RESPOND_WITHIN_SECONDS / 60;
  if (!options.json) {
    say(`Open this URL on any device before ${formatWithDistance(expiresAt, now())}, and allow access:`);
    await print(url);
    say(
      `Within ${minutes} minutes of allowing it (${providerName}'s response expires), run \`${withProfile('login --finish', profile)}\` and paste the URL your browser ended up on. It begins with ${redirectUri} and its page shows an error.`,
    );
    return 0;
  }
  await print(
    toJson({
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
    }),
  );
  return 0;
}

async function finish(given: object, { profile, json, browser }: Options, context: Context): Promise<number> {
  const { terminal, say, print, colors, signal, surroundings, now } = context;
  const others = Object.keys(given).filter(
    (name) => !['finish', 'browser', 'email', 'profile', 'json', 'logLevel'].includes(name),
  );
  if (others.length > 0 || !browser) throw notTogether('finish', 'any option but --profile');
  using pastes = terminal.pastes({ piped: true });
  if (pastes === undefined) throw new AuthError('USAGE', 'There is no terminal and no standard input to read from.');
  const end = () => pastes[Symbol.dispose]();
  signal.addEventListener('abort', end, { once: true });
  // First, so that nothing of what is pasted is shown.
  pastes.open();
  if (terminal.canAsk) say('Paste the URL your browser ended up on, then press Enter (it is not shown):');
  const onRefused = (message: string) => say(`${mark('warning', colors.err)} ${message}`);
  const done = await finishLogin({ profile, pasted: pastes, signal, onRefused }, surroundings);
  end();
  await print(inJsonOr(json, signInJson(done, now()), signInText(done, context)));
  return 0;
}

function isUnconfigured(thrown: unknown): boolean {
  return thrown instanceof AuthError && thrown.code === 'NOT_CONFIGURED';
}

/** First use opens the setup page, or asks; a script, and a person who wants no browser, gets an error that says what is missing. */
function mayAsk({ json, browser }: Options, { terminal }: Context): boolean {
  return !json && (terminal.canAsk || (browser && terminal.elsewhere === undefined));
}

/** Before the browser is opened: an issuer could lead people to the sign-in page of a service that they trust, and take the code. */
async function confirmSites(
  sites: readonly string[],
  { allowSites, json }: Options,
  { terminal }: Context,
): Promise<boolean> {
  const others = sites.filter((site) => !allowSites.includes(site));
  if (others.length === 0 || json || !terminal.canAsk) return others.length === 0;
  return terminal.confirm(otherSites(others));
}

async function loginOptions(options: Options, context: Context): Promise<LoginOptions> {
  const { signal } = context;
  const { profile, provider, clientId, clientSecretFile, prompt, loginHint, browser, sandbox } = options;
  const clientFile = clientSecretFile === undefined ? undefined : await fileText(clientSecretFile, context);
  return {
    ...{ profile, provider, clientId, clientFile, prompt, loginHint, browser, sandbox, signal },
    timeoutMs: options.timeout * 1000,
    scopes: options.scope,
    // Without the option it is as before.
    email: options.email ? undefined : false,
    redirectUris: options.redirectUri,
    confirmSites: (sites) => confirmSites(sites, options, context),
  };
}
