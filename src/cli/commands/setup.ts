import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { AuthError } from '../../errors.ts';
import {
  checkStore,
  type LoginOptions,
  login,
  SETUP_PROVIDERS,
  type SetupOptions,
  type SignIn,
  setup,
} from '../../index.ts';
import { askForRegistration } from '../ask.ts';
import type { Command, Context } from '../command.ts';
import { commonOptions, list } from '../options.ts';
import { inJsonOr, signInJson, signInText } from '../print.ts';
import { seconds } from '../seconds.ts';
import { WaitingLine } from '../waiting-line.ts';

const Options = v.object({
  ...commonOptions,
  redirectUri: v.optional(v.array(v.string())),
  sandbox: v.optional(v.string()),
  timeout: v.optional(v.number(), 300),
});

export const setupCommand: Command = {
  name: 'setup',
  summary: 'open the setup page: enter or change the app registration, then sign in',
  options: [
    {
      flags: '--redirect-uri <uris>',
      description: 'the registered redirect URIs, loopback only; the first whose port is free is used',
      defaultText: 'http://127.0.0.1:8976/callback',
      parse: list,
    },
    {
      flags: '--timeout <seconds>',
      description: 'how long to wait for you on the provider’s page',
      defaultText: '300',
      parse: seconds(1, 86_400),
    },
    {
      flags: '--sandbox <origin>',
      description: 'the app is registered at the sandbox that runs there, and so is the person',
    },
  ],
  examples: [{ what: 'Another person, beside the first', command: 'fitbit-login setup --profile partner' }],
  run: async (given, context) => {
    const { json, profile, redirectUri, sandbox, timeout } = v.parse(Options, given);
    const { signal } = context;
    const options = defined({ profile, sandbox, redirectUris: redirectUri, timeoutMs: timeout * 1000, signal });
    const done = await runSetup(options, context);
    const now = context.now();
    context.answer(inJsonOr(json, signInJson(done, now), signInText(done, now)));
    return 0;
  },
};

/**
 * Takes an app registration and signs in with it: on a page where one would be seen and a browser is wanted, else by
 * questions in the terminal.
 */
export async function runSetup(
  { browser = true, ...options }: SetupOptions & Pick<LoginOptions, 'browser'>,
  context: Context,
): Promise<SignIn> {
  const { terminal, talk, surroundings } = context;
  if (browser && terminal.elsewhere === undefined) {
    return setup(
      { ...options, onPage: (url) => talk(`Set up your app in the browser, at this address:\n\n${url}\n`) },
      surroundings,
    );
  }
  if (!terminal.canAsk) {
    throw new AuthError('NOT_CONFIGURED', 'There is neither a screen for the setup page nor a terminal to ask in.', {
      hint: 'Give the client id as FITBIT_CLIENT_ID or `--client-id`, and its secret with `--client-secret-file`.',
    });
  }
  await checkStore(defined({ profile: options.profile, signal: context.signal }), surroundings);
  const registration = await askForRegistration(SETUP_PROVIDERS, context);
  using line = new WaitingLine(context, { browser: false });
  return await login({ ...options, ...registration, ...line.signInOptions }, surroundings);
}
