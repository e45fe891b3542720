import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { AuthError } from '../../errors.ts';
import { type LoginOptions, login } from '../../index.ts';
import type { Command, Context } from '../command.ts';
import { fileText } from '../input.ts';
import { commonOptions, list, WAITING_OPTIONS } from '../options.ts';
import { inJsonOr, signInJson, signInText } from '../print.ts';
import { WaitingLine } from '../waiting-line.ts';
import { runSetup } from './setup.ts';

const Options = v.object({
  ...commonOptions,
  provider: v.optional(v.string()),
  clientId: v.optional(v.string()),
  clientSecretFile: v.optional(v.string()),
  scope: v.optional(v.array(v.string())),
  redirectUri: v.optional(v.array(v.string())),
  prompt: v.optional(v.string()),
  loginHint: v.optional(v.string()),
  browser: v.optional(v.boolean(), true),
  timeout: v.optional(v.number(), 300),
  sandbox: v.optional(v.union([v.literal(true), v.string()])),
});

export const loginCommand: Command = {
  name: 'login',
  summary: 'sign in in the browser (what happens when no command is named)',
  isDefault: true,
  options: [
    {
      flags: '--provider <name-or-address>',
      description: 'fitbit, google-health, or the issuer of any OAuth 2.0 server',
      defaultText: 'told by the client id',
      offer: ['google-health', 'fitbit'],
    },
    { flags: '--client-id <id>', description: 'the id of the registered app', defaultText: '$FITBIT_CLIENT_ID' },
    {
      flags: '--client-secret-file <file>',
      description:
        'the app’s secret: the file holds it alone, or is dotenv, or JSON with client_id and client_secret, as Google lets you download; “-” is standard input',
      defaultText: '$FITBIT_CLIENT_SECRET',
      offer: 'files',
    },
    {
      flags: '--scope <names>',
      description: 'what to ask for, separated by blanks or commas',
      defaultText: 'as before, else the usual ones: see `fitbit-login scopes`',
      offer: 'scopes',
      parse: list,
    },
    {
      flags: '--redirect-uri <uris>',
      description: 'the registered redirect URIs, loopback only; the first whose port is free is used',
      defaultText: 'http://127.0.0.1:8976/callback; any free port for a Desktop app of Google’s',
      parse: list,
    },
    {
      flags: '--prompt <prompt>',
      description: 'what the provider must ask: consent, login, “login consent” or none',
      defaultText: 'consent',
      offer: ['consent', 'login', 'none'],
    },
    {
      flags: '--login-hint <account>',
      description: 'which account is meant, an e-mail address; remembered for the next time (Google Health)',
    },
    ...WAITING_OPTIONS,
    {
      flags: '--sandbox [origin]',
      description: 'sign in to the built-in look-alike: a fresh one, or the one that runs at this origin',
    },
  ],
  examples: [
    {
      what: 'Sign in with an app whose secret is in a file',
      command: 'fitbit-login --client-id 23ABCD --client-secret-file secret.txt',
    },
    { what: 'Sign in with a notebook’s .env', command: 'fitbit-login --client-secret-file .env' },
    { what: 'Ask for less', command: 'fitbit-login login --scope "activity sleep"' },
    { what: 'Look around without an app', command: 'fitbit-login login --sandbox --profile sandbox' },
  ],
  run: async (given, context) => {
    const options = v.parse(Options, given);
    const wanted = await loginOptions(options, context);
    using line = new WaitingLine(context, wanted);
    const done = await login({ ...wanted, ...line.signInOptions }, context.surroundings).catch((thrown) => {
      if (!isUnconfigured(thrown) || !mayAsk(options, context)) throw thrown;
      return runSetup(wanted, context);
    });
    line.end();
    const now = context.now();
    context.answer(inJsonOr(options.json, signInJson(done, now), signInText(done, now)));
    return 0;
  },
};

function isUnconfigured(thrown: unknown): boolean {
  return thrown instanceof AuthError && thrown.code === 'NOT_CONFIGURED';
}

/** First use opens the setup page, or asks; a script, and whoever wants no browser, is told what is missing. */
function mayAsk({ json, browser }: v.InferOutput<typeof Options>, { terminal }: Context): boolean {
  return !json && (terminal.canAsk || (browser && terminal.elsewhere === undefined));
}

async function loginOptions(
  options: v.InferOutput<typeof Options>,
  { signal, readInput }: Context,
): Promise<LoginOptions> {
  const { profile, provider, clientId, clientSecretFile, prompt, loginHint, browser, sandbox } = options;
  const clientFile = clientSecretFile === undefined ? undefined : await fileText(clientSecretFile, readInput);
  return defined({
    ...{ profile, provider, clientId, clientFile, prompt, loginHint, browser, sandbox, signal },
    timeoutMs: options.timeout * 1000,
    scopes: options.scope,
    redirectUris: options.redirectUri,
  });
}
